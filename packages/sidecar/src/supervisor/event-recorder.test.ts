import { describe, expect, it } from "vitest";
import type { EventDraft, RecordOutcome } from "../observe/event.ts";
import { BURST_MAX, type EventSeries } from "../observe/event-budget.ts";
import type { Happening } from "../observe/happening.ts";
import { VirtualClock } from "../testing/virtual-clock.ts";
import { EventRecorder } from "./event-recorder.ts";

interface Try {
  readonly event: EventSeries;
  readonly answer: (outcome: RecordOutcome) => Promise<void>;
}

/** A recorder whose tries are answered when the test says so. */
function recording() {
  const clock = new VirtualClock();
  const tries: Try[] = [];
  const told: Happening[] = [];
  const record = (event: EventSeries): Promise<RecordOutcome> => {
    const { promise, resolve } = Promise.withResolvers<RecordOutcome>();
    const answer = async (outcome: RecordOutcome) => {
      resolve(outcome);
      await settled();
    };
    tries.push({ event, answer });
    return promise;
  };
  const recorder = new EventRecorder({
    clock,
    wallTime: () => "now",
    record,
    tell: (happening) => told.push(happening),
  });
  return { clock, tries, told, recorder };
}

async function settled(): Promise<void> {
  for (let turns = 0; turns < 5; turns += 1) await Promise.resolve();
}

function draft(note: string): EventDraft {
  return { reason: "TakeRefused", note };
}

const outcome = (of: string) => ({ t: "event", outcome: of });

describe("an Event", () => {
  it("is sent a moment later, when a takeover has said what it has to say to the segment", async () => {
    const { clock, tries, recorder } = recording();
    recorder.offer(draft("a"));
    await clock.advance(249);
    expect(tries).toEqual([]);
    await clock.advance(1);
    expect(tries.map(({ event }) => event.note)).toEqual(["a"]);
  });

  it("is tried once, one after the other", async () => {
    const { clock, tries, told, recorder } = recording();
    recorder.offer(draft("a"));
    recorder.offer(draft("b"));
    await clock.advance(60_000);
    expect(tries).toHaveLength(1);
    await tries[0]?.answer("lost");
    expect(tries.map(({ event }) => event.note)).toEqual(["a", "b"]);
    await tries[1]?.answer("recorded");
    expect(told).toEqual([outcome("lost"), outcome("recorded")]);
    await clock.advance(60_000);
    expect(tries).toHaveLength(2);
  });

  it("waits for an API that hangs with sixteen others at most, whatever else happens", async () => {
    const { clock, tries, told, recorder } = recording();
    recorder.offer(draft("hangs"));
    await clock.advance(1_000);
    for (let i = 0; i < 10_000; i += 1) recorder.offer(draft(`${i}`));
    expect(tries).toHaveLength(1);
    const lost = told.filter((one) => one.t === "event" && one.outcome === "lost");
    expect(lost).toHaveLength(BURST_MAX - 1 - 16);
    expect(told).toHaveLength(10_000 - 16);
  });

  it("that is repeated is told with its count after five minutes", async () => {
    const { clock, tries, recorder } = recording();
    for (let i = 0; i < 50; i += 1) recorder.offer(draft("again"));
    await clock.advance(1_000);
    await tries[0]?.answer("recorded");
    await clock.advance(300_000);
    expect(tries.map(({ event }) => event.count)).toEqual([1, 50]);
  });
});

it("is over for this life once the API forbids it, and that is said once", async () => {
  const { clock, tries, told, recorder } = recording();
  recorder.offer(draft("a"));
  recorder.offer(draft("b"));
  await clock.advance(1_000);
  await tries[0]?.answer("forbidden");
  recorder.offer(draft("c"));
  await clock.advance(600_000);
  expect(tries).toHaveLength(1);
  expect(told).toEqual([outcome("forbidden")]);
});

it("arms no timer once it is closed", async () => {
  const { clock, tries, recorder } = recording();
  recorder.offer(draft("a"));
  recorder.close();
  recorder.offer(draft("b"));
  await clock.advance(600_000);
  expect(tries).toEqual([]);
});
