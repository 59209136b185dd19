/** Who is asked on a segment, and whose answer counts; in virtual time. */
import type { IpAddress } from "@vcluster-kube-vip/routing";
import { expect, test } from "vitest";
import type { Reach } from "../health/reach.ts";
import { VirtualClock } from "../testing/virtual-clock.ts";
import { SegmentReach } from "./segment-reach.ts";

const GATEWAY = "10.100.0.1" as IpAddress;
const WORKER = "10.100.0.9" as IpAddress;

function scene(answering: () => readonly IpAddress[]) {
  const clock = new VirtualClock();
  const asked: (readonly IpAddress[])[] = [];
  const told: Reach["t"][] = [];
  const segment: SegmentReach = new SegmentReach({
    gateway: GATEWAY,
    clock,
    neighbours: () => [WORKER],
    asker: () => "holder",
    ask: (addresses) => {
      asked.push(addresses);
      for (const address of answering()) segment.heard(address);
    },
  });
  segment.follow(({ t }) => told.push(t));
  segment.start(clock.nowMs());
  return { clock, asked, told, segment };
}

test("the gateway alone is asked once it has answered, and its silence is told once", async () => {
  let answering: readonly IpAddress[] = [GATEWAY];
  const { clock, asked, told, segment } = scene(() => answering);
  await clock.advance(2000);
  expect(asked).toEqual([[GATEWAY, WORKER], [GATEWAY], [GATEWAY]]);
  answering = [WORKER];
  await clock.advance(5000);
  expect(told).toEqual(["answers", "silent"]);
  segment.stop();
});

test("a link that is opened again is told to be no longer silent", async () => {
  let answering: readonly IpAddress[] = [GATEWAY];
  const { clock, told, segment } = scene(() => answering);
  await clock.advance(100);
  answering = [];
  await clock.advance(3000);
  segment.start(clock.nowMs());
  expect(told).toEqual(["answers", "silent", "unknown"]);
  segment.stop();
});

test("nothing is asked after the stop", async () => {
  const { clock, asked, segment } = scene(() => [GATEWAY]);
  await clock.advance(1000);
  segment.stop();
  await clock.advance(60_000);
  expect(asked).toHaveLength(2);
});
