/**
 * When to announce, and who is known to have taken notice: pure, virtual time. A burst at once, repeats at 50, 200,
 * 1100 and 2200 ms (a lost frame; a kernel that ignores what comes within a second of the last change), then one frame
 * a second for 10 s, then one every 10 s (switches forget after 300 s). The questions to neighbours are repeated only
 * to those that have not answered. Nothing is sent at or after the deadline: every effect carries it, since the process
 * may be stopped between this decision and the send.
 */
import type { IpAddress, MacAddress } from "@vcluster-kube-vip/routing";
import { announcements, type Claim, type Neighbour, question, refresh } from "./forms.ts";

interface Asked extends Neighbour {
  /** After the start of the announcement; undefined: no answer yet. */
  readonly acknowledgedAfterMs: number | undefined;
}

export type ScheduleState =
  | { readonly t: "silent" }
  | {
      readonly t: "announcing";
      readonly claim: Claim;
      readonly startedAtMs: number;
      readonly deadlineMs: number;
      readonly dueAtMs: number;
      readonly asked: readonly Asked[];
    };

export type ScheduleEvent =
  /** The VIP is on the link. Also for a second burst while announcing: after a foreign claim, or a link that came back. */
  | {
      readonly t: "start";
      readonly nowMs: number;
      readonly claim: Claim;
      readonly neighbours: readonly Neighbour[];
      readonly deadlineMs: number;
    }
  /** The VIP has been here all along: the steady frames go on, without a burst and without questions. */
  | { readonly t: "resume"; readonly nowMs: number; readonly claim: Claim; readonly deadlineMs: number }
  /** More neighbours became known: they are asked at once. */
  | { readonly t: "neighbours"; readonly nowMs: number; readonly neighbours: readonly Neighbour[] }
  /** A renewal moved the deadline. */
  | { readonly t: "extend"; readonly deadlineMs: number }
  | {
      readonly t: "acknowledged";
      readonly nowMs: number;
      readonly address: IpAddress;
      readonly mac: MacAddress;
    }
  | { readonly t: "tick"; readonly nowMs: number }
  | { readonly t: "stop" };

export type ScheduleEffect =
  /** To be sent only before deadlineMs, which is to be looked at again right before. */
  | { readonly t: "send"; readonly frame: Uint8Array; readonly deadlineMs: number }
  /** Tick then; replaces the timer before. undefined: no timer. */
  | { readonly t: "timer"; readonly atMs: number | undefined }
  | {
      readonly t: "acknowledged";
      readonly address: IpAddress;
      readonly mac: MacAddress;
      readonly afterMs: number;
    };

type Announcing = Extract<ScheduleState, { t: "announcing" }>;
type Step = readonly [ScheduleState, readonly ScheduleEffect[]];

export const SILENT: ScheduleState = { t: "silent" };

/** More would be a burst of its own; the rest learns from the broadcasts. */
const ASKED_MAX = 256;
const REPEATS_MS = [50, 200, 1100, 2200] as const;
const LAST_REPEAT_MS = 2200;
const EACH_SECOND_UNTIL_MS = 12_200;

export function step(state: ScheduleState, event: ScheduleEvent): Step {
  if (event.t === "start") return start(event);
  if (event.t === "resume") return resume(event);
  if (state.t === "silent") return [state, []];
  switch (event.t) {
    case "neighbours":
      return learn(state, event);
    case "extend":
      return [{ ...state, deadlineMs: event.deadlineMs }, []];
    case "acknowledged":
      return acknowledge(state, event);
    case "tick":
      return tick(state, event.nowMs);
    case "stop":
      return [SILENT, [{ t: "timer", atMs: undefined }]];
  }
}

/** The next time that something is due, in ms after the start; strictly later than elapsedMs. */
export function nextDueMs(elapsedMs: number): number {
  const repeat = REPEATS_MS.find((at) => at > elapsedMs);
  if (repeat !== undefined) return repeat;
  const [fromMs, everyMs] = elapsedMs < EACH_SECOND_UNTIL_MS ? [LAST_REPEAT_MS, 1000] : [EACH_SECOND_UNTIL_MS, 10_000];
  return fromMs + (Math.floor((elapsedMs - fromMs) / everyMs) + 1) * everyMs;
}

