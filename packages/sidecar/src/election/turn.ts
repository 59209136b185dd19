/**
 * The scratch of one step: the state while it is being replaced, and the effects so far. Mutable inside, gone when
 * `step` returns. Small verbs only; decisions live in candidate.ts, holder.ts and yielding.ts.
 */
import * as drafts from "./drafts.ts";
import type {
  ElectionEffect,
  ElectionState,
  Notice,
  PendingWrite,
  Role,
  SilenceReason,
  WritePurpose,
} from "./election.ts";
import { holdDurationMs } from "./hold-deadline.ts";
import { type LeaseDraft, type LeaseRecord, WRITE_ANNOTATION } from "./lease-record.ts";
import { type Mode, termIn } from "./mode.ts";
import { recentMoves } from "./moves.ts";

/** Lost answers remembered. At one write a retry period they leave with their deadline long before. */
const PENDING_MAX = 16;
/** Longer than a mark that nobody takes and its giver's way back: what is still muted then has failed. */
export const MUTED_MAX_MS = 2_000;
/** Between two writes of ours whatever provokes them: an editor's war on the Lease stays slow. */
const WRITE_SPACING_MS = 50;

type Mutable<T> = { -readonly [K in keyof T]: T[K] };

export class Turn {
  readonly nowMs: number;
  readonly wallTime: string;
  readonly effects: ElectionEffect[] = [];
  readonly state: Mutable<ElectionState>;
  /** This step is about promises, and no write was confirmed in it. */
  byPromise: true | undefined;
  /** A write was confirmed that moves no deadline, since the quorum's is earlier: what has closed may be opened again. */
  reopens = false;
  readonly #roleBefore: Role["t"];

  constructor(state: ElectionState, nowMs: number, wallTime: string) {
    this.state = { ...state };
    this.#roleBefore = state.role.t;
    this.nowMs = nowMs;
    this.wallTime = wallTime;
  }

  enter(role: Role, reason: string): void {
    const from = this.state.role.t;
    this.state.role = role;
    if (role.t !== "holding") this.leaveQuorum();
    if (from !== role.t) this.effects.push({ t: "transition", from, to: role.t, reason });
  }

  /** Rule 10: one more voluntary move within the window. */
  countMove(): void {
    const { movesAtMs, settings } = this.state;
    this.state.movesAtMs = [...recentMoves(movesAtMs, settings, this.nowMs), this.nowMs];
    const moves = this.state.movesAtMs.length;
    if (moves >= settings.movesMax - 1) {
      this.notice({ t: "moves-alarm", moves, windowMs: settings.movesWindowMs });
    }
  }

  notice(notice: Notice): void {
    this.effects.push({ t: "notice", notice });
  }

  /** At most one is unanswered: nothing was opened since, so its answer is true for whoever waits for it. */
  silence(reason: SilenceReason): void {
    if (this.state.silencing && this.state.mutedSinceMs === undefined) return;
    this.state.mutedSinceMs = undefined;
    this.#tighten({ t: "silence", reason });
  }

  /** Silence, but for those whom the segment still sends here. */
  mute(reason: SilenceReason): void {
    if (this.state.silencing) return;
    this.state.mutedSinceMs = this.nowMs;
    this.#tighten({ t: "mute", reason });
  }

