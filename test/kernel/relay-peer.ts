/**
 * One end of a connection, in a namespace of its own. "serve NAME PORT BYTES": answers so many bytes with its name.
 * "connect HOST PORT BYTES": connects, says "connected", sends its request only at SIGUSR2, and says what came of it, as
 * one JSON line: an answer, or how the connection ended.
 */
import { connect, createServer, type Socket } from "node:net";
import { fileURLToPath } from "node:url";

export const RELAY_PEER = fileURLToPath(import.meta.url);

export type PeerLine = "listening" | "connected" | { readonly answeredBy: string } | { readonly lostBy: string };

/** Answers `requestBytes` bytes with `name`; of what it is served, nothing is lost silently. */
export function serve(socket: Socket, name: string, requestBytes: number): void {
  let missing = requestBytes;
  socket.on("error", () => undefined);
  socket.on("data", (chunk) => {
    missing -= chunk.length;
    if (missing === 0) socket.write(name);
  });
}

function say(line: PeerLine): void {
  process.stdout.write(`${JSON.stringify(line)}\n`);
}

function main([role, ...rest]: readonly string[]): void {
  if (role === "serve") {
    const [name = "", port, requestBytes] = rest;
    createServer((socket) => serve(socket, name, Number(requestBytes))).listen(Number(port), "::", () =>
      say("listening"),
    );
    return;
  }
  const [host = "", port, requestBytes] = rest;
  const socket = connect({ host, port: Number(port), noDelay: true });
  process.on("SIGUSR2", () => socket.write(Buffer.alloc(Number(requestBytes), "x")));
  socket.on("connect", () => say("connected"));
  socket.on("data", (chunk) => say({ answeredBy: chunk.toString() }));
  socket.on("error", (error: NodeJS.ErrnoException) => say({ lostBy: error.code ?? error.message }));
}

if (process.argv[1] === RELAY_PEER) main(process.argv.slice(2));
