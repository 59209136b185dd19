/** When the VIP was an address of a pod, by the kernel's own events (`ip monitor`). Whether it answered is not said. */
import type { Pod } from "../pod.ts";
import type { BedProcess } from "../process.ts";
import { PAGE } from "../segment.ts";
import { monotonicMs, wallMsAt } from "../wait.ts";
import type { Interval } from "./sides.ts";

/** [2026-01-02T03:04:05.678901] [Deleted] 3: net1    inet 10.100.0.100/32 … */
const EVENT = /^\[(\S+)\] (Deleted )?\d+: \S+\s+inet (\S+)\/\d+/;

export class AddressMonitor {
  readonly pod: Pod;
  readonly #process: BedProcess;
  readonly #had: Interval[] = [];
  readonly #wallMsAtZero = wallMsAt(0);
  #sinceMs: number | undefined;

  private constructor(pod: Pod) {
    this.pod = pod;
    const argv = ["ip", "-tshort", "-oneline", "monitor", "address"];
    this.#process = pod.namespace.spawn(argv, {
      name: `${pod.name}-addresses`,
      env: { ...process.env, TZ: "UTC" },
      onLine: (line) => this.#take(line),
    });
    void this.#process.exited.then(() => this.#lost(monotonicMs()));
  }

  static async start(pod: Pod): Promise<AddressMonitor> {
    const monitor = new AddressMonitor(pod);
    const now = await pod.namespace.exec(["ip", "-oneline", "addr", "show", "to", PAGE.vip]);
    if (now !== "") monitor.#sinceMs ??= monotonicMs();
    return monitor;
  }

  /** Until now. */
  get had(): readonly Interval[] {
    const open =
      this.#sinceMs === undefined ? [] : [{ macs: [this.pod.uid], fromMs: this.#sinceMs, toMs: monotonicMs() }];
    return [...this.#had, ...open];
  }

  forget(): void {
    this.#had.length = 0;
  }

  close(): Promise<void> {
    return this.#process.close();
  }

  #take(line: string): void {
    const [, time, deleted, address] = EVENT.exec(line) ?? [];
    if (time === undefined || address !== PAGE.vip) return;
    const atMs = Date.parse(`${time}Z`) - this.#wallMsAtZero;
    if (deleted === undefined) this.#sinceMs ??= atMs;
    else this.#lost(atMs);
  }

  #lost(atMs: number): void {
    if (this.#sinceMs !== undefined) this.#had.push({ macs: [this.pod.uid], fromMs: this.#sinceMs, toMs: atMs });
    this.#sinceMs = undefined;
  }
}
