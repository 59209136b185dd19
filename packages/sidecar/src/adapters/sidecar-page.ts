/** Asks a sidecar for its /status: the one beside us over loopback, the others at their pods' addresses. */
import { get } from "node:http";
import type { Voice } from "../config/config.ts";
import type { Status } from "../observe/status.ts";

export type SidecarAnswer =
  /** `where`: the URL that was asked. */
  | { readonly t: "answered"; readonly where: string; readonly status: Status }
  | { readonly t: "silent"; readonly where: string; readonly reason: string };

const TIMEOUT_MS = 2_000;
/** Sixteen moves and a page of problems are a tenth of it. */
const PAGE_BYTES_MAX = 1_000_000;

/** At the first of its addresses, which is loopback unless somebody said otherwise. Never rejects. */
export async function askSidecar({ http: { addresses, port } }: Voice): Promise<SidecarAnswer> {
  const [address] = addresses;
  if (address === undefined) return { t: "silent", where: "httpAddresses", reason: "none is set" };
  return askReplica(address, port);
}

/** Never rejects. */
export async function askReplica(address: string, port: number): Promise<SidecarAnswer> {
  const where = `http://${address.includes(":") ? `[${address}]` : address}:${port}/status`;
  try {
    const status = readStatus(await page(where));
    return status === undefined
      ? { t: "silent", where, reason: "what answers there is not this sidecar" }
      : { t: "answered", where, status };
  } catch (error) {
    return { t: "silent", where, reason: reasonOf(error) };
  }
}

function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  if (error.name === "AbortError") return "no answer in time";
  return "code" in error ? String(error.code) : error.message;
}

function page(url: string): Promise<string> {
  const { promise, resolve, reject } = Promise.withResolvers<string>();
  const request = get(url, { signal: AbortSignal.timeout(TIMEOUT_MS), agent: false }, (response) => {
    let text = "";
    response.setEncoding("utf8").on("data", (chunk: string) => {
      text += chunk;
      if (text.length > PAGE_BYTES_MAX) request.destroy(new TypeError("its page has no end"));
    });
    response.once("end", () => resolve(text));
    response.once("error", reject);
  });
  request.once("error", reject);
  return promise;
}

/** Of the same version in the same image; of another program nothing is taken for a status. */
function readStatus(text: string): Status | undefined {
  try {
    const value: unknown = JSON.parse(text);
    const isStatus = typeof value === "object" && value !== null && "identity" in value && "role" in value;
    return isStatus && "vip" in value && "troubles" in value ? (value as Status) : undefined;
  } catch {
    // A page of another program.
    return undefined;
  }
}
