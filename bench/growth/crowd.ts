/** Many virtual clusters on one segment: each has three pods, a VIP, a Lease and a name of its own in DNS. */
import { mkdtempSync, readFileSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { bundle, V8_FLAGS } from "../../packages/sidecar/build.ts";
import { ClusterDns } from "../../test/bed/cluster-dns.ts";
import { Pod } from "../../test/bed/pod.ts";
import { BedProcess } from "../../test/bed/process.ts";
import { PAGE, Segment } from "../../test/bed/segment.ts";
import { PAGE_FILE, SidecarProcess } from "../../test/bed/sidecar-process.ts";
import { waitFor } from "../../test/bed/wait.ts";
import type { RequestCounts } from "./api-process.ts";

const REPLICAS = 3;
const POD_LISTENERS = join(import.meta.dirname, "../../test/demo/pod-listeners.ts");
const API_PROCESS = join(import.meta.dirname, "api-process.ts");
const READY_WITHIN_MS = 60_000;
/** A first boot takes one lease duration; 150 of them share the cores. */
const HELD_WITHIN_MS = 240_000;

export class Crowd {
  readonly segment: Segment;
  readonly sidecars: SidecarProcess[] = [];
  readonly #folder: string;
  readonly #dns = new ClusterDns();
  #counts: RequestCounts | undefined;
  #clusters = 0;

  private constructor(segment: Segment, folder: string) {
    this.segment = segment;
    this.#folder = folder;
  }

  static async start(): Promise<Crowd> {
    const folder = mkdtempSync(join(tmpdir(), "growth-"));
    // Bundled: with the flags that keep the sidecar small Node does not strip types.
    await bundle(POD_LISTENERS, join(folder, "listeners.mjs"));
    const crowd = new Crowd(await Segment.create(), folder);
    const api = BedProcess.start([process.execPath, API_PROCESS, folder], {
      name: "growth-api",
      onLine: (line) => {
        crowd.#counts = JSON.parse(line) as RequestCounts;
      },
    });
    const bound = { withinMs: READY_WITHIN_MS, diagnose: () => api.tail() };
    await waitFor("the Lease API counts", () => crowd.#counts, bound);
    return crowd;
  }

  /** Since the start, at most a second old. */
  get requests(): RequestCounts {
    return this.#counts ?? { ofLeases: 0, others: 0 };
  }

  get clusters(): number {
    return this.#clusters;
  }

  /** Clusters with exactly one sidecar that says it holds. */
  get held(): number {
    const holders = new Set(this.sidecars.filter(isHolding).map(({ pod }) => clusterOf(pod.name)));
    return this.sidecars.filter(isHolding).length === holders.size ? holders.size : -1;
  }

  /** Adds clusters until there are so many, and waits until each is held. */
  async growTo(clusters: number): Promise<void> {
    while (this.#clusters < clusters) await this.#addCluster();
    await waitFor(`${clusters} clusters are held`, () => this.held === clusters || undefined, {
      withinMs: HELD_WITHIN_MS,
      everyMs: 500,
      diagnose: () => this.sidecars.find((sidecar) => !isHolding(sidecar))?.tail() ?? "",
    });
  }

  async #addCluster(): Promise<void> {
    const number = this.#clusters;
    const pods = await Promise.all(
      Array.from({ length: REPLICAS }, (_, ordinal) =>
        Pod.create(this.segment, { name: `vc${number}-${ordinal}`, net1: "any" }),
      ),
    );
    const peersHost = `vc${number}-headless`;
    this.#dns.set(
      peersHost,
      pods.map(({ address }) => address),
    );
    await Promise.all(pods.map((pod) => this.#listenIn(pod)));
    const configFile = this.#configFile(number);
    const env = { VCLUSTER_KUBE_VIP_LEASE_NAME: `vc${number}`, VCLUSTER_KUBE_VIP_PEERS_HOST: peersHost };
    const kubeconfig = join(this.#folder, "admin.conf");
    for (const pod of pods) this.sidecars.push(SidecarProcess.start(pod, { kubeconfig, configFile, env }));
    this.#clusters += 1;
  }

  /** The page's block with the next VIP. */
  #configFile(number: number): string {
    const file = join(this.#folder, `vc${number}.yaml`);
    const vip = `10.100.0.${100 + number}`;
    writeFileSync(file, readFileSync(PAGE_FILE, "utf8").replace(PAGE.endpoint, `${vip}:${PAGE.port}`));
    return file;
  }

  async #listenIn(pod: Pod): Promise<void> {
    let ready = false;
    // With the sidecar's own flags: 150 of them share this machine with what is measured.
    const argv = [process.execPath, ...V8_FLAGS, join(this.#folder, "listeners.mjs"), join(this.#folder, "api.sock")];
    const listeners = pod.namespace.spawn(argv, {
      name: `${pod.name}-listeners`,
      onLine: () => {
        ready = true;
      },
    });
    const bound = { withinMs: READY_WITHIN_MS, diagnose: () => listeners.tail() };
    await waitFor(`${pod.name} listens`, () => ready || undefined, bound);
  }
}

/** As of its log. */
function isHolding({ lines }: SidecarProcess): boolean {
  const last = lines.findLast(({ event, fields }) => event === "transition" && fields["machine"] === "election");
  return last?.fields["to"] === "holding";
}

function clusterOf(podName: string): string {
  return podName.slice(0, podName.lastIndexOf("-"));
}
