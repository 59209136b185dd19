/** A machine of its own on the segment: eth0 with an address, /etc/kubernetes in a folder, static pods. Runs no kubelet. */
import { mkdirSync, mkdtempSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Namespace } from "./namespace.ts";
import type { BedProcess } from "./process.ts";
import type { Segment } from "./segment.ts";
import { type Machine, startStaticPod } from "./static-pod.ts";

export class BareHost implements Machine {
  readonly name: string;
  readonly address: string;
  readonly mac: string;
  readonly namespace: Namespace;
  readonly root: string;
  readonly #segment: Segment;
  readonly #running = new Map<string, BedProcess>();
  #isOff = false;

  private constructor(segment: Segment, namespace: Namespace, number: number) {
    this.#segment = segment;
    this.namespace = namespace;
    this.name = namespace.name;
    this.address = `10.100.0.${10 + number}`;
    this.mac = `02:00:00:00:cc:0${number}`;
    this.root = mkdtempSync(join(tmpdir(), `${this.name}-`));
    mkdirSync(join(this.root, "etc/kubernetes/manifests"), { recursive: true });
  }

  /** @param number 1 to 9 */
  static async create(segment: Segment, number: number): Promise<BareHost> {
    const host = new BareHost(segment, await Namespace.add(`cp${number}`), number);
    await segment.host.ip(
      [
        `link add ${host.#port} type veth peer name eth0 address ${host.mac} netns ${host.name}`,
        `link set ${host.#port} master br-private up`,
      ].join("\n"),
    );
    await host.namespace.ip(
      [`addr add ${host.address}/24 dev eth0`, "link set eth0 up", "route add default via 10.100.0.1"].join("\n"),
    );
    return host;
  }

  /** In the place of the pod of this name that runs here, which ends first, as the kubelet does it. */
  async run(pod: string, manifest: string, programs: Parameters<typeof startStaticPod>[2]): Promise<BedProcess> {
    await this.#running.get(pod)?.stop("SIGTERM", 15_000);
    const started = startStaticPod(this, manifest, programs);
    this.#running.set(pod, started);
    return started;
  }

  pod(name: string): BedProcess {
    const found = this.#running.get(name);
    if (found === undefined) throw new TypeError(`no pod ${name} was started on ${this.name}`);
    return found;
  }

  /** Its link goes first: nobody is told. */
  async powerOff(): Promise<void> {
    if (this.#isOff) return;
    this.#isOff = true;
    await this.#segment.host.ip(`link del ${this.#port}`);
    await this.namespace.delete();
  }

  diagnose(): string {
    return [...this.#running.values()].map((process) => process.tail(8)).join("\n");
  }

  get #port(): string {
    return `veth-${this.name}`;
  }
}
