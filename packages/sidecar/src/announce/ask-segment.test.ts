import { ip, mac } from "@vcluster-kube-vip/routing/testing";
import { expect, test } from "vitest";
import { type AskEffect, type AskEvent, type AskState, IDLE, step } from "./ask-segment.ts";
import { type Claim, probe } from "./forms.ts";

const self: Claim = { vip: ip("10.100.0.100"), mac: mac("02:00:00:00:00:03") };
const holder = mac("02:00:00:00:00:04");
const second = mac("02:00:00:00:00:05");

/** Plays events; ticks come when asked for, or later by a pause. Returns what happened, with its time. */
function play(
  events: readonly (AskEvent & { atMs?: number })[],
  pauses: readonly { fromMs: number; toMs: number }[] = [],
) {
  let state: AskState = IDLE;
  let timer: number | undefined;
  const log: string[] = [];
  const feed = (event: AskEvent, nowMs: number) => {
    let effects: readonly AskEffect[];
    [state, effects] = step(state, event);
    for (const effect of effects) {
      if (effect.t === "timer") timer = effect.atMs;
      else if (effect.t === "send") {
        expect(effect.frame).toEqual(probe(self));
        log.push(`${nowMs} probe`);
      } else log.push(`${nowMs} answered by ${effect.answeredBy.join(" ") || "nobody"}`);
    }
  };
  const queue = events.map((event) => ({ event, atMs: "nowMs" in event ? event.nowMs : (event.atMs ?? 0) }));
  for (let steps = 0; steps < 100 && (queue.length > 0 || timer !== undefined); steps += 1) {
    const [next] = queue;
    if (timer !== undefined && (next === undefined || timer <= next.atMs)) {
      const atMs: number = timer;
      timer = undefined;
      const nowMs = pauses.find(({ fromMs, toMs }) => atMs >= fromMs && atMs < toMs)?.toMs ?? atMs;
      feed({ t: "tick", nowMs }, nowMs);
    } else if (next !== undefined) {
      queue.shift();
      feed(next.event, next.atMs);
    }
    if (state.t === "idle") timer = undefined;
  }
  return log;
}

const start: AskEvent = { t: "start", nowMs: 0, self };

test("three probes, then the verdict at 60 ms: nobody", () => {
  expect(play([start])).toEqual(["0 probe", "15 probe", "30 probe", "60 answered by nobody"]);
});

test("who answers is named, once each, though the answers be many", () => {
  const answers: readonly (AskEvent & { atMs: number })[] = [
    { t: "answered", mac: holder, atMs: 1 },
    { t: "answered", mac: holder, atMs: 16 },
    { t: "answered", mac: second, atMs: 31 },
  ];
  expect(play([start, ...answers]).at(-1)).toBe(`60 answered by ${holder} ${second}`);
});

test("an answer in the last millisecond counts", () => {
  expect(play([start, { t: "answered", mac: holder, atMs: 59 }]).at(-1)).toBe(`60 answered by ${holder}`);
});

test("a pause before the verdict costs one more probe: the answers may be unread", () => {
  expect(play([start], [{ fromMs: 40, toMs: 500 }])).toEqual([
    "0 probe",
    "15 probe",
    "30 probe",
    "500 probe",
    "530 answered by nobody",
  ]);
});

test("after a pause between probes the last one still has its 30 ms", () => {
  expect(play([start], [{ fromMs: 10, toMs: 200 }])).toEqual([
    "0 probe",
    "200 probe",
    "215 probe",
    "245 answered by nobody",
  ]);
});

test("a machine that is always late gets its verdict after twelve probes", () => {
  let [state] = step(IDLE, start);
  let probes = 1;
  for (let nowMs = 100; state.t === "asking" && probes < 100; nowMs += 100) {
    const [next, effects] = step(state, { t: "tick", nowMs });
    probes += effects.filter(({ t }) => t === "send").length;
    state = next;
  }
  expect([state, probes]).toEqual([IDLE, 12]);
});

test("stopped, it decides nothing", () => {
  expect(play([start, { t: "stop", atMs: 20 }])).toEqual(["0 probe", "15 probe"]);
});

test("an answer to nothing changes nothing", () => {
  expect(step(IDLE, { t: "answered", mac: holder })).toEqual([IDLE, []]);
  expect(step(IDLE, { t: "tick", nowMs: 5 })).toEqual([IDLE, []]);
});

test("the names of at most sixteen are kept", () => {
  let [state] = step(IDLE, start);
  for (let i = 0; i < 40; i += 1) {
    [state] = step(state, { t: "answered", mac: mac(`02:00:00:00:01:${(10 + i).toString()}`) });
  }
  expect(state).toMatchObject({ t: "asking", answeredBy: { length: 16 } });
});
