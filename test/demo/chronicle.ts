/**
 * What the replicas say of themselves, from their log lines: who holds, how old the Lease is, each one's role, and the
 * news worth telling. The observers' word (who answers, what was lost) is not here.
 */
import type { SidecarLine } from "../bed/sidecar-process.ts";

export interface News {
  /** Monotonic ms. */
  readonly atMs: number;
  readonly who: string;
  readonly text: string;
}

/** Three replicas see the same change: told once if they say the same within this time. */
const SAME_NEWS_MS = 2_000;
/** Notices and happenings that an onlooker wants to hear of; renewals and repeats are not among them. */
const TOLD_EVENTS = new Set([
  "took",
  "silenced",
  "holder-changed",
  "counting-vacant",
  "segment-answered",
  "transfer-refused",
  "moves-alarm",
  "conflict",
  "restored",
  "swept",
  "problem",
  "trouble",
]);
/** podName_podUID_bootNonce */
const IDENTITY = /([a-z0-9.-]+)_[0-9a-f-]{36}_[0-9a-f]{8}/g;

const ROLES: Readonly<Record<string, string>> = {
  waiting: "standby",
  asking: "taking",
  taking: "taking",
  holding: "holder",
  suspended: "silent",
  yielding: "yielding",
  stopped: "stopped",
};

export class Chronicle {
  /** Pod name, or the foreign name, in the Lease as the last replica to notice saw it; undefined: nobody. */
  holder: string | undefined;
  /** Monotonic ms of the last write to the Lease that a replica confirmed or saw. */
  leaseChangedAtMs: number | undefined;
  readonly news: News[] = [];
  readonly #roles = new Map<string, string>();

  role(podName: string): string {
    return this.#roles.get(podName) ?? "";
  }

  started(podName: string, atMs: number): void {
    this.#roles.set(podName, "starting");
    this.#tell({ atMs, who: podName, text: "sidecar started" });
  }

  lost(podName: string, atMs: number): void {
    this.#roles.set(podName, "lost");
    this.#tell({ atMs, who: podName, text: "pod killed: processes, links, namespace" });
  }

  take(podName: string, { atMs, event, fields }: SidecarLine): void {
    if (event === "transition" && fields["machine"] === "election") {
      this.#roles.set(podName, ROLES[String(fields["to"])] ?? String(fields["to"]));
    }
    // A standby that only ever waits makes no transition: its first look at the Lease ends its start.
    if (event === "lease-request" && this.role(podName) === "starting") this.#roles.set(podName, "standby");
    if (event === "lease-write" && fields["result"] === "written") this.leaseChangedAtMs = atMs;
    if (event === "holder-changed") {
      const to = fields["to"];
      const holder = typeof to === "string" ? shortened(to) : undefined;
      if (holder === this.holder) return;
      this.holder = holder;
      this.leaseChangedAtMs = atMs;
    }
    if (TOLD_EVENTS.has(event)) this.#tell({ atMs, who: podName, text: shortened(String(fields["message"])) });
  }

  #tell(news: News): void {
    const isRepeat = this.news.some(({ text, atMs }) => text === news.text && news.atMs - atMs < SAME_NEWS_MS);
    if (!isRepeat || news.text === "sidecar started") this.news.push(news);
  }
}

/** Identities as people read them: the pod's name. */
function shortened(text: string): string {
  return text.replaceAll(IDENTITY, "$1");
}
