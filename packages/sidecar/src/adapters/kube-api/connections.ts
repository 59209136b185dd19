/** The keep-alive agents: connections are made with one set of credentials, and closed when these change. */
import http from "node:http";
import https from "node:https";
import type { Credentials } from "./credentials.ts";
import type { Endpoint } from "./endpoints.ts";

/** Per endpoint: a watch, and the copies of a request that hangs. Idle ones end with the server's patience. */
const AGENT_OPTIONS = { keepAlive: true, maxSockets: 16, maxFreeSockets: 2 } as const;

/** Owns every connection to the API. */
export class Connections {
  readonly #http = new http.Agent(AGENT_OPTIONS);
  #https: https.Agent | undefined;
  #digest: string | undefined;

  /** The agent for `endpoint`. New credentials close all connections that were made with others. */
  agent(endpoint: Endpoint, credentials: Credentials): http.Agent {
    if (endpoint.protocol === "http:") return this.#http;
    if (this.#https === undefined || this.#digest !== credentials.digest) {
      this.#https?.destroy();
      const { secureContext, verifyServer: rejectUnauthorized } = credentials;
      this.#https = new https.Agent({ ...AGENT_OPTIONS, secureContext, rejectUnauthorized });
      this.#digest = credentials.digest;
    }
    return this.#https;
  }

  /** For one request whose end nobody waits for: a connection of its own, which takes no place among the others. */
  agentOnce(endpoint: Endpoint, { secureContext, verifyServer: rejectUnauthorized }: Credentials): http.Agent {
    if (endpoint.protocol === "http:") return new http.Agent({ keepAlive: false });
    return new https.Agent({ keepAlive: false, secureContext, rejectUnauthorized });
  }

  /** Requests under way end with ECONNRESET. */
  close(): void {
    this.#http.destroy();
    this.#https?.destroy();
  }
}
