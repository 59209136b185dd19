import { ip, mac } from "@vcluster-kube-vip/routing/testing";
import fc from "fast-check";
import { expect, test } from "vitest";
import { announcements, type Claim, type Neighbour, question, refresh } from "./forms.ts";
import { nextDueMs, type ScheduleEffect, type ScheduleEvent, type ScheduleState, SILENT, step } from "./schedule.ts";
import { hex } from "./testing/frames.ts";

const claim: Claim = { vip: ip("10.100.0.100"), mac: mac("02:00:00:00:00:03") };
const gateway: Neighbour = { address: ip("10.100.0.1"), mac: undefined };
const worker: Neighbour = { address: ip("10.100.0.9"), mac: mac("02:00:00:00:00:09") };
const far = Number.MAX_SAFE_INTEGER;

/** What a frame is for, in a word. */
const names = new Map([
  ...announcements(claim).map((frame, i) => [hex(frame), i === 0 ? "request" : "reply"] as const),
  [hex(question(claim, gateway)), "gateway?"] as const,
  [hex(question(claim, worker)), "worker?"] as const,
  [hex(question(claim, { ...worker, mac: undefined })), "worker?(broadcast)"] as const,
]);

interface Played {
  /** "50 request reply": what was sent at which time. */
  readonly sent: readonly string[];
  readonly state: ScheduleState;
  readonly timer: number | undefined;
}

/** Feeds events in their order and a tick at each time asked for, until then; ticks come lateMs late. */
function play(events: readonly (ScheduleEvent & { atMs: number })[], untilMs: number, lateMs = 0): Played {
  let state = SILENT;
  let timer: number | undefined;
  const sent = new Map<number, string[]>();
  const feed = (event: ScheduleEvent, nowMs: number) => {
    let effects: readonly ScheduleEffect[];
    [state, effects] = step(state, event);
    for (const effect of effects) {
      if (effect.t === "timer") timer = effect.atMs;
      if (effect.t !== "send") continue;
      expect(nowMs).toBeLessThan(effect.deadlineMs);
      sent.set(nowMs, [...(sent.get(nowMs) ?? []), names.get(hex(effect.frame)) ?? "unknown"]);
    }
  };
  const queue = [...events];
  for (let turns = 0; turns < 10_000; turns += 1) {
    const tickAtMs = timer === undefined ? far : timer + lateMs;
    const [next] = queue;
    if (Math.min(tickAtMs, next?.atMs ?? far) > untilMs) break;
    if (next !== undefined && next.atMs <= tickAtMs) {
      queue.shift();
      feed(next, next.atMs);
    } else {
      timer = undefined;
      feed({ t: "tick", nowMs: tickAtMs }, tickAtMs);
    }
  }
  return { sent: [...sent].map(([atMs, frames]) => `${atMs} ${frames.join(" ")}`), state, timer };
}

function start(
  deadlineMs = far,
  neighbours: readonly Neighbour[] = [gateway, worker],
): ScheduleEvent & { atMs: number } {
  return { t: "start", nowMs: 0, atMs: 0, claim, neighbours, deadlineMs };
}

function acknowledged({ address }: Neighbour, atMs: number): ScheduleEvent & { atMs: number } {
  return { t: "acknowledged", nowMs: atMs, atMs, address, mac: mac("02:00:00:00:00:09") };
}

test("unanswered, the burst is repeated at 50, 200, 1100 and 2200 ms, questions by broadcast", () => {
  expect(play([start()], 2500).sent.filter((line) => line.includes("reply"))).toEqual([
    "0 request reply gateway? worker?",
    "50 request reply gateway? worker?(broadcast)",
    "200 request reply gateway? worker?(broadcast)",
    "1100 request reply gateway? worker?(broadcast)",
    "2200 request reply gateway? worker?(broadcast)",
  ]);
});

