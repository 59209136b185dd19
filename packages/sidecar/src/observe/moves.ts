/**
 * The VIP's last moves as this replica saw them: from whom to whom, why, and for how long nobody served it. Only what
 * is seen here counts: another replica knows its own part of a move better, and `status` puts the parts together.
 */
import type { HolderChangeCause } from "../election/holder-change.ts";
import type { Happening } from "./happening.ts";

export type MoveCause =
  | Exclude<HolderChangeCause, "learnt">
  /** This replica's own hold was over for a while, and nobody else took the Lease. */
  | "interrupted";

export interface Move {
  /** RFC 3339: when the new holder was seen in the Lease. */
  readonly time: string;
  /** holderIdentity; null: nobody, or not known. */
  readonly from: string | null;
  readonly to: string;
  readonly cause: MoveCause;
  /** In the words of the replica that held before, which alone knows them: why its hold ended. */
  readonly reason: string | null;
  /** leaseTransitions, by which replicas know that they speak of the same move. */
  readonly transitions: number | null;
  /**
   * From the last moment that the VIP is known to have been served (own silence, a mark, a renewal seen) to the first
   * that it is again (own first frame, or the new holder seen). Never less than nobody served it, but for the time that
   * news takes. null: not known, or not over.
   */
  readonly unservedMs: number | null;
}

type HolderChanged = Extract<Happening, { t: "holder-changed" }>;

const MOVES_MAX = 16;

export class Moves {
  readonly #identity: string;
  #list: readonly Move[] = [];
  /** Nobody has the Lease; why, and who had it. */
  #vacancy: { readonly from: string; readonly cause: MoveCause; readonly sinceMs: number } | undefined;
  /** This replica fell silent, and why its hold ended. */
  #silentSinceMs: number | undefined;
  #reason: string | null = null;
  /** The newest move is to this replica, whose first frame is not out yet; when the VIP was last served. */
  #arriving: { readonly servedMs: number | undefined } | undefined;

  constructor(identity: string) {
    this.#identity = identity;
  }

  /** At most 16, the newest first. */
  get list(): readonly Move[] {
    return this.#list;
  }

  /** @param nowMs monotonic @param time RFC 3339, for people */
  record(happening: Happening, nowMs: number, time: string): void {
    switch (happening.t) {
      case "transition":
        if (endsHold(happening)) this.#reason = happening.reason;
        if (happening.machine === "vip" && happening.to === "lapsed") this.#silentSinceMs ??= nowMs;
        return;
      case "silenced":
        this.#silentSinceMs ??= nowMs;
        return;
      case "holder-changed":
        return this.#changed(happening, nowMs, time);
      case "took":
        return this.#took(happening.transitions, nowMs, time);
      default:
        return;
    }
  }

  #changed(change: HolderChanged, nowMs: number, time: string): void {
    const { from, to, cause } = change;
    if (from !== undefined && to === undefined && cause !== "learnt") {
      this.#vacancy = { from, cause, sinceMs: this.#ownSilence(from) ?? nowMs };
      return;
    }
    if (to !== undefined && cause !== "learnt") this.#moved({ ...change, to, cause }, nowMs, time);
    this.#vacancy = undefined;
    this.#silentSinceMs = undefined;
    this.#reason = null;
  }

  #moved(change: HolderChanged & { readonly to: string; readonly cause: MoveCause }, nowMs: number, time: string) {
    const { to, transitions = null } = change;
    const vacancy = change.from === undefined ? this.#vacancy : undefined;
    const from = change.from ?? vacancy?.from;
    const cause = vacancy?.cause ?? change.cause;
    const servedMs =
      vacancy?.sinceMs ?? this.#ownSilence(from) ?? (from === undefined ? undefined : nowMs - change.knownForMs);
    const reason = from === this.#identity ? this.#reason : null;
    const arrives = to === this.#identity && cause !== "adopted";
    const unservedMs = cause === "adopted" ? 0 : arrives ? null : since(servedMs, nowMs);
    this.#remember({ time, from: from ?? null, to, cause, reason, transitions, unservedMs });
    this.#arriving = arrives ? { servedMs } : undefined;
  }

  /** Undefined: it is not this replica, or has not fallen silent yet. */
  #ownSilence(identity: string | undefined): number | undefined {
    return identity === this.#identity ? this.#silentSinceMs : undefined;
  }

  #took(transitions: number, nowMs: number, time: string): void {
    const [newest, ...older] = this.#list;
    if (newest !== undefined && this.#arriving !== undefined) {
      this.#list = [{ ...newest, unservedMs: since(this.#arriving.servedMs, nowMs) }, ...older];
    } else if (this.#silentSinceMs !== undefined) {
      const [from, to, reason] = [this.#identity, this.#identity, this.#reason];
      const unservedMs = since(this.#silentSinceMs, nowMs);
      this.#remember({ time, from, to, cause: "interrupted", reason, transitions, unservedMs });
    }
    this.#arriving = undefined;
    this.#silentSinceMs = undefined;
    this.#reason = null;
  }

  #remember(move: Move): void {
    this.#list = [move, ...this.#list].slice(0, MOVES_MAX);
  }
}

/** The election's word for it, or the gate's that closed before the next renewal. */
function endsHold({ machine, from, to }: Extract<Happening, { t: "transition" }>): boolean {
  return (machine === "election" && from === "holding") || (machine === "vip" && from === "held" && to === "lapsed");
}

function since(atMs: number | undefined, nowMs: number): number | null {
  return atMs === undefined ? null : nowMs - atMs;
}
