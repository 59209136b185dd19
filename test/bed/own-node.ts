/**
 * Replicas as on nodes of their own: three of them share this machine's cores with their clients and with whatever else
 * runs there. From here on what takes part in a move does not queue behind that, and queues only behind the observers.
 * Where that is not allowed it queues as before.
 */
import type { ApiReplica } from "./api-replica.ts";
import { attempt } from "./command.ts";
import type { BedProcess } from "./process.ts";
import type { SidecarProcess } from "./sidecar-process.ts";

/** Below the observers' 10, and in turns as they are (oracle.ts). */
const PRIORITY = 5;

export async function asOnNodeOfItsOwn(sidecar: SidecarProcess, api: ApiReplica): Promise<void> {
  const parts = (["etcd", "kube-apiserver", "listener"] as const).map((part) => api.process(part));
  await Promise.all([sidecar.process, ...parts].map(prefer));
}

/** Threads that it starts later inherit it. */
async function prefer({ pid }: BedProcess): Promise<void> {
  await attempt(["chrt", "--rr", "--all-tasks", "--pid", String(PRIORITY), String(pid)]);
}
