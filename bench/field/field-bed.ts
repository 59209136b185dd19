/**
 * What all tools run on, one after the other: the page's segment, three pods with an API server and an etcd member
 * each, one sampler and one client.
 */
import { isDeepStrictEqual } from "node:util";
import { ArpSampler, Connector } from "../../test/bed/observers.ts";
import type { Pod } from "../../test/bed/pod.ts";
import { RealApi } from "../../test/bed/real-api.ts";
import { Segment } from "../../test/bed/segment.ts";
import { monotonicMs, sleep, waitFor } from "../../test/bed/wait.ts";
import { cleanFieldPod, createFieldPod } from "./field-pod.ts";
import type { Contestant, Tool } from "./tool.ts";

const REPLICAS = 3;
const SETTLED_WITHIN_MS = 60_000;
/** So long must one replica answer, and every connection be served. */
const CALM_MS = 1_000;

interface Started {
  readonly contestant: Contestant;
  readonly atMs: number;
}

export class FieldBed {
  readonly segment: Segment;
  readonly api: RealApi;
  #sampler: ArpSampler | undefined;
  #connector: Connector | undefined;
  readonly #pods: Pod[];
  readonly #started = new Map<number, Started>();
  #tool: Tool | undefined;

  private constructor(segment: Segment, pods: Pod[], api: RealApi) {
    this.segment = segment;
    this.#pods = pods;
    this.api = api;
  }

  /** About 10 s on two quiet cores. */
  static async start(): Promise<FieldBed> {
    const segment = await Segment.create();
    const pods = await Promise.all(Array.from({ length: REPLICAS }, (_, ordinal) => createFieldPod(segment, ordinal)));
    return new FieldBed(segment, pods, await RealApi.start(segment, pods));
  }

  get pods(): readonly Pod[] {
    return this.#pods;
  }

  get sampler(): ArpSampler {
    if (this.#sampler === undefined) throw new TypeError("nobody watches");
    return this.#sampler;
  }

  get connector(): Connector {
    if (this.#connector === undefined) throw new TypeError("nobody watches");
    return this.#connector;
  }

  async watch(): Promise<void> {
    this.#sampler ??= await ArpSampler.start(this.segment);
    // Plain HTTP, which a kube-apiserver refuses by itself: that it is reached costs it no signature.
    this.#connector ??= await Connector.start(this.segment.worker, { greeting: "http" });
  }

  /** Client and sampler are gone: what is on the segment now is the tool's. */
  async unwatch(): Promise<void> {
    await Promise.all([this.#sampler?.close(), this.#connector?.close()]);
    this.#sampler = undefined;
    this.#connector = undefined;
  }

  async enter(tool: Tool): Promise<void> {
    this.#tool = tool;
    for (const ordinal of this.#pods.keys()) await this.startIn(ordinal);
  }

  /** Ends the tool in all pods and takes away what it left: the next one finds a clean bed. */
  async leave(): Promise<void> {
    await Promise.all([...this.#started.values()].map(({ contestant }) => contestant.close()));
    this.#started.clear();
    await Promise.all(this.#pods.map(cleanFieldPod));
    // The Lease of the one is nothing to the other, but an old holder's would make the same tool wait at its next start.
    await this.api.replicas[0]?.kubectl([
      "-n",
      "kube-system",
      "delete",
      "lease",
      "plndr-cp-lock",
      "vcluster-kube-vip",
      "--ignore-not-found",
    ]);
  }

  contestant(ordinal: number): Contestant {
    const found = this.#started.get(ordinal);
    if (found === undefined) throw new TypeError(`no tool was started in pod ${ordinal}`);
    return found.contestant;
  }

  /** As the kubelet starts it: afresh, whatever the one before left behind. */
  async startIn(ordinal: number): Promise<void> {
    const pod = this.#pod(ordinal);
    if (this.#tool === undefined) throw new TypeError("no tool was chosen");
    await this.#started.get(ordinal)?.contestant.close();
    const { kubeconfig } = this.api.replica(pod.name);
    const contestant = await this.#tool.start({ pod, ordinal, kubeconfig });
    this.#started.set(ordinal, { contestant, atMs: monotonicMs() });
  }

  /** The node of this pod is gone: no FIN, no RST. */
  async lose(ordinal: number): Promise<void> {
    const pod = this.#pod(ordinal);
    await pod.lose();
    await this.api.replica(pod.name).close();
  }

  /** The StatefulSet's pod again, with a new net1 and its /data, and the tool in it. */
  async recreate(ordinal: number): Promise<void> {
    const pod = await createFieldPod(this.segment, ordinal);
    this.#pods[ordinal] = pod;
    await this.api.rejoin(pod).ready();
    await this.startIn(ordinal);
  }

  /** The ordinal of the replica that alone answers, when everything has been calm and everybody could take over. */
  async settled(): Promise<number> {
    return waitFor("one replica serves and the others could", () => this.#settled(), {
      withinMs: SETTLED_WITHIN_MS,
      everyMs: 100,
      diagnose: () => [...this.#started.values()].map(({ contestant }) => contestant.tail()).join("\n"),
    });
  }

  async close(): Promise<void> {
    await this.unwatch();
    await this.leave();
    await this.api.close();
  }

  async #settled(): Promise<number | undefined> {
    const settlesInMs = this.#tool?.settlesInMs ?? 0;
    const started = [...this.#started.values()];
    if (started.some(({ atMs }) => monotonicMs() - atMs < settlesInMs)) return undefined;
    const ready = await Promise.all(started.map(({ contestant }) => contestant.ready()));
    if (!ready.every(Boolean)) return undefined;
    const before = this.sampler.answering;
    const fromMs = monotonicMs();
    await sleep(CALM_MS);
    await this.connector.caughtUp();
    const seen = this.sampler.report(fromMs);
    const { tried, lost } = this.connector.report(fromMs, fromMs + CALM_MS);
    const [mac] = before;
    const isCalm =
      before.length === 1 &&
      isDeepStrictEqual(
        seen.answerers.map((one) => one.mac),
        before,
      ) &&
      lost === 0 &&
      tried > 0;
    const ordinal = this.#pods.findIndex((pod) => pod.attachment?.mac === mac);
    return isCalm && ordinal >= 0 ? ordinal : undefined;
  }

  #pod(ordinal: number): Pod {
    const pod = this.#pods[ordinal];
    if (pod === undefined) throw new TypeError(`there is no pod ${ordinal}`);
    return pod;
  }
}
