/** Probes of a holder that does not use the quorum: who speaks it, and how long do answers take? Promises nothing. */
import type { QuorumMessage } from "./port.ts";

const PROBE_EVERY_MS = 1_000;

export interface ProbesState {
  readonly identity: string;
  readonly sequence: number;
  readonly sentAtMs: number;
}

export function initialProbes(identity: string): ProbesState {
  return { identity, sequence: 0, sentAtMs: Number.NEGATIVE_INFINITY };
}

/** The next probe, where one is due. */
export function stepProbes(state: ProbesState, nowMs: number): [ProbesState, QuorumMessage | undefined] {
  if (nowMs < nextProbeMs(state)) return [state, undefined];
  const sequence = state.sequence + 1;
  const message: QuorumMessage = {
    kind: "probe",
    sender: state.identity,
    sequence,
    holderIdentity: "",
    leaseTransitions: 0,
    term: 0,
    promiseDurationMs: 0,
  };
  return [{ ...state, sequence, sentAtMs: nowMs }, message];
}

export function nextProbeMs({ sentAtMs }: ProbesState): number {
  return sentAtMs + PROBE_EVERY_MS;
}

/** Undefined: an answer to another probe than the last, which says nothing of now. */
export function roundTripOf(state: ProbesState, answer: QuorumMessage, nowMs: number): number | undefined {
  return answer.sequence === state.sequence ? nowMs - state.sentAtMs : undefined;
}
