/**
 * One process per network namespace and VIP (rule 8): an abstract unix socket, which the kernel scopes to the network
 * namespace and frees when its process ends, however it ends. See unix(7), "abstract".
 */
import { createServer, type Server } from "node:net";

export class VipMutex {
  readonly #name: string;
  #server: Server | undefined;

  constructor(vip: string) {
    this.#name = `\0vcluster-kube-vip/${vip}`;
  }

  /** "taken": another process of this namespace serves the same VIP. */
  acquire(): Promise<"acquired" | "taken"> {
    const server = createServer((connection) => connection.destroy());
    server.unref();
    return new Promise((resolve, reject) => {
      server.once("error", (error: NodeJS.ErrnoException) => {
        if (error.code === "EADDRINUSE") resolve("taken");
        else reject(error);
      });
      server.listen(this.#name, () => {
        this.#server = server;
        resolve("acquired");
      });
    });
  }

  release(): void {
    this.#server?.close();
    this.#server = undefined;
  }
}
