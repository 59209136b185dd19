/**
 * The Lease API of all virtual clusters of the growth, in a process of its own so that its CPU and memory are nobody
 * else's: `node api-process.ts FOLDER`. Listens on FOLDER/api.sock, writes FOLDER/admin.conf, and prints every second how
 * many requests have come in all, as RequestCounts.
 */
import { writeFileSync } from "node:fs";
import { connect, createServer } from "node:net";
import { join } from "node:path";
import { createCertificateAuthority, kubeconfig } from "../../packages/sidecar/src/testing/lease-api/certificates.ts";
import { LeaseApi } from "../../packages/sidecar/src/testing/lease-api/lease-api.ts";
import { LeaseStore } from "../../packages/sidecar/src/testing/lease-store.ts";
import { splice } from "../../test/demo/splice.ts";
import { isOfLeases } from "../sidecars.ts";

export interface RequestCounts {
  readonly ofLeases: number;
  readonly others: number;
}

const [folder = ""] = process.argv.slice(2);
let [ofLeases, others] = [0, 0];

const authority = await createCertificateAuthority();
const [server, admin] = await Promise.all([authority.server(), authority.client("kubernetes-super-admin")]);
writeFileSync(join(folder, "admin.conf"), kubeconfig("https://127.0.0.1:6443", authority, admin), { mode: 0o600 });
const api = new LeaseApi({
  store: new LeaseStore(),
  tls: { server, clientCa: authority.certificate },
  onRequest: (seen) => {
    if (isOfLeases(seen)) ofLeases += 1;
    else others += 1;
  },
});
const port = Number(new URL(await api.listen()).port);
const door = createServer({ noDelay: true }, (pod) => splice(pod, connect({ port, host: "127.0.0.1", noDelay: true })));
await new Promise<void>((resolve, reject) =>
  door.once("error", reject).listen(join(folder, "api.sock"), 4_096, resolve),
);
setInterval(() => {
  // The API's own list of requests would grow without end.
  api.requests.length = 0;
  process.stdout.write(`${JSON.stringify({ ofLeases, others } satisfies RequestCounts)}\n`);
}, 1_000);
