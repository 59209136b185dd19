/**
 * One election by itself, for tests of single rules: the test is the network, the clock and the executor. Writes reach
 * the store only when the test applies them, and their answers arrive only when it says so.
 */
import {
  type ElectionEffect,
  type ElectionEvent,
  type ElectionSettings,
  type ElectionState,
  initialState,
  type Notice,
  type WritePurpose,
} from "../election/election.ts";
import type { ReadResult, WriteResult } from "../election/lease-lock.ts";
import { type LeaseRecord, MAC_ANNOTATION, MARK_ANNOTATION, WRITE_ANNOTATION } from "../election/lease-record.ts";
import { formatMark, type Mark } from "../election/mark.ts";
import { step } from "../election/step.ts";
import { nextWakeMs } from "../election/wake.ts";
import { type LeaseContent, LeaseStore } from "./lease-store.ts";

export type SoloHappening = ElectionEvent extends infer E
  ? E extends ElectionEvent
    ? Omit<E, "nowMs" | "wallTime">
    : never
  : never;
type WriteEffect = Extract<ElectionEffect, { t: "write" }>;

const KEY = "kube-system/vcluster-kube-vip";
const TICKS_MAX = 10_000;

export const SOLO_SETTINGS: ElectionSettings = {
  identity: "a",
  leaseDurationMs: 15_000,
  renewDeadlineMs: 10_000,
  retryPeriodMs: 2_000,
  recordResolutionMs: 0,
  movesMax: 4,
  movesWindowMs: 180_000,
  quorum: "never",
};

/** Content of a Lease that `holderIdentity` holds. */
export function heldBy(holderIdentity: string, fields: Partial<LeaseContent> = {}): LeaseContent {
  return {
    holderIdentity,
    leaseDurationSeconds: 15,
    leaseTransitions: 1,
    acquireTime: undefined,
    renewTime: undefined,
    annotations: holderIdentity === "" ? {} : { [MAC_ANNOTATION]: `mac-of-${holderIdentity}` },
    ...fields,
  };
}

export class Solo {
  readonly store = new LeaseStore();
  nowMs = 100_000;
  state: ElectionState;
  /** Every write so far, in order, and when it was sent. */
  readonly writes: { readonly number: string; readonly purpose: WritePurpose; readonly sentAtMs: number }[] = [];
  /** Numbers that it was shown: by the answer to the write itself, or in a consistent read. */
  readonly shown = new Set<string | undefined>();
  /** Versions that consistent reads have shown. */
  readonly read = new Set<string>();
  /** Of the last feed or wait. */
  effects: readonly ElectionEffect[] = [];

  constructor(settings: Partial<ElectionSettings> = {}) {
    this.state = initialState({ ...SOLO_SETTINGS, ...settings });
  }

  get role(): ElectionState["role"]["t"] {
    return this.state.role.t;
  }

  get lease(): LeaseRecord {
    const lease = this.store.get(KEY);
    if (lease === undefined) throw new Error("the test expects a Lease in the store");
    return lease;
  }

  feed(happening: SoloHappening): readonly ElectionEffect[] {
    const event = { ...happening, nowMs: this.nowMs, wallTime: "2026-01-01T00:00:00.000000Z" } as ElectionEvent;
    if (isProof(happening)) this.shown.add(happening.result.lease.annotations[WRITE_ANNOTATION]);
    if (happening.t === "read" && happening.result.t === "found") this.read.add(happening.result.lease.resourceVersion);
    const [state, effects] = step(this.state, event);
    for (const effect of effects) {
      if (effect.t !== "write") continue;
      this.writes.push({ number: effect.number, purpose: effect.purpose, sentAtMs: this.nowMs });
    }
    this.state = state;
    this.effects = effects;
    return effects;
  }

  /** Time passes; ticks come when the election wants them. Answers what came of it. */
  wait(forMs: number): readonly ElectionEffect[] {
    const untilMs = this.nowMs + forMs;
    const effects: ElectionEffect[] = [];
    for (let ticks = 0; ticks < TICKS_MAX; ticks += 1) {
      const wakeMs = nextWakeMs(this.state, this.nowMs);
      if (wakeMs === undefined || wakeMs > untilMs) break;
      this.nowMs = wakeMs;
      effects.push(...this.feed({ t: "tick" }));
    }
    this.nowMs = untilMs;
    this.effects = effects;
    return effects;
  }

  /** The watch lists what the store has. */
  list(): readonly ElectionEffect[] {
    return this.feed({ t: "watch", event: { t: "listed", lease: this.store.get(KEY) } });
  }

  /** The watch delivers the store's version as the next one. */
  see(): readonly ElectionEffect[] {
    return this.feed({ t: "watch", event: { t: "changed", lease: this.lease } });
  }

  create(content: LeaseContent): void {
    this.store.create(KEY, content);
  }

  /** Another hand writes. */
  patch(fields: Partial<LeaseContent>): void {
    this.store.patch(KEY, fields);
  }

  replace(content: LeaseContent): void {
    this.store.replace(KEY, content);
  }

  delete(): readonly ElectionEffect[] {
    const lease = this.store.delete(KEY);
    if (lease === undefined) throw new Error("the test deletes a Lease that is not there");
    return this.feed({ t: "watch", event: { t: "deleted", lease } });
  }

  /** The last write of this purpose among the last effects. */
  sent(purpose: WritePurpose): WriteEffect {
    const write = this.effects.findLast((effect) => effect.t === "write" && effect.purpose === purpose);
    if (write?.t !== "write") throw new Error(`no ${purpose} was sent, but ${this.did.join(", ") || "nothing"}`);
    return write;
  }

