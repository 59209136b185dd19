/**
 * What goes over the transfer socket: one line of JSON there, one back. Pure. Both ends are of the same image, so there
 * is no version in it; what is not understood is refused.
 */
import type { TransferOutcome } from "./outcome.ts";

/** A name is a Pod's (253 characters) or an identity (363). */
export const REQUEST_LENGTH_MAX = 1_024;
/** A reason for each of eight replicas, with its identity, is a quarter of it. */
export const OUTCOME_LENGTH_MAX = 32_768;
const NAME_MAX = 400;

export interface TransferRequest {
  /** A Pod's name or an identity; undefined is the best replica. */
  readonly to: string | undefined;
}

export function formatRequest({ to }: TransferRequest): string {
  return `${JSON.stringify({ transfer: { to: to ?? null } })}\n`;
}

/** undefined: no request. */
export function parseRequest(line: string): TransferRequest | undefined {
  const transfer = objectOf(objectOf(jsonOf(line))?.["transfer"]);
  if (transfer === undefined) return undefined;
  const { to } = transfer;
  if (to === null) return { to: undefined };
  return typeof to === "string" && to !== "" && to.length <= NAME_MAX ? { to } : undefined;
}

export function formatOutcome(outcome: TransferOutcome): string {
  return `${JSON.stringify(outcome)}\n`;
}

/** undefined: no outcome. */
export function parseOutcome(line: string): TransferOutcome | undefined {
  const value = objectOf(jsonOf(line));
  if (value === undefined) return undefined;
  const { t, to, tookMs, acknowledged, reason, holder } = value;
  switch (t) {
    case "moved":
      if (typeof to !== "string" || typeof tookMs !== "number" || !isTextOrNull(acknowledged)) return undefined;
      return { t, to, tookMs, acknowledged };
    case "stayed":
    case "unsettled":
      return typeof reason === "string" ? { t, reason } : undefined;
    case "elsewhere":
      return isTextOrNull(holder) ? { t, holder } : undefined;
    default:
      return undefined;
  }
}

function isTextOrNull(value: unknown): value is string | null {
  return value === null || typeof value === "string";
}

function jsonOf(line: string): unknown {
  try {
    return JSON.parse(line);
  } catch {
    // Another program's words: no message of ours.
    return undefined;
  }
}

function objectOf(value: unknown): Readonly<Record<string, unknown>> | undefined {
  return typeof value === "object" && value !== null && !Array.isArray(value)
    ? (value as Readonly<Record<string, unknown>>)
    : undefined;
}
