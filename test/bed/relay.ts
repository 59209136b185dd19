/**
 * A pod's 8443 listener, started as a process of its own: `node relay.ts LISTEN_PORT TARGET_PORT`. It stands where
 * vCluster's proxy stands and, unlike it, ends no TLS: bytes go to 127.0.0.1:TARGET_PORT and back. A connection that
 * the target refuses is reset.
 */
import { connect, createServer, type Socket } from "node:net";
import { LISTENER_SOURCE } from "./release.ts";

const [listenPort, targetPort] = process.argv.slice(2).map(Number);
if (listenPort === undefined || targetPort === undefined)
  throw new TypeError("usage: relay.ts LISTEN_PORT TARGET_PORT");

const server = createServer({ noDelay: true }, (client) => {
  // A source address of its own: a fault that cuts the sidecar from the API leaves the VIP's clients alone.
  const target = connect({ host: "127.0.0.1", localAddress: LISTENER_SOURCE, port: targetPort, noDelay: true });
  client.pipe(target);
  target.pipe(client);
  // One half gone, by whatever error, is both gone; a reset leaves no TIME_WAIT on a port of that source address.
  client.on("error", () => reset(target));
  target.on("error", () => reset(client));
  client.on("close", () => target.destroy());
  target.on("close", () => client.destroy());
});

/** While its own end is on its way, libuv refuses the reset, and Node then keeps the descriptor for ever. */
function reset(socket: Socket): void {
  if (socket.writableEnded) socket.destroy();
  else socket.resetAndDestroy();
}

server.listen({ host: "0.0.0.0", port: listenPort, backlog: 511 });
// vCluster's process ends at once on SIGTERM, before its listener is asked.
process.on("SIGTERM", () => process.exit(0));
