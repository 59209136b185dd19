/** Joins two connections into one, byte by byte. Ends no TLS and reads nothing. */
import type { Socket } from "node:net";

/** Bytes go both ways; one half gone, by whatever error, is both gone. A TCP client is reset where the target refuses. */
export function splice(client: Socket, target: Socket): void {
  client.pipe(target);
  target.pipe(client);
  client.on("error", () => target.destroy());
  // Of a unix socket there is nothing to reset: Node throws.
  const isTcp = client.remoteFamily !== undefined;
  target.on("error", () => (isTcp ? client.resetAndDestroy() : client.destroy()));
  client.on("close", () => target.destroy());
  target.on("close", () => client.destroy());
}