function start({ nowMs, claim, neighbours, deadlineMs }: Extract<ScheduleEvent, { t: "start" }>): Step {
  if (nowMs >= deadlineMs) return [SILENT, [{ t: "timer", atMs: undefined }]];
  const asked = withNew([], neighbours);
  const state: Announcing = {
    t: "announcing",
    claim,
    startedAtMs: nowMs,
    deadlineMs,
    dueAtMs: nowMs + nextDueMs(0),
    asked,
  };
  const frames = [...announcements(claim), ...asked.map((neighbour) => question(claim, neighbour))];
  return [state, [...sends(state, frames), { t: "timer", atMs: state.dueAtMs }]];
}

/** As an announcement that began long enough ago for its frames to be rare. */
function resume({ nowMs, claim, deadlineMs }: Extract<ScheduleEvent, { t: "resume" }>): Step {
  if (nowMs >= deadlineMs) return [SILENT, [{ t: "timer", atMs: undefined }]];
  const startedAtMs = nowMs - EACH_SECOND_UNTIL_MS;
  const dueAtMs = startedAtMs + nextDueMs(EACH_SECOND_UNTIL_MS);
  const state: Announcing = { t: "announcing", claim, startedAtMs, deadlineMs, dueAtMs, asked: [] };
  return [state, [{ t: "timer", atMs: dueAtMs }]];
}

function learn(state: Announcing, { nowMs, neighbours }: Extract<ScheduleEvent, { t: "neighbours" }>): Step {
  if (nowMs >= state.deadlineMs) return [state, []];
  const asked = withNew(state.asked, neighbours);
  const frames = asked.slice(state.asked.length).map((neighbour) => question(state.claim, neighbour));
  return [{ ...state, asked }, sends(state, frames)];
}

function acknowledge(state: Announcing, event: Extract<ScheduleEvent, { t: "acknowledged" }>): Step {
  const { address, mac } = event;
  const waited = state.asked.find((neighbour) => neighbour.address === address);
  if (waited === undefined || waited.acknowledgedAfterMs !== undefined) return [state, []];
  const afterMs = event.nowMs - state.startedAtMs;
  const answered: Asked = { address, mac, acknowledgedAfterMs: afterMs };
  const asked = state.asked.map((neighbour) => (neighbour === waited ? answered : neighbour));
  return [{ ...state, asked }, [{ t: "acknowledged", address, mac, afterMs }]];
}

function tick(state: Announcing, nowMs: number): Step {
  if (nowMs >= state.deadlineMs) return [SILENT, [{ t: "timer", atMs: undefined }]];
  // Timers may fire early by a fraction of a millisecond.
  if (nowMs < state.dueAtMs) return [state, [{ t: "timer", atMs: state.dueAtMs }]];
  const frames = dueFrames(state);
  // After a pause what was missed is sent once, not once per missed time.
  const next = { ...state, dueAtMs: state.startedAtMs + nextDueMs(nowMs - state.startedAtMs) };
  return [next, [...sends(state, frames), { t: "timer", atMs: next.dueAtMs }]];
}

function dueFrames({ claim, asked, dueAtMs, startedAtMs }: Announcing): readonly Uint8Array[] {
  if (dueAtMs - startedAtMs > LAST_REPEAT_MS) return [refresh(claim)];
  const waiting = asked.filter(({ acknowledgedAfterMs }) => acknowledgedAfterMs === undefined);
  // By broadcast now: the MAC address that we know may be the very thing that is out of date.
  const questions = waiting.map(({ address }) => question(claim, { address, mac: undefined }));
  return [...announcements(claim), ...questions];
}

function withNew(asked: readonly Asked[], neighbours: readonly Neighbour[]): readonly Asked[] {
  const known = new Map(asked.map((neighbour) => [neighbour.address, neighbour]));
  for (const { address, mac } of neighbours) {
    if (known.size === ASKED_MAX) break;
    if (!known.has(address)) known.set(address, { address, mac, acknowledgedAfterMs: undefined });
  }
  return [...known.values()];
}

function sends({ deadlineMs }: Announcing, frames: readonly Uint8Array[]): readonly ScheduleEffect[] {
  return frames.map((frame) => ({ t: "send", frame, deadlineMs }));
}
