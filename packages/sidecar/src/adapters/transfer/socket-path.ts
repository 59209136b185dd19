/**
 * Where the sidecar is asked to transfer, and by whom it may be: a unix socket in a folder that only its own user can
 * enter, so that the kernel itself refuses everybody else (unix(7): connecting takes write permission). The abstract
 * socket that is the mutex has no permissions, and with hostNetwork every process of the machine could reach it.
 */
import { lstatSync, mkdirSync, statSync } from "node:fs";
import { join } from "node:path";
import { SidecarError } from "../../sidecar-error.ts";

/** Writable in every container, also with a read-only root; in memory, and the pod's own. */
const FOLDER = "/dev/shm/vcluster-kube-vip";

/** As the mutex: one for each network namespace and VIP, since a machine's own /dev/shm is shared by namespaces. */
export function transferSocketPath(vip: string, namespace = "/proc/self/ns/net"): string {
  return join(FOLDER, `${statSync(namespace).ino}-${vip}.sock`);
}

/** Makes the folder, or finds it as we would have made it. @throws SidecarError, or the system's own error */
export function claimFolder(folder: string): void {
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  const { uid, mode } = lstatSync(folder);
  const isOurs = uid === process.getuid?.() && (mode & 0o170000) === 0o040000 && (mode & 0o077) === 0;
  if (isOurs) return;
  throw new SidecarError(
    "TRANSFER_UNAVAILABLE",
    `${folder} is not a folder that only user ${process.getuid?.()} can enter, so nobody is asked there to transfer; remove it`,
  );
}
