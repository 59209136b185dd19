/** When the segment is asked, and when what it said a moment ago will do; in virtual time. */
import type { MacAddress } from "@vcluster-kube-vip/routing";
import { ip, mac } from "@vcluster-kube-vip/routing/testing";
import { expect, test } from "vitest";
import { VirtualClock } from "../testing/virtual-clock.ts";
import { SegmentQuestions } from "./segment-questions.ts";

const SELF = { vip: ip("10.100.0.100"), mac: mac("02:00:00:00:00:03") };
const HOLDER = mac("02:00:00:00:00:04");
const STRANGER = mac("02:00:00:00:00:05");
const PROBES = 3;

function scene() {
  const clock = new VirtualClock();
  const wire = { answering: [] as readonly MacAddress[], isUp: true, probes: 0 };
  const questions: SegmentQuestions = new SegmentQuestions({
    clock,
    send: () => {
      wire.probes += 1;
      for (const answering of wire.answering) questions.heard(answering);
      return wire.isUp;
    },
  });
  const open = () => {
    questions.start(SELF);
    questions.askEverySoOften(clock.nowMs());
  };
  return { clock, wire, questions, open };
}

/** Whether it is answered before time passes. */
async function answered(question: Promise<readonly string[]>): Promise<readonly string[] | "waits"> {
  const later = new Promise<"waits">((resolve) => setImmediate(resolve, "waits"));
  return Promise.race([question, later]);
}

const isHolder = (address: string): boolean => address === HOLDER;

test("asks by itself from when it is told to, and every 19.5 s from then on", async () => {
  const { clock, wire, questions } = scene();
  questions.start(SELF);
  await clock.advance(60_000);
  expect(wire.probes).toBe(0);
  questions.askEverySoOften(clock.nowMs() + 5_000);
  await clock.advance(4_900);
  expect(wire.probes).toBe(0);
  await clock.advance(200);
  expect(wire.probes).toBe(PROBES);
  await clock.advance(60_000);
  expect(wire.probes).toBe(4 * PROBES);
  questions.stop();
  await clock.advance(60_000);
  expect(wire.probes).toBe(4 * PROBES);
});

test("who wants to know waits for nothing where nobody but those expected has answered", async () => {
  const { clock, wire, questions, open } = scene();
  wire.answering = [HOLDER];
  open();
  await clock.advance(9_000);
  expect(await answered(questions.expecting(isHolder))).toEqual([HOLDER]);
  expect(wire.probes).toBe(PROBES);
});

test("an answer of a stranger is asked for again, and so is a claim that was heard since", async () => {
  const { clock, wire, questions, open } = scene();
  open();
  await clock.advance(5_000);
  questions.heard(STRANGER);
  wire.answering = [STRANGER];
  const question = questions.expecting(isHolder);
  expect(await answered(question)).toBe("waits");
  await clock.advance(100);
  expect(await question).toEqual([STRANGER]);
});

test("who answered before another claimed the VIP is asked for again a second later, not at the next takeover", async () => {
  const { clock, wire, questions, open } = scene();
  wire.answering = [STRANGER];
  open();
  await clock.advance(5_000);
  wire.answering = [HOLDER];
  for (let claim = 0; claim < 9; claim += 1) {
    questions.heard(HOLDER);
    await clock.advance(100);
  }
  expect(wire.probes).toBe(PROBES);
  await clock.advance(300);
  expect(wire.probes).toBe(2 * PROBES);
  expect(await answered(questions.expecting(isHolder))).toEqual([HOLDER]);
});

test("what was said on another link does not count", async () => {
  const { clock, questions, open } = scene();
  open();
  await clock.advance(1_000);
  open();
  expect(await answered(questions.expecting(isHolder))).toBe("waits");
});

test("a question that did not go out is no answer", async () => {
  const { clock, wire, questions, open } = scene();
  wire.isUp = false;
  open();
  await clock.advance(1_000);
  const question = questions.expecting(isHolder);
  await clock.advance(1_000);
  expect(await answered(question)).toBe("waits");
  wire.isUp = true;
  await clock.advance(20_000);
  expect(await answered(question)).toEqual([]);
});

test("an answer is too old where the process was stopped for longer than its next question", async () => {
  const { clock, questions, open } = scene();
  open();
  await clock.advance(1_000);
  clock.freeze(40_000);
  expect(await answered(questions.expecting(isHolder))).toBe("waits");
});
