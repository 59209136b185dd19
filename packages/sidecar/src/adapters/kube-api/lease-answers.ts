/**
 * What the API server's answers say about the Lease, as the LeaseLock port words it. Pure. Several answers are copies
 * of one request (hedged): what one of them leaves open, another cannot make certain.
 */
import type { ReadResult, WriteResult } from "../../election/lease-lock.ts";
import type { LeaseRecord } from "../../election/lease-record.ts";
import { type Answer, isIdleClosed } from "./exchange.ts";
import type { Copies, Judgement } from "./hedge.ts";
import { fieldOf, parseLease, stringOf } from "./lease-object.ts";

type Answered = Extract<Answer, { t: "answered" }>;
type Refused = Extract<WriteResult, { t: "refused" }>;

/** A Lease found by a list, and the version the list was read at. */
export type ListResult =
  | { readonly t: "listed"; readonly lease: LeaseRecord | undefined; readonly resourceVersion: string }
  | Extract<ReadResult, { t: "failed" }>;

const REASON_LIMIT = 200;

/**
 * Written if a copy was; else unknown as long as a copy may have been applied; else what the API server decided.
 * A conflict proves nothing against an unanswered copy: that one may be what it conflicts with, and only a read shows.
 */
export function writeResult({ answers, unanswered }: Copies<Answer>): WriteResult {
  const late: WriteResult = { t: "unknown", reason: "a copy of the write is unanswered" };
  const results = [...answers.map(writeResultOf), ...(unanswered > 0 ? [late] : [])];
  for (const t of ["written", "unknown", "conflict", "missing"] as const) {
    const result = results.find((one) => one.t === t);
    if (result !== undefined) return result;
  }
  return results.at(-1) ?? { t: "refused", status: undefined, reason: "no endpoint to ask", retryAfterMs: undefined };
}

export function readResult({ answers }: Copies<Answer>): ReadResult {
  const results = answers.map(readResultOf);
  return (
    results.find((one) => one.t === "found") ??
    results.find((one) => one.t === "missing") ??
    results.at(-1) ??
    failed(undefined)
  );
}

export function listResult({ answers }: Copies<Answer>): ListResult {
  const results = answers.map(listResultOf);
  return results.find((one) => one.t === "listed") ?? results.at(-1) ?? failed(undefined);
}

/** What an answer to a write means for its other copies. */
export function judgeWrite(answer: Answer): Judgement {
  switch (writeResultOf(answer).t) {
    case "written":
    // The base is gone: no copy can take effect any more, and whether one has is sooner read than waited for.
    case "conflict":
    case "missing":
      return "settles";
    default:
      return judgeFailure(answer);
  }
}

/** What an answer to a GET means for its other copies. */
export function judgeRead(answer: Answer): Judgement {
  return readResultOf(answer).t === "failed" ? judgeFailure(answer) : "settles";
}

/** What an answer to a LIST means for its other copies. */
export function judgeList(answer: Answer): Judgement {
  return listResultOf(answer).t === "failed" ? judgeFailure(answer) : "settles";
}

/** What any answer but the hoped-for one means. */
export function judgeFailure(answer: Answer): Judgement {
  if (isIdleClosed(answer)) return "again";
  if (answer.t === "unsent") return "gone";
  if (answer.t !== "answered") return "next";
  // Decisions that every API server would make alike; anything else may be this one's trouble.
  return [400, 401, 403, 405, 410, 413, 415, 422].includes(answer.status) ? "final" : "next";
}

function writeResultOf(answer: Answer): WriteResult {
  if (answer.t === "unsent") return refused(undefined, unansweredReason(answer.code));
  if (answer.t === "lost") return { t: "unknown", reason: unansweredReason(answer.code) };
  const { status } = answer;
  if (status === 200 || status === 201) {
    const lease = parseLease(jsonOf(answer.body));
    return lease ? { t: "written", lease } : { t: "unknown", reason: `${status} with a body that is no Lease` };
  }
  if (status === 409) return { t: "conflict" };
  if (isLeaseMissing(answer)) return { t: "missing" };
  // 408 comes from proxies that gave up waiting, not from those that never asked.
  if (status >= 400 && status < 500 && status !== 408) return refused(answer, reasonOf(answer));
  return { t: "unknown", reason: reasonOf(answer) };
}

function readResultOf(answer: Answer): ReadResult {
  if (answer.t !== "answered") return failed(undefined, unansweredReason(answer.code));
  if (answer.status === 200) {
    const lease = parseLease(jsonOf(answer.body));
    return lease ? { t: "found", lease } : failed(answer, "200 with a body that is no Lease");
  }
  return isLeaseMissing(answer) ? { t: "missing" } : failed(answer);
}

function listResultOf(answer: Answer): ListResult {
  if (answer.t !== "answered") return failed(undefined, unansweredReason(answer.code));
  if (answer.status !== 200) return failed(answer);
  const list = jsonOf(answer.body);
  const items = fieldOf(list, "items");
  const resourceVersion = stringOf(fieldOf(list, "metadata", "resourceVersion"));
  if (!Array.isArray(items) || resourceVersion === undefined) return failed(answer, "200 with a body that is no list");
  if (items.length === 0) return { t: "listed", lease: undefined, resourceVersion };
  const lease = parseLease(items[0]);
  return lease ? { t: "listed", lease, resourceVersion } : failed(answer, "200 with an item that is no Lease");
}

/**
 * A 404 alone may come from an API server that has not yet installed its groups, or from a proxy; and unknown is not
 * absent. Only the Status of a missing Lease counts.
 */
function isLeaseMissing(answer: Answered): boolean {
  if (answer.status !== 404) return false;
  const status = jsonOf(answer.body);
  return fieldOf(status, "reason") === "NotFound" && fieldOf(status, "details", "kind") === "leases";
}

function refused(answer: Answered | undefined, reason: string): Refused {
  return { t: "refused", status: answer?.status, reason, retryAfterMs: answer?.retryAfterMs };
}

function failed(answer: Answered | undefined, reason?: string): Extract<ReadResult, { t: "failed" }> {
  return {
    t: "failed",
    status: answer?.status,
    reason: reason ?? (answer ? reasonOf(answer) : "no endpoint to ask"),
    retryAfterMs: answer?.retryAfterMs,
  };
}

function unansweredReason(code: string): string {
  return `no answer: ${code}`;
}

function reasonOf(answer: Answered): string {
  const message = stringOf(fieldOf(jsonOf(answer.body), "message")) ?? "without a Status";
  return `${answer.status} ${message.slice(0, REASON_LIMIT)}`;
}

/** undefined if it is no JSON. */
export function jsonOf(text: string | undefined): unknown {
  if (text === undefined) return undefined;
  try {
    return JSON.parse(text);
  } catch {
    // Garbage is an answer like any other here: one that says nothing.
    return undefined;
  }
}
