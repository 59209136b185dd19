import { expect, test } from "vitest";
import { VirtualClock } from "../testing/virtual-clock.ts";
import { Deferral } from "./deferral.ts";
import type { Happening } from "./happening.ts";

const happening = (what: string): Happening => ({ t: "restored", what });

function deferred() {
  const clock = new VirtualClock();
  const told: string[] = [];
  const deferral = new Deferral(
    clock,
    (said, nowMs) => void told.push(`${said.t === "restored" && said.what} ${nowMs}`),
    (said) => said.t !== "restored" || said.what !== "counted",
  );
  return { clock, told, deferral, startMs: clock.nowMs() };
}

test("nothing is told within 4 ms, all of it after 5, in order and with its own moment", async () => {
  const { clock, told, deferral, startMs } = deferred();
  deferral.tell(happening("first"));
  await clock.advance(3);
  deferral.tell(happening("second"));
  await clock.advance(1);
  expect(told).toEqual([]);
  await clock.advance(1);
  expect(told).toEqual([`first ${startMs}`, `second ${startMs + 3}`]);
});

test("what nobody waits for is told with the next, in order, and wakes nobody", async () => {
  const { clock, told, deferral, startMs } = deferred();
  deferral.tell(happening("counted"));
  await clock.advance(10_000);
  expect(told).toEqual([]);
  deferral.tell(happening("first"));
  await clock.advance(5);
  expect(told).toEqual([`counted ${startMs}`, `first ${startMs + 10_000}`]);
});

test("a page that is asked for sees everything", () => {
  const { told, deferral } = deferred();
  deferral.tell(happening("first"));
  deferral.flush();
  deferral.flush();
  expect(told).toHaveLength(1);
});

test("a flood does not wait", () => {
  const { told, deferral } = deferred();
  for (let count = 0; count < 1_000; count += 1) deferral.tell(happening(String(count)));
  expect(told.length).toBeGreaterThan(900);
});
