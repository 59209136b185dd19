/** Joins two connections into one, byte by byte. Ends no TLS and reads nothing. */
import type { Socket } from "node:net";

/** Bytes go both ways; one half gone, by whatever error, is both gone. The client is reset where the target refuses. */
export function splice(client: Socket, target: Socket): void {
  client.pipe(target);
  target.pipe(client);
  client.on("error", () => target.destroy());
  target.on("error", () => client.resetAndDestroy());
  client.on("close", () => target.destroy());
  target.on("close", () => client.destroy());
}
