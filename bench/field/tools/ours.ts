/** vcluster-kube-vip as it is shipped: the bundle, as the overlay's container runs it. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { SidecarProcess } from "../../../test/bed/sidecar-process.ts";
import { FAST_LEASE } from "../../../test/bed/virtual-cluster.ts";
import { contestantOf, type Replica, type Tool } from "../tool.ts";

/** One move a run is more than a fabric would forgive (four in three minutes): here there is no fabric. */
const EVERY_MOVE = { VCLUSTER_KUBE_VIP_MOVES_MAX: "100" } as const;
const ROOT = join(import.meta.dirname, "../../..");

export const OURS: Tool = {
  id: "ours",
  name: "vcluster-kube-vip",
  configuration:
    "the page's block and no setting more: lease 15/10/2 s (and `movesMax: 100`, for as many runs in a row)",
  watchMs: 30_000,
  settlesInMs: 0,
  obstacle: () => undefined,
  version,
  start: (replica) => start(replica, EVERY_MOVE),
};

export const OURS_FAST: Tool = {
  ...OURS,
  id: "ours-5-3-1",
  name: "vcluster-kube-vip 5/3/1",
  configuration: "as above, lease 5/3/1 s",
  watchMs: 15_000,
  start: (replica) => start(replica, { ...EVERY_MOVE, ...FAST_LEASE }),
};

function start({ pod, kubeconfig }: Replica, env: Readonly<Record<string, string>>) {
  const sidecar = SidecarProcess.start(pod, { kubeconfig, env });
  const ready = async (): Promise<boolean> => {
    const curl = ["curl", "--silent", "--fail", "http://127.0.0.1:2112/readyz"];
    return (await pod.namespace.attempt(curl)).status === 0;
  };
  const contestant = contestantOf(sidecar.process, () => [sidecar.process.pid], ready);
  return Promise.resolve({
    ...contestant,
    get pids() {
      return contestant.pids;
    },
    tail: () => sidecar.tail(),
  });
}

function version(): string {
  const { version } = JSON.parse(readFileSync(join(ROOT, "packages/sidecar/package.json"), "utf8")) as {
    version?: string;
  };
  return version ?? "unknown";
}