  #tighten(effect: Extract<ElectionEffect, { t: "mute" | "silence" }>): void {
    this.state.silencing = true;
    this.state.openUntilMs = Number.NEGATIVE_INFINITY;
    this.effects.push(effect);
  }

  /** What was muted for a move is silenced when the move is over, or takes too long. */
  silenceIfMuted(): void {
    const { mutedSinceMs, role } = this.state;
    if (mutedSinceMs === undefined) return;
    const isMoving = role.t === "yielding" || role.t === "suspended" || role.t === "holding";
    if (!isMoving || this.nowMs >= mutedSinceMs + MUTED_MAX_MS) this.silence("yielding");
  }

  /** Says the hold, at the end of a step that left us holding. Never while a silence is unanswered. */
  openIfHolding(): void {
    const { role, silencing, openUntilMs } = this.state;
    const isNews = role.t === "holding" && (this.reopens || role.claim.deadlineMs !== openUntilMs);
    if (role.t !== "holding" || silencing || !isNews) return;
    const { deadlineMs, leaseDeadlineMs, record } = role.claim;
    const { giverMac } = this.state;
    this.state.giverMac = undefined;
    this.state.openUntilMs = deadlineMs;
    this.state.mutedSinceMs = undefined;
    this.effects.push({
      t: "hold",
      deadlineMs,
      leaseDeadlineMs,
      transitions: record.leaseTransitions,
      adopted: this.#roleBefore === "adopting",
      giverMac,
      byPromise: this.byPromise,
    });
  }

  /** Writes from here on say mode lease; whether that is news. */
  leaveQuorum(): boolean {
    const { quorum, lastNumber } = this.state;
    if (quorum === undefined || quorum.phase.t === "leaving") return false;
    this.state.quorum = { ...quorum, phase: { t: "leaving", afterOrder: lastNumber } };
    this.state.modeTerm += 1;
    return true;
  }

  /** Whatever was sent so far opens nothing any more, answered or not. */
  voidWrites(): void {
    this.state.voidedThrough = this.state.lastNumber;
  }

  /** Request time-out of rule 5: a hung request costs one try, not the hold. */
  get requestTimeoutMs(): number {
    return this.state.settings.renewDeadlineMs / 3;
  }

  get holdDurationMs(): number {
    return holdDurationMs(this.state.settings);
  }

  create(): void {
    this.#write("create", undefined, (context) => drafts.vacantDraft(context));
  }

  take(purpose: "take" | "restore" | "resume", base: LeaseRecord, transitionsAtLeast: number): string {
    // Another take, which nobody has acknowledged yet.
    this.state.acknowledged = undefined;
    if (purpose === "take") this.state.modeTerm = Math.max(this.state.modeTerm, termIn(base)) + 1;
    return this.#write(purpose, base, (context) => drafts.takeDraft(context, base, transitionsAtLeast));
  }

  /** From the identity of an earlier life to ours; everything else stays as a renewal would leave it. */
  adopt(base: LeaseRecord): void {
    this.#write("adopt", base, (context) => drafts.renewDraft(context, base, 0));
  }

  renew(base: LeaseRecord, transitionsAtLeast: number): void {
    this.#write("renew", base, (context) => drafts.renewDraft(context, base, transitionsAtLeast));
  }

  /** Rule 4: sending a mark voids every earlier deadline. */
  mark(base: LeaseRecord, to: string | undefined): string {
    const number = this.#write("mark", base, (context) => drafts.markDraft(context, base, to));
    this.voidWrites();
    return number;
  }

  #write(
    purpose: WritePurpose,
    base: LeaseRecord | undefined,
    draftOf: (context: drafts.DraftContext) => LeaseDraft,
  ): string {
    this.state.lastNumber += 1;
    const { settings, mac, lastNumber, acknowledged } = this.state;
    const mode = this.#mode;
    const number = `${settings.identity}/${lastNumber}`;
    const draft = draftOf({ settings, number, mac, acknowledged, mode, wallTime: this.wallTime });
    const pending: PendingWrite = {
      number,
      order: lastNumber,
      sentAtMs: this.nowMs,
      purpose,
      baseVersion: base?.resourceVersion,
      inFlight: true,
    };
    this.state.pending = [...this.state.pending, pending].slice(-PENDING_MAX);
    this.state.lastWriteAtMs = this.nowMs;
    this.state.nextTryAtMs = this.nowMs + settings.retryPeriodMs;
    this.effects.push({ t: "write", number, purpose, draft, timeoutMs: this.requestTimeoutMs });
    return number;
  }

  /** What our writes say now; undefined: nothing of modes at all. */
  get #mode(): Mode | undefined {
    const { settings, quorum, modeTerm } = this.state;
    if (settings.quorum === "never") return undefined;
    if (quorum?.phase.t !== "published") return { mode: "lease", term: modeTerm, voters: [] };
    return { mode: "quorum", term: quorum.term, voters: quorum.voters };
  }

  /** Wants a consistent read, now or as soon as the last failed one allows. */
  wantRead(): void {
    if (this.state.read.t === "none") this.state.read = { t: "wanted" };
  }

  /** Wants a read sent from now on: the answer of one that is on its way may be older than what it is to explain. */
  wantLaterRead(): void {
    this.state.read = { t: "wanted" };
  }

  sendReadIfDue(): void {
    if (this.state.read.t !== "wanted" || this.nowMs < this.state.nextReadAtMs) return;
    this.state.lastNumber += 1;
    this.state.read = { t: "sent", number: this.state.lastNumber };
    this.effects.push({ t: "read", number: this.state.lastNumber, timeoutMs: this.requestTimeoutMs });
  }

  /** Lost answers whose own deadline has passed confirm nothing any more. */
  forgetOldWrites(): void {
    this.state.pending = this.state.pending.filter(
      (write) => write.inFlight || this.nowMs < write.sentAtMs + this.holdDurationMs,
    );
  }

  writeInFlight(purposes: readonly WritePurpose[]): PendingWrite | undefined {
    return this.state.pending.find((write) => write.inFlight && purposes.includes(write.purpose));
  }

  /** Another try, soon but never closer than the spacing to the last write. */
  tryAgainSoon(): void {
    this.state.nextTryAtMs = Math.max(this.nowMs, this.state.lastWriteAtMs + WRITE_SPACING_MS);
  }

  /** Another try before the retry period is over: the last one may not have been applied. */
  tryAfterQuarter(): void {
    const { lastWriteAtMs, settings } = this.state;
    this.state.nextTryAtMs = Math.max(this.nowMs + WRITE_SPACING_MS, lastWriteAtMs + settings.retryPeriodMs / 4);
  }

  /** The write of ours whose number the record carries and whose answer is not known. */
  pendingIn(record: LeaseRecord): PendingWrite | undefined {
    const number = record.annotations[WRITE_ANNOTATION];
    return this.state.pending.find((write) => write.number === number);
  }

  /** Whether a consistent read that shows this record confirms a write of ours (rule 4). */
  isConfirmable(record: LeaseRecord): boolean {
    const write = this.pendingIn(record);
    if (write === undefined || write.purpose === "mark" || write.purpose === "create") return false;
    if (record.holderIdentity !== this.state.settings.identity) return false;
    return write.order > this.state.voidedThrough && this.nowMs < write.sentAtMs + this.holdDurationMs;
  }
}
