/**
 * When to announce, and who is known to have taken notice: pure, virtual time. A burst at once, repeats at 50, 200,
 * 1100 and 2200 ms (a lost frame; a kernel that ignores what comes within a second of the last change), then one frame
 * a second for 10 s, then one every 10 s (switches forget after 300 s). The questions to neighbours are repeated only
 * to those that have not answered; while there are such, up to five frames every 150 ms until 12 s are over, for a segment
 * that was cut and heals. Nothing is sent at or after the deadline: every effect carries it, since the process may be stopped
 * between this decision and the send.
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
      /** When those that have not answered are sought next; never: Infinity. */
      readonly seekAtMs: number;
      readonly asked: readonly Asked[];
    };

export type ScheduleEvent =
  /** The VIP is on the link. Also for a second burst while announcing: after a link that came back. */
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
  /** Once to everybody, out of turn: somebody else was believed to have the VIP. */
  | { readonly t: "again"; readonly nowMs: number }
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
/** A worker that a cut kept from hearing of a takeover is served within 200 ms of the heal. */
const SEEK_EVERY_MS = 150;
const SEEK_FROM_MS = 350;
/** Some are gone for good; who is not asked hears the announcement all the same. */
const SOUGHT_MAX = 4;

export function step(state: ScheduleState, event: ScheduleEvent): Step {
  if (event.t === "start") return start(event);
  if (event.t === "resume") return resume(event);
  if (state.t === "silent") return [state, []];
  switch (event.t) {
    case "neighbours":
      return learn(state, event);
    case "again":
      return again(state, event.nowMs);
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
    seekAtMs: nowMs + SEEK_FROM_MS,
    asked,
  };
  const frames = [...announcements(claim), ...asked.map((neighbour) => question(claim, neighbour))];
  return [state, [...sends(state, frames), timer(state)]];
}

/** As an announcement that began long enough ago for its frames to be rare. */
function resume({ nowMs, claim, deadlineMs }: Extract<ScheduleEvent, { t: "resume" }>): Step {
  if (nowMs >= deadlineMs) return [SILENT, [{ t: "timer", atMs: undefined }]];
  const startedAtMs = nowMs - EACH_SECOND_UNTIL_MS;
  const dueAtMs = startedAtMs + nextDueMs(EACH_SECOND_UNTIL_MS);
  const seekAtMs = Number.POSITIVE_INFINITY;
  const state: Announcing = { t: "announcing", claim, startedAtMs, deadlineMs, dueAtMs, seekAtMs, asked: [] };
  return [state, [timer(state)]];
}

function learn(state: Announcing, { nowMs, neighbours }: Extract<ScheduleEvent, { t: "neighbours" }>): Step {
  if (nowMs >= state.deadlineMs) return [state, []];
  const asked = withNew(state.asked, neighbours);
  const frames = asked.slice(state.asked.length).map((neighbour) => question(state.claim, neighbour));
  const next = { ...state, asked, seekAtMs: Math.min(state.seekAtMs, nextSeekMs({ ...state, asked }, nowMs)) };
  return [next, [...sends(state, frames), timer(next)]];
}

/** To the neighbours by their MAC addresses: what they have of ours is out of date, not what we have of theirs. */
function again(state: Announcing, nowMs: number): Step {
  if (nowMs >= state.deadlineMs) return [state, []];
  const questions = state.asked.map((neighbour) => question(state.claim, neighbour));
  return [state, sends(state, [...announcements(state.claim), ...questions])];
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
  const isDue = nowMs >= state.dueAtMs;
  const isSought = nowMs >= state.seekAtMs;
  // Timers may fire early by a fraction of a millisecond.
  if (!isDue && !isSought) return [state, [timer(state)]];
  const frames = isDue ? dueFrames(state) : soughtFrames(state);
  const next: Announcing = {
    ...state,
    // After a pause what was missed is sent once, not once per missed time.
    dueAtMs: isDue ? state.startedAtMs + nextDueMs(nowMs - state.startedAtMs) : state.dueAtMs,
    seekAtMs: isSought ? nextSeekMs(state, nowMs) : state.seekAtMs,
  };
  return [next, [...sends(state, frames), timer(next)]];
}

function nextSeekMs(state: Announcing, nowMs: number): number {
  const isSeeking = waiting(state).length > 0 && nowMs - state.startedAtMs < EACH_SECOND_UNTIL_MS;
  return isSeeking ? Math.max(nowMs + SEEK_EVERY_MS, state.startedAtMs + SEEK_FROM_MS) : Number.POSITIVE_INFINITY;
}

function waiting({ asked }: Announcing): readonly Asked[] {
  return asked.filter(({ acknowledgedAfterMs }) => acknowledgedAfterMs === undefined);
}

function soughtFrames(state: Announcing): readonly Uint8Array[] {
  const sought = waiting(state).slice(0, SOUGHT_MAX);
  if (sought.length === 0) return [];
  return [refresh(state.claim), ...sought.map(({ address }) => question(state.claim, { address, mac: undefined }))];
}

function timer({ dueAtMs, seekAtMs }: Announcing): ScheduleEffect {
  return { t: "timer", atMs: Math.min(dueAtMs, seekAtMs) };
}

function dueFrames(state: Announcing): readonly Uint8Array[] {
  const { claim, dueAtMs, startedAtMs } = state;
  if (dueAtMs - startedAtMs > LAST_REPEAT_MS) return [refresh(claim)];
  // By broadcast now: the MAC address that we know may be the very thing that is out of date.
  const questions = waiting(state).map(({ address }) => question(claim, { address, mac: undefined }));
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
