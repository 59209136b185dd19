/**
 * Serves the pages on loopback and the pod's own address, and never on the VIP, which leads to whichever replica holds
 * it, and to people outside. Nothing that goes wrong here ends the process: the VIP matters more than its metrics.
 */
import type { IncomingMessage, ServerResponse } from "node:http";
import { type IpAddress, parseIpAddress } from "@vcluster-kube-vip/routing";
import type { Clock } from "../../clock.ts";
import type { Happening } from "../../observe/happening.ts";
import type { Pages } from "../../observe/pages.ts";
import { answer, sentence } from "./answer.ts";
import { listenTrouble, type Trouble } from "./listen-trouble.ts";
import { Listener } from "./listener.ts";

export interface HttpServerParts {
  /** Each is listened on by itself. "::1" may be among them: it is left out without a word where there is no IPv6. */
  readonly addresses: readonly string[];
  readonly port: number;
  readonly vip: IpAddress | undefined;
  readonly pages: Pages;
  readonly clock: Clock;
  readonly tell: (happening: Happening) => void;
}

export class HttpServer {
  readonly #parts: HttpServerParts;
  readonly #listeners = new Map<string, Listener>();
  readonly #failing = new Set<string>();

  constructor(parts: HttpServerParts) {
    this.#parts = parts;
  }

  /** Refused addresses are told as trouble; taken or missing ones too, and are tried again. */
  start(): void {
    for (const address of new Set(this.#parts.addresses)) {
      const refusal = this.#refusal(address);
      if (refusal === undefined) this.#listen(address);
      else this.#trouble(refusal);
    }
  }

  async stop(): Promise<void> {
    await Promise.all([...this.#listeners.values()].map((listener) => listener.stop()));
  }

  /** Where it answers now: address and port. */
  get listening(): readonly { readonly address: string; readonly port: number }[] {
    return [...this.#listeners].flatMap(([address, { port }]) => (port === undefined ? [] : [{ address, port }]));
  }

  #refusal(address: string): Trouble | undefined {
    const { vip } = this.#parts;
    const parsed = parseIpAddress(address);
    if (parsed.t === "invalid") {
      return { code: "HTTP_ADDRESS_INVALID", message: `"${address}" ${parsed.reason}: not listening there` };
    }
    if (parsed.value === "0.0.0.0" || parsed.value === "::") {
      return {
        code: "HTTP_ADDRESS_WILDCARD",
        message: `not listening on ${address}: that would be the VIP too. Name loopback and the pod's address instead`,
      };
    }
    if (parsed.value !== vip) return undefined;
    return {
      code: "HTTP_ADDRESS_IS_VIP",
      message: `not listening on ${address}: it is the VIP, where metrics and status are never served. Use the pod's own address`,
    };
  }

  #listen(address: string): void {
    const { port, clock } = this.#parts;
    const listener = new Listener({
      address,
      port,
      clock,
      onRequest: (request, response) => this.#respond(request, response),
      onListening: () => this.#works(address),
      onError: (error) => {
        if (address === "::1") return;
        this.#failing.add(address);
        this.#trouble(listenTrouble(address, port, error));
      },
    });
    this.#listeners.set(address, listener);
    listener.start();
  }

  #respond(request: IncomingMessage, response: ServerResponse): void {
    const { status, headers, body } = this.#answer(request.method ?? "", request.url ?? "");
    response.writeHead(status, headers);
    response.end(body);
  }

  #answer(method: string, target: string): ReturnType<typeof answer> {
    try {
      return answer(method, target, this.#parts.pages);
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error);
      this.#trouble({ code: "HTTP_PAGE_FAILED", message: `cannot make a page: ${reason}. Please report it` });
      return sentence(500, "this page could not be made; the log says why");
    }
  }

  #works(address: string): void {
    if (this.#failing.delete(address) && this.#failing.size === 0) this.#parts.tell({ t: "recovered", where: "http" });
  }

  #trouble({ code, message }: Trouble): void {
    this.#parts.tell({ t: "trouble", where: "http", code, message: `${code}: ${message}.` });
  }
}
