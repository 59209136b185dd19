/** How many frames are read of a storm, in virtual time: the kernel's queue is bounded, and so is what is taken of it. */
import { expect, test } from "vitest";
import { HEARD } from "../announce/rate-limit.ts";
import { VirtualClock } from "../testing/virtual-clock.ts";
import { SegmentEar } from "./segment-ear.ts";

const QUEUE_MAX = 277;
const FRAME = new Uint8Array(42);

function scene() {
  const clock = new VirtualClock();
  let onMessage: (frame: Uint8Array) => void = () => undefined;
  const kernel = { queued: 0, isRead: true, isClosed: false };
  const read = () => {
    for (; kernel.queued > 0 && kernel.isRead; kernel.queued -= 1) onMessage(FRAME);
  };
  const heard: number[] = [];
  const ear = new SegmentEar({
    clock,
    openSocket: (options) => {
      onMessage = options.onMessage;
      return {
        send: () => undefined,
        pause: () => {
          kernel.isRead = false;
        },
        resume: () => {
          kernel.isRead = true;
          read();
        },
        close: () => {
          kernel.isClosed = true;
        },
      };
    },
    socket: { linkIndex: 2, etherType: 0x0806, onMessage: () => heard.push(clock.nowMs()), onError: () => undefined },
  });
  const arrive = (count: number) => {
    kernel.queued = Math.min(QUEUE_MAX, kernel.queued + count);
    read();
  };
  return { clock, kernel, heard, ear, arrive };
}

test("a frame every two milliseconds is heard when it comes", async () => {
  const { clock, heard, arrive } = scene();
  for (let atMs = 0; atMs < 2_000; atMs += 2) {
    arrive(1);
    await clock.advance(2);
  }
  expect(heard).toEqual(Array.from({ length: 1_000 }, (_, frame) => 2 * frame));
});

test("of a storm of 10,000 a second 500 are heard, some in every quarter of a second", async () => {
  const { clock, heard, arrive } = scene();
  for (let atMs = 0; atMs < 5_000; atMs += 10) {
    arrive(100);
    await clock.advance(10);
  }
  // One frame is heard in each pause's stead.
  expect(heard.length).toBeLessThanOrEqual(HEARD.burstMax + 5 * (HEARD.perSecondMax + 10));
  for (let atMs = 0; atMs < 5_000; atMs += 250) {
    expect(heard.some((heardAtMs) => heardAtMs >= atMs && heardAtMs < atMs + 250)).toBe(true);
  }
});

test("the answers of 256 neighbours are heard as they come", () => {
  const { heard, arrive } = scene();
  arrive(256);
  expect(heard.length).toBe(256);
});

test("after a storm every frame is heard when it comes", async () => {
  const { clock, heard, arrive } = scene();
  for (let time = 0; time < 5; time += 1) arrive(100);
  await clock.advance(1_000);
  const before = heard.length;
  arrive(1);
  expect(heard.length).toBe(before + 1);
});

test("closed in a storm it reads no more", async () => {
  const { clock, kernel, heard, ear, arrive } = scene();
  for (let time = 0; time < 5; time += 1) arrive(100);
  ear.close();
  const before = heard.length;
  await clock.advance(1_000);
  expect([heard.length, kernel.isRead, kernel.isClosed]).toEqual([before, false, true]);
});
