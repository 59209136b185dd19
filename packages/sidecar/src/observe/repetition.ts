/**
 * Tells what is news from what was said a moment ago: an API server that is away for an hour is a line a minute and a
 * count in the metrics, not a line at every retry. Transitions are always news.
 */
import type { Notice } from "../election/election.ts";
import type { Happening } from "./happening.ts";

const QUIET_MS = 60_000;
/** Keys carry MAC addresses and reasons: forget them all rather than grow. */
const KEYS_MAX = 256;

export class Repetition {
  readonly #saidAtMs = new Map<string, number>();

  /** Remembers what it calls news. */
  isRepeat(happening: Happening, nowMs: number): boolean {
    const key = keyOf(happening);
    if (key === undefined) return false;
    const saidAtMs = this.#saidAtMs.get(key);
    if (saidAtMs !== undefined && nowMs - saidAtMs < QUIET_MS) return true;
    if (this.#saidAtMs.size >= KEYS_MAX) this.#saidAtMs.clear();
    this.#saidAtMs.set(key, nowMs);
    return false;
  }
}

/** Undefined: news each time. */
function keyOf(happening: Happening): string | undefined {
  switch (happening.t) {
    case "trouble":
      return `trouble ${happening.where} ${happening.code}`;
    case "recovered":
      return `recovered ${happening.where}`;
    case "conflict":
      return `conflict ${happening.mac}`;
    case "notice":
      return noticeKey(happening.notice);
    default:
      return undefined;
  }
}

function noticeKey(notice: Notice): string | undefined {
  switch (notice.t) {
    case "write-failed":
      return `write-failed ${notice.purpose} ${notice.result}`;
    case "segment-answered":
      return `segment-answered ${notice.by.join()}`;
    case "transfer-refused":
      return `transfer-refused ${notice.reason}`;
    // Whatever the numbers: a hand, or a script, that edits the Lease over and over.
    case "duration-differs":
    case "transitions-edited":
      return notice.t;
    case "lease-oversized":
      return `lease-oversized ${notice.what}`;
    default:
      return undefined;
  }
}
