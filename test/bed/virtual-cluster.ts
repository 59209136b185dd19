/**
 * The whole bed in one: the page's segment, the pods, a real control plane in each and a sidecar beside it, with the
 * ARP sampler always watching. What a suite does with it is the suite's matter.
 */
import { changesOfHolder, type LeaseWrite, leaseHistory } from "./lease-history.ts";
import { ArpSampler } from "./observers.ts";
import { Pod } from "./pod.ts";
import { RealApi } from "./real-api.ts";
import { podName } from "./release.ts";
import { Segment } from "./segment.ts";
import { type Launch, type SidecarOptions, SidecarProcess } from "./sidecar-process.ts";
import { waitFor } from "./wait.ts";

export interface VirtualClusterOptions {
  /** Default 3. */
  readonly replicas?: number;
  /** For every sidecar that is started: settings, as environment. */
  readonly env?: Readonly<Record<string, string | undefined>>;
  /** Default vcluster-kube-vip. */
  readonly leaseName?: string;
  /** For every sidecar that is started: a bundled file in the place of the shipped one. */
  readonly program?: string;
  /** For every sidecar that is started: how. Default: as a process. */
  readonly launch?: Launch;
  /** Between two probes of the ARP sampler. Default 2. */
  readonly samplePeriodMs?: number;
}

/** 5/3/1 instead of the default 15/10/2: the same rules, three times as fast. */
export const FAST_LEASE = {
  VCLUSTER_KUBE_VIP_LEASE_DURATION_SECONDS: "5",
  VCLUSTER_KUBE_VIP_RENEW_DEADLINE_SECONDS: "3",
  VCLUSTER_KUBE_VIP_RETRY_PERIOD_SECONDS: "1",
} as const;

export class VirtualCluster {
  readonly segment: Segment;
  readonly api: RealApi;
  readonly sampler: ArpSampler;
  readonly leaseName: string;
  readonly #pods: Map<string, Pod>;
  readonly #sidecars = new Map<string, SidecarProcess>();
  readonly #env: VirtualClusterOptions["env"];
  readonly #program: Pick<SidecarOptions, "program" | "launch">;

  private constructor(
    parts: {
      readonly segment: Segment;
      readonly pods: readonly Pod[];
      readonly api: RealApi;
      readonly sampler: ArpSampler;
    },
    options: VirtualClusterOptions,
  ) {
    this.segment = parts.segment;
    this.api = parts.api;
    this.sampler = parts.sampler;
    this.leaseName = options.leaseName ?? "vcluster-kube-vip";
    this.#pods = new Map(parts.pods.map((pod) => [pod.name, pod]));
    this.#env = options.env;
    const { program, launch } = options;
    this.#program = { ...(program === undefined ? {} : { program }), ...(launch === undefined ? {} : { launch }) };
  }

  /** Everything but the sidecars. The host's pod network is 10.64: the page's pod CIDR overlaps it. */
  static async start(options: VirtualClusterOptions = {}): Promise<VirtualCluster> {
    const cluster = await VirtualCluster.prepare(options);
    await cluster.api.start();
    return cluster;
  }

  /** As `start`, but before a first boot: the pods are there, and nothing of the control plane. */
  static async prepare(options: VirtualClusterOptions = {}): Promise<VirtualCluster> {
    const segment = await Segment.create({ podNetwork: "10.64" });
    const names = Array.from({ length: options.replicas ?? 3 }, (_, ordinal) => podName(ordinal));
    const pods = await Promise.all(names.map((name) => Pod.create(segment, { name })));
    const api = RealApi.prepare(segment, pods);
    return new VirtualCluster(
      { segment, pods, api, sampler: await ArpSampler.start(segment, options.samplePeriodMs) },
      options,
    );
  }

