/**
 * A way to the API server that becomes slow, started as a process of its own: `node slow-relay.ts LISTEN_PORT
 * TARGET_PORT`. Requests pass at once; from SIGUSR2 on each piece of an answer takes 2 to 5 s, until the next SIGUSR2.
 */
import { connect, createServer, type Socket } from "node:net";

const SLOW_MS = { shortest: 2000, spread: 3000 };

const [listenPort, targetPort] = process.argv.slice(2).map(Number);
if (listenPort === undefined || targetPort === undefined)
  throw new TypeError("usage: slow-relay.ts LISTEN_PORT TARGET_PORT");

let slow = false;
process.on("SIGUSR2", () => {
  slow = !slow;
});

/** In order: a piece that was drawn a shorter wait does not pass the one before it. */
function answerThrough(client: Socket): (piece: Buffer) => void {
  let sentAtMs = 0;
  return (piece) => {
    const waitMs = slow ? SLOW_MS.shortest + Math.random() * SLOW_MS.spread : 0;
    sentAtMs = Math.max(sentAtMs, performance.now() + waitMs);
    const leftMs = sentAtMs - performance.now();
    if (leftMs <= 0) client.write(piece);
    else setTimeout(() => client.write(piece), leftMs);
  };
}

const server = createServer({ noDelay: true }, (client) => {
  const target = connect({ host: "127.0.0.1", port: targetPort, noDelay: true });
  client.pipe(target);
  target.on("data", answerThrough(client));
  client.on("error", () => target.destroy());
  target.on("error", () => client.resetAndDestroy());
  client.on("close", () => target.destroy());
  target.on("close", () => client.destroy());
});
server.listen({ host: "127.0.0.1", port: listenPort });
