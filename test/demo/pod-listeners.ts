/**
 * A pod's API server as its neighbours see it, started as a process in the pod: `node pod-listeners.ts SOCKET`. Listens
 * where kube-apiserver (127.0.0.1:6443) and vCluster's proxy (0.0.0.0:8443) do and hands every connection to the one
 * embedded Lease API behind the Unix socket, which network namespaces do not divide. Killed with its pod.
 */
import { connect, createServer } from "node:net";
import { splice } from "./splice.ts";

const LISTENERS = [
  { host: "127.0.0.1", port: 6443 },
  { host: "0.0.0.0", port: 8443 },
];

const [socketPath] = process.argv.slice(2);
if (socketPath === undefined) throw new TypeError("usage: pod-listeners.ts SOCKET");

for (const address of LISTENERS) {
  const server = createServer({ noDelay: true }, (client) => splice(client, connect(socketPath)));
  await new Promise<void>((resolve) => server.listen({ ...address, backlog: 511 }, resolve));
}
process.stdout.write("ready\n");
