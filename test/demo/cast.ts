/**
 * Who plays: the segment's machines, three pods with a sidecar each, their control plane, and the observers. Its verbs
 * are what the story does to them. Decides nothing about order and time, and shows nothing.
 */
import type { Namespace } from "../bed/namespace.ts";
import { ArpSampler, Connector } from "../bed/observers.ts";
import { Pod } from "../bed/pod.ts";
import { podName } from "../bed/release.ts";
import { Segment } from "../bed/segment.ts";
import { SidecarProcess } from "../bed/sidecar-process.ts";
import { monotonicMs } from "../bed/wait.ts";
import { Chronicle } from "./chronicle.ts";
import type { ControlPlane } from "./control-plane.ts";
import { EmbeddedApi } from "./embedded-api.ts";
import type { Records } from "./outcome.ts";
import { RealControlPlane } from "./real-control-plane.ts";
import { TIMING } from "./timing.ts";

export type ApiKind = "embedded" | "real";

const REPLICAS = 3;
/** Half as often as the bed's tests: the demo shares its cores with its own picture and, often, with much else. */
const CONNECT_EVERY_MS = 10;
/** What an operator who edits the Lease might write there. */
const FOREIGN_HOLDER = "somebody-else";

interface Replica {
  pod: Pod;
  sidecar: SidecarProcess | undefined;
  /** Lines of `sidecar` that the chronicle has. */
  told: number;
}

export interface Observers {
  readonly arp: ArpSampler;
  readonly worker: Connector;
  readonly client: Connector;
}

export class Cast {
  readonly observers: Observers;
  readonly chronicle = new Chronicle();
  readonly #segment: Segment;
  readonly #controlPlane: ControlPlane;
  readonly #replicas: readonly Replica[];

  private constructor(segment: Segment, pods: readonly Pod[], controlPlane: ControlPlane, observers: Observers) {
    this.#segment = segment;
    this.#controlPlane = controlPlane;
    this.#replicas = pods.map((pod) => ({ pod, sidecar: undefined, told: 0 }));
    this.observers = observers;
  }

  /** Everything but the sidecars, which are the story's. `say` hears of what takes a while. */
  static async assemble(api: ApiKind, say: (line: string) => void): Promise<Cast> {
    say("making namespaces: three pods, a worker, a gateway and a client behind it");
    const segment = await Segment.create();
    const names = Array.from({ length: REPLICAS }, (_, ordinal) => podName(ordinal));
    const pods = await Promise.all(names.map((name) => Pod.create(segment, { name, net1: "any" })));
    say(
      api === "real"
        ? "starting a kube-apiserver and an etcd member in every pod (not counted into the story's time)"
        : "starting the embedded Lease API and its listeners in every pod",
    );
    const controlPlane = await (api === "real" ? RealControlPlane.start(segment, pods) : EmbeddedApi.start(pods));
    return new Cast(segment, pods, controlPlane, await observe(segment.worker, segment.client, segment));
  }

  /** The pods as they are now: name, MAC address of net1 (undefined: the pod is lost), whether the sidecar runs. */
  get replicas(): readonly { readonly name: string; readonly mac: string | undefined; readonly runs: boolean }[] {
    return this.#replicas.map(({ pod, sidecar }) => ({
      name: pod.name,
      mac: pod.attachment?.mac,
      runs: sidecar?.process.running ?? false,
    }));
  }

  startSidecars(): void {
    for (const replica of this.#replicas) this.#startSidecar(replica);
  }

  /** SIGTERM for the holder's sidecar; when it has ended it is started again, as the kubelet would. */
  async stopHolder(): Promise<void> {
    const holder = this.#holder();
    await holder.sidecar?.stop();
    this.readLogs();
    this.#startSidecar(holder);
  }

  /** SIGKILL for every process of the holder's pod at once, then its links and its namespace go. */
  async loseHolder(): Promise<void> {
    const holder = this.#holder();
    this.chronicle.lost(holder.pod.name, monotonicMs());
    await holder.pod.close();
  }

  /** The StatefulSet makes the lost pod again: its old name, a new namespace, address and MAC. */
  async bringBack(): Promise<void> {
    const lost = this.#replicas.filter(({ pod }) => pod.attachment === undefined);
    await Promise.all(
      lost.map(async (replica) => {
        replica.pod = await Pod.create(this.#segment, { name: replica.pod.name, net1: "any" });
        const joined = this.#controlPlane.rejoin(replica.pod);
        this.#startSidecar(replica);
        await joined;
      }),
    );
  }

  /** An operator edits the Lease. */
  writeForeignHolder(): Promise<void> {
    return this.#controlPlane.writeHolder(FOREIGN_HOLDER);
  }

  /** Hands the sidecars' new log lines to the chronicle, in the order of the time that they carry. */
  readLogs(): void {
    const fresh = this.#replicas.flatMap((replica) => {
      const lines = replica.sidecar?.lines.slice(replica.told) ?? [];
      replica.told += lines.length;
      return lines.map((line) => ({ name: replica.pod.name, line, time: String(line.fields["time"]) }));
    });
    fresh.sort((left, right) => left.time.localeCompare(right.time));
    for (const { name, line } of fresh) this.chronicle.take(name, line);
  }

  /** The ends of the sidecars' logs, for a story that went wrong. */
  diagnose(): string {
    return this.#replicas.map(({ sidecar }) => sidecar?.tail(8) ?? "").join("\n");
  }

  /** All that the observers saw; complete after `stopObservers`. */
  get records(): Records {
    const { arp, worker, client } = this.observers;
    return { arp: arp.runs, worker: worker.attempts, client: client.attempts };
  }

  async stopObservers(): Promise<void> {
    const { arp, worker, client } = this.observers;
    await Promise.all([arp.stop(), worker.stop(), client.stop()]);
  }

  #holder(): Replica {
    this.readLogs();
    const { holder } = this.chronicle;
    const found = this.#replicas.find(({ pod }) => pod.name === holder);
    if (found === undefined) throw new TypeError(`the Lease names ${holder ?? "nobody"}, which is no replica here`);
    return found;
  }

  #startSidecar(replica: Replica): void {
    const { leaseDuration, renewDeadline, retryPeriod } = TIMING;
    replica.told = 0;
    replica.sidecar = SidecarProcess.start(replica.pod, {
      kubeconfig: this.#controlPlane.kubeconfig(replica.pod),
      flags: [
        ...["--lease-duration-seconds", String(leaseDuration)],
        ...["--renew-deadline-seconds", String(renewDeadline)],
        ...["--retry-period-seconds", String(retryPeriod)],
        // Renewals are told at this level: the picture shows the Lease's age.
        ...["--log-level", "debug"],
      ],
    });
    this.chronicle.started(replica.pod.name, monotonicMs());
  }
}

async function observe(worker: Namespace, client: Namespace, segment: Segment): Promise<Observers> {
  const [arp, fromWorker, fromClient] = await Promise.all([
    ArpSampler.start(segment),
    Connector.start(worker, { periodMs: CONNECT_EVERY_MS }),
    Connector.start(client, { periodMs: CONNECT_EVERY_MS }),
  ]);
  return { arp, worker: fromWorker, client: fromClient };
}
