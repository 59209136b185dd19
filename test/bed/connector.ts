/**
 * Observer process: begins a new TCP connection every 5 ms, sends one fixed TLS ClientHello and waits for the first
 * byte of an answer, as a kubelet or kubectl that starts now would. Tells every outcome, as Attempt[] lines.
 *
 * A ClientHello costs the API server a signature, a fifth of a core at that rate. Plain HTTP, which it refuses by its
 * own words before any cryptography, shows as well that it is reached.
 */
import { connect, type Socket } from "node:net";
import { Duplex } from "node:stream";
import { connect as connectTls } from "node:tls";
import type { Attempt, Outcome } from "./connections.ts";
import { monotonicMs } from "./wait.ts";

export interface ConnectorOptions {
  readonly host: string;
  readonly port: number;
  /** Default 5. */
  readonly periodMs?: number;
  /** Until the first byte. Default 250. */
  readonly timeoutMs?: number;
  /** From being connected to the greeting: a client that computes, or a handshake of several flights. Default 0. */
  readonly hesitatesMs?: number;
  /** What is sent. Default tls. */
  readonly greeting?: "tls" | "http";
}

const REPORT_EVERY_MS = 50;

const options = JSON.parse(process.argv[2] ?? "{}") as ConnectorOptions;
const { host, port, periodMs = 5, timeoutMs = 250, hesitatesMs = 0 } = options;
const hello = options.greeting === "http" ? Buffer.from("GET / HTTP/1.0\r\n\r\n") : await clientHello();
const open = new Set<Socket>();
let finished: Attempt[] = [];

const firstMs = monotonicMs();
let beginning = setTimeout(begin, 0);
const reporting = setInterval(report, REPORT_EVERY_MS);
process.stdout.write('"ready"\n');
process.on("SIGTERM", () => {
  clearTimeout(beginning);
  setTimeout(end, timeoutMs + 20);
});

function begin(): void {
  const startMs = monotonicMs();
  attempt(startMs);
  const nextMs = firstMs + Math.ceil((startMs - firstMs) / periodMs + 0.5) * periodMs;
  beginning = setTimeout(begin, Math.max(0, nextMs - monotonicMs()));
}

function attempt(startMs: number): void {
  const socket = connect({ host, port, noDelay: true });
  open.add(socket);
  const decide = (outcome: Outcome): void => {
    if (!open.delete(socket)) return;
    clearTimeout(patience);
    finished.push({ startMs, outcome, tookMs: monotonicMs() - startMs });
    // A reset leaves no TIME_WAIT behind: 200 connections a second would use up the ports in two minutes. While it
    // still connects, Node puts a reset off.
    if (socket.connecting) socket.destroy();
    else socket.resetAndDestroy();
  };
  const patience = setTimeout(decide, timeoutMs, "timeout");
  socket.on("connect", () => (hesitatesMs === 0 ? socket.write(hello) : setTimeout(greet, hesitatesMs, socket)));
  socket.on("data", () => decide("served"));
  socket.on("error", (error: NodeJS.ErrnoException) => decide(lostBy(error.code)));
  // Closed in order, but without a byte.
  socket.on("close", () => decide("reset"));
}

function greet(socket: Socket): void {
  if (open.has(socket)) socket.write(hello);
}

function lostBy(code: string | undefined): Outcome {
  switch (code) {
    case "ECONNREFUSED":
      return "refused";
    case "ETIMEDOUT":
      return "timeout";
    case "EHOSTUNREACH":
    case "ENETUNREACH":
      return "unreachable";
    default:
      return "reset";
  }
}

function report(): void {
  if (finished.length > 0) process.stdout.write(`${JSON.stringify(finished)}\n`);
  finished = [];
}

function end(): void {
  clearInterval(reporting);
  report();
}

/** The first flight of Node's own TLS client, taken once: any server that speaks TLS answers it. */
async function clientHello(): Promise<Buffer> {
  const flight = Promise.withResolvers<Buffer>();
  const wire = new Duplex({ read: () => undefined, write: (chunk: Buffer) => flight.resolve(chunk) });
  const client = connectTls({ socket: wire, servername: "kubernetes" });
  // The handshake is never finished.
  client.on("error", () => undefined);
  const bytes = await flight.promise;
  client.destroy();
  return bytes;
}
