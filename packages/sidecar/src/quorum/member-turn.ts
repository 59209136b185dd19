/**
 * The scratch of one step of a member, and what its machines say to each other in it: an acknowledgement is a measurement,
 * a challenge goes to the own promiser first. Small verbs only; what a holder does is in holding.ts.
 */
import { type AdmissionState, stepAdmission, type Verdict } from "./admission.ts";
import { type ChallengerEvent, type ChallengerState, stepChallenger } from "./challenger.ts";
import { type HeartbeatsEvent, type HeartbeatsState, stepHeartbeats } from "./heartbeats.ts";
import type { Destination, HeldTerm, QuorumMessage, Voter } from "./port.ts";
import type { ProbesState } from "./probes.ts";
import { type PromiserState, stepPromiser } from "./promiser.ts";
import type { Standing } from "./standing.ts";

export interface MemberState {
  readonly identity: string;
  readonly promiser: PromiserState;
  readonly heartbeats: HeartbeatsState;
  readonly challenger: ChallengerState;
  readonly admission: AdmissionState;
  readonly probes: ProbesState;
  readonly standing: Standing;
  /** The last term that promises were asked for: none is asked for again when it is over. */
  readonly lastTerm: number;
  readonly judgedAtMs: number;
}

/** What the election is told. */
export type QuorumNews =
  | {
      readonly t: "quorum-promised";
      readonly term: number;
      readonly voters: readonly Voter[];
      /** The quorum's deadline, own monotonic clock. */
      readonly untilMs: number;
    }
  | { readonly t: "quorum-left"; readonly reason: string }
  | { readonly t: "quorum-proof"; readonly against: HeldTerm };

export type MemberEffect =
  | { readonly t: "send"; readonly message: QuorumMessage; readonly to: Destination }
  | { readonly t: "tell"; readonly news: QuorumNews }
  /** Said at each change of the verdict or its reason. */
  | { readonly t: "verdict"; readonly verdict: Verdict };

type Mutable<T> = { -readonly [K in keyof T]: T[K] };

/** The scratch of one step. */
export interface Turn {
  readonly nowMs: number;
  readonly state: Mutable<MemberState>;
  readonly effects: MemberEffect[];
}

export function heard(turn: Turn, identity: string, roundTripMs: number): void {
  turn.state.admission = stepAdmission(turn.state.admission, {
    t: "answered",
    identity,
    roundTripMs,
    nowMs: turn.nowMs,
  });
}

export function beats(turn: Turn, event: HeartbeatsEvent): void {
  const [heartbeats, effects] = stepHeartbeats(turn.state.heartbeats, event);
  turn.state.heartbeats = heartbeats;
  for (const effect of effects) {
    if (effect.t === "send") turn.effects.push({ ...effect, to: { t: "all" } });
    else if (effect.t === "answered") heard(turn, effect.identity, effect.roundTripMs);
    else if (heartbeats.t === "beating") {
      const { held, voters } = heartbeats;
      const news: QuorumNews = { t: "quorum-promised", term: held.term, voters, untilMs: effect.untilMs };
      turn.effects.push({ t: "tell", news });
    }
  }
}

export function challenges(turn: Turn, event: ChallengerEvent): void {
  const { state, nowMs } = turn;
  const [challenger, effects] = stepChallenger(state.challenger, event);
  state.challenger = challenger;
  for (const effect of effects) {
    if (effect.t === "proof") {
      turn.effects.push({ t: "tell", news: { t: "quorum-proof", against: effect.against } });
      continue;
    }
    turn.effects.push({ ...effect, to: { t: "all" } });
    const [promiser, said] = stepPromiser(state.promiser, { nowMs, message: effect.message });
    state.promiser = promiser;
    if (said?.kind === "help") challenges(turn, { t: "help", message: said, nowMs });
  }
}