test("those that have not answered are sought every 150 ms, until 12 s are over", () => {
  const sought = (events: Parameters<typeof play>[0], untilMs: number) =>
    play(events, untilMs).sent.filter((line) => !line.includes("reply") && line.includes("?"));
  expect(sought([start()], 700)).toEqual([350, 500, 650].map((atMs) => `${atMs} request gateway? worker?(broadcast)`));
  expect(sought([start(), acknowledged(gateway, 400), acknowledged(worker, 600)], 60_000)).toEqual([
    "350 request gateway? worker?(broadcast)",
    "500 request worker?(broadcast)",
  ]);
  const last = sought([start()], 60_000).at(-1) ?? "";
  expect(Number(last.split(" ")[0])).toBeLessThan(12_400);
});

test("who has answered is not asked again; the broadcasts go on for those that nobody knows", () => {
  expect(play([start(), acknowledged(worker, 1), acknowledged(gateway, 60)], 300).sent).toEqual([
    "0 request reply gateway? worker?",
    "50 request reply gateway?",
    "200 request reply",
  ]);
});

test("then one frame a second for ten seconds, then one every ten", () => {
  const times = play([start(far, [])], 43_000).sent.slice(5);
  const seconds = [3200, 4200, 5200, 6200, 7200, 8200, 9200, 10_200, 11_200, 12_200];
  expect(times).toEqual([...seconds, 22_200, 32_200, 42_200].map((atMs) => `${atMs} request`));
});

test("each acknowledgement is told once, with the time it took", () => {
  const [announcing] = step(SILENT, start());
  const [told, effects] = step(announcing, acknowledged(worker, 7));
  expect(effects).toEqual([{ t: "acknowledged", address: worker.address, mac: worker.mac, afterMs: 7 }]);
  expect(step(told, acknowledged(worker, 9))).toEqual([told, []]);
  expect(told).toMatchObject({ asked: [{ acknowledgedAfterMs: undefined }, { acknowledgedAfterMs: 7 }] });
});

test("an answer of somebody who was not asked is nothing", () => {
  const [announcing] = step(SILENT, start());
  expect(step(announcing, acknowledged({ ...worker, address: ip("10.100.0.77") }, 7))).toEqual([announcing, []]);
});

test("neighbours that become known later are asked at once, and with the others from then on", () => {
  const more: ScheduleEvent & { atMs: number } = { t: "neighbours", nowMs: 2, atMs: 2, neighbours: [gateway, worker] };
  expect(play([start(far, [gateway]), more], 100).sent).toEqual([
    "0 request reply gateway?",
    "2 worker?",
    "50 request reply gateway? worker?(broadcast)",
  ]);
});

test("the deadline ends the sending, and with it the timer", () => {
  expect(play([start(200)], 60_000)).toEqual({
    sent: ["0 request reply gateway? worker?", "50 request reply gateway? worker?(broadcast)"],
    state: SILENT,
    timer: undefined,
  });
});

test("a renewed deadline goes on without a new burst", () => {
  const { sent } = play([start(200, []), { t: "extend", deadlineMs: 1000, atMs: 100 }], 60_000);
  expect(sent.map((line) => line.split(" ")[0])).toEqual(["0", "50", "200"]);
});

test("nothing is sent on a deadline that has passed already", () => {
  expect(play([start(0)], 60_000)).toEqual({ sent: [], state: SILENT, timer: undefined });
});

test("neighbours that become known after the deadline are not asked", () => {
  const [announcing] = step(SILENT, start(100, []));
  expect(step(announcing, { t: "neighbours", nowMs: 100, neighbours: [worker] })[1]).toEqual([]);
});

test("after a stop there is silence", () => {
  expect(play([start(), { t: "stop", atMs: 60 }], 60_000)).toMatchObject({ sent: { length: 2 }, state: SILENT });
});

test("what is resumed goes on with the rare frames, and asks nobody", () => {
  const resumed = { t: "resume", nowMs: 0, atMs: 0, claim, deadlineMs: far } as const;
  expect(play([resumed], 25_000).sent).toEqual(["10000 request", "20000 request"]);
  expect(play([{ ...resumed, deadlineMs: 10_000 }], 25_000)).toMatchObject({ sent: [], timer: undefined });
  expect(play([{ ...resumed, deadlineMs: 0 }], 25_000).state).toEqual(SILENT);
});

