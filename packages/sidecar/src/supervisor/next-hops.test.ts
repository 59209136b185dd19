import { expect, test } from "vitest";
import { VirtualClock } from "../testing/virtual-clock.ts";
import { knowNextHops } from "./next-hops.ts";

async function take(answers: (() => Promise<readonly string[]>)[]): Promise<{ tookMs: number; asked: number }> {
  const clock = new VirtualClock();
  let [asked, tookMs] = [0, Number.NaN];
  void knowNextHops(clock, () => (answers[asked++] ?? (async () => ["a"]))()).then(() => {
    tookMs = clock.nowMs();
  });
  for (let passedMs = 0; passedMs < 100; passedMs += 1) await clock.advance(1);
  return { tookMs, asked };
}

test("nothing is waited for where all next hops are known", async () => {
  expect(await take([async () => []])).toMatchObject({ asked: 1, tookMs: expect.closeTo(0, 0) });
});

test("the kernel is asked again every 5 ms until all have answered", async () => {
  expect((await take([async () => ["a"], async () => ["a"], async () => []])).asked).toBe(3);
});

test("20 ms are the most, though one never answers", async () => {
  const { tookMs, asked } = await take([]);
  expect(tookMs).toBeCloseTo(20, 0);
  expect(asked).toBeLessThanOrEqual(5);
});

test("20 ms are the most, though the kernel itself does not answer", async () => {
  expect((await take([() => new Promise(() => undefined)])).tookMs).toBeCloseTo(20, 0);
});

test("what cannot be asked for is not waited for", async () => {
  expect((await take([() => Promise.reject(new Error("no"))])).asked).toBe(1);
});