  get pods(): readonly Pod[] {
    return [...this.#pods.values()];
  }

  /** Of running and ended processes, the newest of each pod. */
  get sidecars(): readonly SidecarProcess[] {
    return [...this.#sidecars.values()];
  }

  sidecar(pod: Pod): SidecarProcess {
    const found = this.#sidecars.get(pod.name);
    if (found === undefined) throw new TypeError(`no sidecar was started in ${pod.name}`);
    return found;
  }

  startSidecar(pod: Pod, options: Partial<SidecarOptions> = {}): SidecarProcess {
    const { kubeconfig } = this.api.replica(pod.name);
    const env = { ...this.#env, ...options.env };
    const sidecar = SidecarProcess.start(pod, { kubeconfig, ...this.#program, ...options, env });
    this.#sidecars.set(pod.name, sidecar);
    return sidecar;
  }

  /** A sidecar in every pod, and one of them serves: on a first boot that costs a lease duration. */
  async startSidecars(withinMs = 30_000): Promise<SidecarProcess> {
    for (const pod of this.pods) this.startSidecar(pod);
    const holder = await this.holder(withinMs);
    await Promise.all(this.pods.map((pod) => this.ready(pod)));
    return holder;
  }

  /** The sidecar whose MAC address, and no other, answers for the VIP now. */
  holder(withinMs = 5_000): Promise<SidecarProcess> {
    return waitFor("one replica answers for the VIP", () => this.#answering(), {
      withinMs,
      everyMs: 10,
      diagnose: () => this.sidecars.map((sidecar) => sidecar.tail(8)).join("\n"),
    });
  }

  standbys(holder: SidecarProcess): readonly SidecarProcess[] {
    return this.sidecars.filter((sidecar) => sidecar !== holder);
  }

  /** Resolves when this pod's sidecar could take the VIP over. */
  async ready(pod: Pod, withinMs = 15_000): Promise<void> {
    const curl = ["curl", "--silent", "--fail", "http://127.0.0.1:2112/readyz"];
    await waitFor(
      `${pod.name}: the sidecar is ready`,
      async () => ((await pod.namespace.attempt(curl)).status === 0 ? true : undefined),
      { withinMs, everyMs: 50, diagnose: () => this.sidecar(pod).tail() },
    );
  }

  /** /status of this pod's sidecar. */
  async status(pod: Pod): Promise<Readonly<Record<string, unknown>>> {
    const body = await pod.namespace.exec(["curl", "--silent", "http://127.0.0.1:2112/status"]);
    return JSON.parse(body) as Record<string, unknown>;
  }

  /** What the API servers wrote down about the Lease. */
  history(): readonly LeaseWrite[] {
    return leaseHistory(
      this.api.replicas.map((replica) => replica.auditLog),
      this.leaseName,
    );
  }

  /** As `history`, but only what named another holder than before, or none. */
  holders(): ReturnType<typeof changesOfHolder> {
    return changesOfHolder(this.history());
  }

  /** The last holder's identity in the history begins so; API servers write it a moment after they have answered. */
  async recorded(prefix: string): Promise<void> {
    const isLast = () => this.holders().at(-1)?.lease.holderIdentity.startsWith(prefix) || undefined;
    await waitFor(`the Lease's history ends with ${prefix}`, isLast, { withinMs: 5_000 });
  }

  /** Stretches in which two MAC addresses answered for the VIP, up to now: there must be none. */
  async heldByTwo(): Promise<ReturnType<ArpSampler["report"]>["intervalsOfTwo"]> {
    await this.sampler.caughtUp();
    return this.sampler.report().intervalsOfTwo;
  }

  kubectl(argv: readonly string[], input?: string): Promise<string> {
    const [replica] = this.api.replicas;
    if (replica === undefined) throw new TypeError("a cluster without replicas");
    return replica.kubectl(argv, input);
  }

  /** Takes the place of the pod of the same name, with net1, MAC address and UID of its own. Starts no sidecar. */
  async recreate(lost: Pod): Promise<Pod> {
    const pod = await Pod.create(this.segment, { name: lost.name });
    this.#pods.set(pod.name, pod);
    await this.api.rejoin(pod).ready();
    return pod;
  }

  async close(): Promise<void> {
    await Promise.all(this.sidecars.map((sidecar) => sidecar.close()));
    await this.sampler.close();
    await this.api.close();
    await Promise.all(this.pods.map((pod) => pod.close()));
    await this.segment.close();
  }

  #answering(): SidecarProcess | undefined {
    const [mac, second] = this.sampler.answering;
    if (mac === undefined || second !== undefined) return undefined;
    return this.sidecars.find(({ pod, process }) => process.running && pod.attachment?.mac === mac);
  }
}
