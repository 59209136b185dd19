/**
 * What is measured: the program as it is shipped, as a process in each of three pods, and the Lease API that they talk
 * to through listeners of their own. Measures nothing.
 */
import type { RequestSeen } from "../packages/sidecar/src/testing/lease-api/faults.ts";
import { Pod } from "../test/bed/pod.ts";
import { podName } from "../test/bed/release.ts";
import { Segment } from "../test/bed/segment.ts";
import { SidecarProcess } from "../test/bed/sidecar-process.ts";
import { monotonicMs, waitFor } from "../test/bed/wait.ts";
import { EmbeddedApi } from "../test/demo/embedded-api.ts";

const REPLICAS = 3;
/** A first boot takes one lease duration (15 s), a takeover milliseconds. */
const SETTLED_WITHIN_MS = 30_000;

/** A request as the API server received it. */
export interface Arrival extends RequestSeen {
  readonly atMs: number;
}

export class Sidecars {
  readonly pods: readonly Pod[];
  /** Of the API server, in order, health checks too. */
  readonly arrivals: readonly Arrival[];
  readonly #api: EmbeddedApi;
  readonly #running = new Map<Pod, SidecarProcess>();

  private constructor(pods: readonly Pod[], api: EmbeddedApi, arrivals: readonly Arrival[]) {
    this.pods = pods;
    this.#api = api;
    this.arrivals = arrivals;
  }

  static async prepare(): Promise<Sidecars> {
    const segment = await Segment.create();
    const names = Array.from({ length: REPLICAS }, (_, ordinal) => podName(ordinal));
    const pods = await Promise.all(names.map((name) => Pod.create(segment, { name, net1: "any" })));
    const arrivals: Arrival[] = [];
    const api = await EmbeddedApi.start(pods, (seen) => arrivals.push({ ...seen, atMs: monotonicMs() }));
    return new Sidecars(pods, api, arrivals);
  }

  /** With the page's configuration and no setting more: 15/10/2. */
  start(pod: Pod): SidecarProcess {
    const sidecar = SidecarProcess.start(pod, { kubeconfig: this.#api.kubeconfig() });
    this.#running.set(pod, sidecar);
    return sidecar;
  }

  /** As the kubelet ends it; the others are then all there are. */
  async stop(sidecar: SidecarProcess): Promise<void> {
    await sidecar.stop();
    this.#running.delete(sidecar.pod);
  }

  startAll(): void {
    for (const pod of this.pods) this.start(pod);
  }

  /** The processes of the holder and of the others; resolves when there is one holder and everybody else waits. */
  settled(): Promise<{ readonly holder: SidecarProcess; readonly standbys: readonly SidecarProcess[] }> {
    return waitFor(
      "one replica holds and the others stand by",
      () => {
        const all = [...this.#running.values()];
        const [holder, second] = all.filter((sidecar) => roleOf(sidecar) === "holding");
        const standbys = all.filter((sidecar) => roleOf(sidecar) === "waiting");
        const isSettled = holder !== undefined && second === undefined && standbys.length === all.length - 1;
        return isSettled ? { holder, standbys } : undefined;
      },
      { withinMs: SETTLED_WITHIN_MS, diagnose: () => [...this.#running.values()].map((one) => one.tail(5)).join("\n") },
    );
  }
}

/** True for what counts as a Lease request. */
export function isOfLeases({ path }: RequestSeen): boolean {
  return path.includes("/leases");
}

/** As of its log; undefined: it has not seen the Lease yet. */
function roleOf({ lines }: SidecarProcess): unknown {
  const role = lines.findLast(({ event, fields }) => event === "transition" && fields["machine"] === "election");
  // A process begins as a candidate, which is no transition.
  return role?.fields["to"] ?? (lines.some(({ event }) => event === "holder-changed") ? "waiting" : undefined);
}