  /** The API applies a write; its answer is on its way. */
  apply(write: WriteEffect): WriteResult {
    const { base, ...content } = write.draft;
    return base === undefined
      ? this.store.create(KEY, content)
      : this.store.update(KEY, { ...content, raw: base.raw }, base.resourceVersion);
  }

  answer(write: WriteEffect, result: WriteResult): readonly ElectionEffect[] {
    return this.feed({ t: "write", number: write.number, result });
  }

  /** Applied and answered at once. */
  complete(purpose: WritePurpose): readonly ElectionEffect[] {
    const write = this.sent(purpose);
    return this.answer(write, this.apply(write));
  }

  /** The answer to the consistent read that is on its way; by default what the store has. */
  answerRead(result: ReadResult = this.#found()): readonly ElectionEffect[] {
    if (this.state.read.t !== "sent") throw new Error("no read is on its way");
    return this.feed({ t: "read", number: this.state.read.number, result });
  }

  /** The answer to a young process's exact list at that version. */
  answerExact(resourceVersion: string): readonly ElectionEffect[] {
    const list = this.store.listAt(Number(resourceVersion));
    const lease = list.t === "listed" ? list.leases.get(KEY) : undefined;
    const failed: ReadResult = { t: "failed", status: 410, reason: "too old", retryAfterMs: undefined };
    const result: ReadResult = lease === undefined ? failed : { t: "found", lease };
    return this.feed({ t: "exact-read", resourceVersion, result });
  }

  #found(): ReadResult {
    const lease = this.store.get(KEY);
    return lease === undefined ? { t: "missing" } : { t: "found", lease };
  }

  /** The last effects in short: "take", "hold", "silence: other-holder", "read". Transitions are the role's matter. */
  get did(): readonly string[] {
    return this.effects.flatMap((effect) => {
      switch (effect.t) {
        case "write":
          return [effect.purpose];
        case "mute":
        case "silence":
          return [`${effect.t}: ${effect.reason}`];
        case "transition":
        case "notice":
          return [];
        default:
          return [effect.t];
      }
    });
  }

  get notices(): readonly Notice[] {
    return this.effects.flatMap((effect) => (effect.t === "notice" ? [effect.notice] : []));
  }
}

/** An answer that shows a version of the Lease, and so the number of the write that made it. */
function isProof(
  happening: SoloHappening,
): happening is Extract<SoloHappening, { t: "write" | "read" }> & { readonly result: { readonly lease: LeaseRecord } } {
  if (happening.t !== "write" && happening.t !== "read") return false;
  return happening.result.t === "written" || happening.result.t === "found";
}

/** A candidate that watches a Lease which another, "b", holds and renews no more. */
export function standby(settings: Partial<ElectionSettings> = {}, fields: Partial<LeaseContent> = {}): Solo {
  const a = new Solo(settings);
  a.create(heldBy("b", fields));
  a.feed({ t: "eligible", mac: "mac-of-a" });
  a.list();
  return a;
}

/** The identity of the life before, in the same namespace. */
export const OLD_LIFE = "a-before";
/** How long an inheritor's opening lasts. */
export const INHERITED_MS = 10_000;

/** A life that finds the gate open for OLD_LIFE, whose last write is in the Lease; its first read is on its way. */
export function inheritor(fields: Partial<LeaseContent> = {}): Solo {
  const a = new Solo();
  a.create(heldBy(OLD_LIFE, { leaseTransitions: 4, acquireTime: "long ago", ...fields }));
  a.feed({ t: "inherited", holderIdentity: OLD_LIFE, untilMs: a.nowMs + INHERITED_MS, mac: "mac-of-a" });
  return a;
}

/** An inheritor that has read the Lease; its adoption is on its way. */
export function adopting(): Solo {
  const a = inheritor();
  a.answerRead();
  return a;
}

/** A replica that has taken the Lease at nowMs: the write was sent, applied and confirmed within no time. */
export function holder(settings: Partial<ElectionSettings> = {}): Solo {
  const a = new Solo(settings);
  a.create(heldBy(""));
  a.feed({ t: "eligible", mac: "mac-of-a" });
  a.list();
  a.wait(a.state.settings.leaseDurationMs);
  a.feed({ t: "segment", answeredBy: [] });
  a.complete("take");
  a.see();
  a.feed({ t: "tick" });
  return a;
}

/** The content of `lease` with its holder gone and a mark that says so. */
export function marked(lease: LeaseRecord, mark: Partial<Mark> = {}): LeaseContent {
  const { uid: _uid, resourceVersion, ...content } = lease;
  const full: Mark = {
    from: lease.holderIdentity,
    to: undefined,
    transitions: lease.leaseTransitions,
    replaced: resourceVersion,
    ...mark,
  };
  const annotations = { ...lease.annotations, [MARK_ANNOTATION]: formatMark(full) };
  return { ...content, holderIdentity: "", annotations };
}

/** A candidate that has answered its first question to the segment: what it does next, it does at once. */
export function experienced(a: Solo): Solo {
  a.state = { ...a.state, hasTaken: true };
  return a;
}

/** A standby that has watched "b" hold and renew once, and takes without asking the segment. */
export function watching(): Solo {
  const a = experienced(standby());
  a.patch({ renewTime: "later" });
  a.see();
  return a;
}

/** Silent, its mark sent and not yet applied. */
export function marking(a: Solo = holder()): Solo {
  a.nowMs += 100;
  a.feed({ t: "transfer", to: undefined, readyPeers: 1 });
  a.feed({ t: "silenced" });
  return a;
}

/** The successor's own compare-and-swap, as the watch shows it. */
export function takenBy(a: Solo, holderIdentity: string, annotations: Readonly<Record<string, string>> = {}): void {
  a.replace(heldBy(holderIdentity, { leaseTransitions: a.lease.leaseTransitions + 1, annotations }));
  a.see();
}
