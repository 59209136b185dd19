/**
 * Clients that connect, say nothing more and wait, in a namespace of their own; each end of a connection is told with its
 * time on the clock that all processes share. Run by itself it is that process: HOST PORT COUNT.
 */
import { connect } from "node:net";
import { fileURLToPath } from "node:url";
import type { Namespace } from "./namespace.ts";
import type { BedProcess } from "./process.ts";
import { monotonicMs, waitFor } from "./wait.ts";

export interface End {
  /** ECONNRESET, or "closed" of an orderly end. */
  readonly code: string;
  readonly atMs: number;
}

export class IdleClients {
  readonly ends: End[] = [];
  #connected = false;
  readonly #process: BedProcess;

  private constructor(namespace: Namespace, argv: readonly string[]) {
    this.#process = namespace.spawn([process.execPath, fileURLToPath(import.meta.url), ...argv], {
      name: "idle-clients",
      onLine: (line) => {
        if (line === "connected") this.#connected = true;
        else this.ends.push(JSON.parse(line));
      },
    });
  }

  /** Resolves when all of them are connected. */
  static async connect(namespace: Namespace, host: string, port: number, count = 1): Promise<IdleClients> {
    const clients = new IdleClients(namespace, [host, String(port), String(count)]);
    const isConnected = () => clients.#connected || undefined;
    const diagnose = () => clients.#process.tail();
    await waitFor(`${count} connections to ${host}`, isConnected, { withinMs: 30_000, everyMs: 2, diagnose });
    return clients;
  }

  /** Resolves when so many connections have ended. */
  async ended(count = 1): Promise<readonly End[]> {
    const all = () => this.ends.length >= count || undefined;
    const diagnose = () => `${this.ends.length} have`;
    await waitFor(`${count} connections to end`, all, { withinMs: 5_000, everyMs: 1, diagnose });
    return this.ends;
  }

  close(): Promise<void> {
    return this.#process.close();
  }
}

async function main([host = "", port, count]: readonly string[]): Promise<void> {
  for (let opened = 0; opened < Number(count); opened += 1) {
    const socket = connect({ host, port: Number(port) });
    await new Promise((resolve, reject) => socket.once("connect", resolve).once("error", reject));
    let code = "closed";
    socket.on("error", (error: NodeJS.ErrnoException) => {
      code = error.code ?? error.message;
    });
    socket.on("close", () => process.stdout.write(`${JSON.stringify({ code, atMs: monotonicMs() })}\n`));
    socket.resume();
  }
  process.stdout.write("connected\n");
}

if (process.argv[1] === fileURLToPath(import.meta.url)) await main(process.argv.slice(2));
