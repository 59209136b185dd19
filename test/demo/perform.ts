/** Plays the story: act after act, each until the VIP was served calmly, while the screen is kept up to date. */
import { monotonicMs, sleep } from "../bed/wait.ts";
import type { Cast } from "./cast.ts";
import type { Span } from "./outcome.ts";
import { sceneOf } from "./scene.ts";
import type { Screen } from "./screen.ts";
import type { Act } from "./story.ts";

/** A lease runs out, its taker asks the segment, and a pod's programs start: on a busy machine twice that. */
const ACT_MAX_MS = 20_000;
/** Of the 90 s that the demo may take; the rest is for the namespaces before and the table after. */
const STORY_MAX_MS = 80_000;
const LOOK_EVERY_MS = 50;
const SHOW_EVERY_MS = 200;
/** The connector gives up after 250 ms and tells every 50 ms: only then is the outcome of each attempt known. */
const DECIDED_AFTER_MS = 400;

/** A connection that was under way when an act began belongs to that act: it may be lost by it. */
const UNDER_WAY_MS = 50;
/** A machine with too few free cores loses connections that nobody took away; the table counts them all the same. */
const NOISE = 0.03;

/** The acts that were played; one that cannot be played ends the story. An act whose calm never came ends after 20 s all the same: its row tells. */
export async function perform(story: readonly Act[], cast: Cast, screen: Screen): Promise<readonly Span[]> {
  const startMs = monotonicMs();
  const began: { readonly act: Act; readonly atMs: number }[] = [];
  const show = (): void => {
    const current = began.at(-1);
    if (current === undefined) return;
    cast.readLogs();
    const act = { ...current.act, number: began.length, of: story.length };
    screen.show(sceneOf(cast, { nowMs: monotonicMs(), startMs, actsBeganAtMs: began.map(({ atMs }) => atMs), act }));
  };
  const showing = setInterval(show, SHOW_EVERY_MS);
  try {
    for (const act of story) {
      const atMs = monotonicMs();
      if (atMs - startMs > STORY_MAX_MS) break;
      began.push({ act, atMs });
      show();
      const untilMs = Math.min(atMs + ACT_MAX_MS, startMs + STORY_MAX_MS);
      const problem = await played(act, cast, untilMs);
      if (problem !== undefined) {
        began.pop();
        screen.say(`The act "${act.event}" could not be played: ${problem}`);
        break;
      }
      await calm(cast, act.calmMs, untilMs);
    }
    show();
  } finally {
    clearInterval(showing);
  }
  const endMs = monotonicMs();
  const beginnings = began.map(({ atMs }, index) => (index === 0 ? atMs : atMs - UNDER_WAY_MS));
  return began.map(({ act }, index) => ({
    event: act.event,
    fromMs: beginnings[index] ?? startMs,
    toMs: beginnings[index + 1] ?? endMs,
  }));
}

/** Why the act could not be played to its end until then; undefined: it was. */
async function played(act: Act, cast: Cast, untilMs: number): Promise<string | undefined> {
  const leftMs = Math.max(0, untilMs - monotonicMs());
  const late = sleep(leftMs).then(() => `it took longer than ${Math.round(leftMs / 1000)} s.`);
  const done = act.play(cast).then(
    () => undefined,
    (error: unknown) => (error instanceof Error ? error.message : String(error)),
  );
  return await Promise.race([done, late]);
}

/** Resolves when nothing but noise was lost for `calmMs` and every running replica knows its place, or at `untilMs`. */
async function calm(cast: Cast, calmMs: number, untilMs: number): Promise<void> {
  const sinceMs = monotonicMs();
  while (monotonicMs() < untilMs) {
    await sleep(LOOK_EVERY_MS);
    cast.readLogs();
    const decidedMs = monotonicMs() - DECIDED_AFTER_MS;
    if (decidedMs - calmMs < sinceMs || !isSettled(cast)) continue;
    const sides = [cast.observers.worker, cast.observers.client];
    const reports = sides.map((side) => side.report(decidedMs - calmMs, decidedMs));
    if (reports.every(({ tried, lost }) => tried > 0 && lost <= tried * NOISE)) return;
  }
}

/** One holder, everybody else a standby. */
function isSettled({ replicas, chronicle }: Cast): boolean {
  const roles = replicas.filter(({ runs }) => runs).map(({ name }) => chronicle.role(name));
  const holders = roles.filter((role) => role === "holder").length;
  return holders === 1 && roles.every((role) => role === "holder" || role === "standby");
}
