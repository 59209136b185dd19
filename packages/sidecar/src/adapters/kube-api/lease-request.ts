/** One request to the API as a Happening; those that ask for something else are none. */
import type { Happening } from "../../observe/happening.ts";
import type { RequestReport } from "./endpoint-health.ts";

type LeaseRequest = Extract<Happening, { t: "lease-request" }>;

export function leaseRequest({ verb, outcome, durationMs, endpoint }: RequestReport): LeaseRequest | undefined {
  if (verb === "probe" || verb === "peers" || verb === "event") return undefined;
  return { t: "lease-request", verb, outcome: meaningOf(outcome), durationMs, endpoint };
}

function meaningOf(outcome: string): LeaseRequest["outcome"] {
  if (outcome.startsWith("2")) return "ok";
  if (outcome === "409") return "conflict";
  if (outcome === "404") return "missing";
  return outcome === "unsent" || outcome.startsWith("4") ? "refused" : "unknown";
}
