/** The bed on which faults are run: the cluster with sidecars of the faulty kind, the island, and all observers. */
import { Island } from "../island.ts";
import { Watch, type WatchOptions } from "../oracles/watch.ts";
import type { SidecarProcess } from "../sidecar-process.ts";
import { FAST_LEASE, VirtualCluster, type VirtualClusterOptions } from "../virtual-cluster.ts";
import { monotonicMs, waitFor } from "../wait.ts";
import { FaultyProgram } from "./faulty-program.ts";

export interface FaultBedOptions extends Omit<VirtualClusterOptions, "program">, WatchOptions {}

export class FaultBed {
  readonly cluster: VirtualCluster;
  readonly island: Island;
  readonly program: FaultyProgram;
  readonly watch: Watch;

  private constructor(parts: Pick<FaultBed, "cluster" | "island" | "program" | "watch">) {
    this.cluster = parts.cluster;
    this.island = parts.island;
    this.program = parts.program;
    this.watch = parts.watch;
  }

  /** Resolves when one replica serves, the others are ready, and everything is observed. Default: three, at 5/3/1. */
  static async start(options: FaultBedOptions = {}): Promise<FaultBed> {
    const program = await FaultyProgram.build();
    const env = { ...(options.env ?? FAST_LEASE), ...program.env };
    const cluster = await VirtualCluster.start({ ...options, env, program: program.path });
    const island = await Island.create(cluster.segment);
    const holder = await cluster.startSidecars();
    const watch = await Watch.start(cluster, island, holder.pod, options);
    return new FaultBed({ cluster, island, program, watch });
  }

  /** Resolves with the holder when exactly one replica answers, the worker is served, and all are without fault and ready to take over. */
  settled(withinMs = 30_000): Promise<SidecarProcess> {
    const { cluster, watch } = this;
    return waitFor(
      "one replica serves and all are ready",
      async () => {
        const holder = await cluster.holder(withinMs);
        await Promise.all(cluster.pods.map((pod) => cluster.ready(pod, withinMs)));
        // A fault that is over, and not yet known to be, would move the VIP in the midst of what comes next.
        const pages = await Promise.all(cluster.pods.map((pod) => cluster.status(pod)));
        if (!pages.every(isWithoutFault)) return undefined;
        const askedAtMs = monotonicMs();
        await waitFor("the worker is served", () => watch.servedAfter(askedAtMs), { withinMs });
        return holder.pod.attachment?.mac === cluster.sampler.answering.join() ? holder : undefined;
      },
      { withinMs },
    );
  }

  async close(): Promise<void> {
    await this.watch.close();
    await this.cluster.close();
    await this.island.close();
  }
}

function isWithoutFault({ health }: Readonly<Record<string, unknown>>): boolean {
  return (health as { readonly fault: string | null }).fault === null;
}