test("a second start is a second burst, acknowledged afresh", () => {
  const again = { ...start(), nowMs: 1000, atMs: 1000 } as ScheduleEvent & { atMs: number };
  expect(play([start(), acknowledged(worker, 1), acknowledged(gateway, 1), again], 1100).sent).toEqual([
    "0 request reply gateway? worker?",
    "50 request reply",
    "200 request reply",
    "1000 request reply gateway? worker?",
    "1050 request reply gateway? worker?(broadcast)",
  ]);
});

test("after a pause what was missed is sent once", () => {
  expect(play([start(far, [])], 12_000, 5000).sent).toEqual(["0 request reply", "5050 request reply", "10200 request"]);
});

test("a timer that fires too early is set again", () => {
  const [announcing] = step(SILENT, start());
  expect(step(announcing, { t: "tick", nowMs: 49.9 })).toEqual([announcing, [{ t: "timer", atMs: 50 }]]);
});

test("a large segment is asked in part: 256 at most", () => {
  const many = Array.from({ length: 1000 }, (_, i) => ({ address: ip(`10.100.${i >> 8}.${i & 255}`), mac: undefined }));
  const [, effects] = step(SILENT, start(far, many));
  expect(effects.filter(({ t }) => t === "send")).toHaveLength(2 + 256);
});

test.each<ScheduleEvent>([
  { t: "tick", nowMs: 5 },
  { t: "stop" },
  { t: "extend", deadlineMs: 5 },
  { t: "neighbours", nowMs: 5, neighbours: [worker] },
  { t: "acknowledged", nowMs: 5, address: ip("10.100.0.9"), mac: mac("02:00:00:00:00:09") },
])("silent, $t changes nothing", (event) => {
  expect(step(SILENT, event)).toEqual([SILENT, []]);
});

test("what is due next is always later, and never more than ten seconds away", () => {
  fc.assert(
    fc.property(fc.double({ min: 0, max: 1e9, noNaN: true }), (elapsedMs) => {
      const dueMs = nextDueMs(elapsedMs);
      expect(dueMs).toBeGreaterThan(elapsedMs);
      expect(dueMs - elapsedMs).toBeLessThanOrEqual(10_000);
    }),
  );
});

test("whatever happens, no frame goes out at or after the deadline it carries", () => {
  const time = fc.nat({ max: 5000 });
  const event = fc.oneof(
    time.map((nowMs) => ({ t: "tick", nowMs }) as const),
    time.map((deadlineMs) => ({ t: "extend", deadlineMs }) as const),
    time.map((nowMs) => ({ t: "neighbours", nowMs, neighbours: [worker] }) as const),
    fc.tuple(time, time).map(([nowMs, deadlineMs]) => ({ ...start(deadlineMs), nowMs }) as ScheduleEvent),
  );
  fc.assert(
    fc.property(fc.array(event, { maxLength: 30 }), (events) => {
      let state = SILENT;
      for (const each of events) {
        const [next, effects] = step(state, each);
        for (const effect of effects) {
          if (effect.t === "send") expect("nowMs" in each && each.nowMs < effect.deadlineMs).toBe(true);
        }
        state = next;
      }
    }),
  );
});

test("a refresh is the first frame of an announcement", () => {
  expect(hex(refresh(claim))).toBe([...names.keys()][0]);
});

test("once more out of turn: one burst to everybody who was asked, and nothing else changes", () => {
  const events = [start(), { t: "again", nowMs: 5_010, atMs: 5_010 }] as const;
  const [without, played] = [play([start()], 20_000), play(events, 20_000)];
  expect(played.sent.filter((line) => !without.sent.includes(line))).toEqual(["5010 request reply gateway? worker?"]);
  expect(played.timer).toBe(without.timer);
});

test("nothing is said once more at the deadline, nor by who is silent", () => {
  expect(play([start(5_000), { t: "again", nowMs: 5_000, atMs: 5_000 }], 5_000).sent.at(-1)).not.toContain("5000");
  expect(step(SILENT, { t: "again", nowMs: 0 })).toEqual([SILENT, []]);
});
