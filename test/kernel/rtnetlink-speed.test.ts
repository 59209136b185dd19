/** What one request to the kernel costs: every renewal will make one. */
import { afterAll, beforeAll, expect, test } from "vitest";
import type { Kernel } from "../../packages/routing/src/kernel.ts";
import { openRtNetlink } from "../../packages/routing/src/rtnetlink/rtnetlink.ts";
import { ip } from "../../packages/routing/src/testing/index.ts";
import { run } from "../bed/command.ts";
import { measured } from "../bed/measured.ts";

const LINK = "fast0";
let kernel: Kernel;

beforeAll(async () => {
  await run(["ip", "link", "add", LINK, "type", "veth", "peer", "name", "fast1"]);
  kernel = await openRtNetlink();
});

afterAll(async () => {
  kernel.close();
  await run(["ip", "link", "del", LINK]);
});

test("refreshing the VIP takes well under a millisecond", async () => {
  const link = (await kernel.links()).items.find(({ name }) => name === LINK);
  if (link === undefined) throw new TypeError(`${LINK} is not there`);
  const address = ip("10.100.0.100");
  const vip = { linkIndex: link.index, address, prefixLength: 32, validSeconds: 60, protocol: 77, label: undefined };
  const tookMs: number[] = [];
  for (let round = 0; round < 1_000; round += 1) {
    const startMs = performance.now();
    await kernel.replaceAddress(vip);
    tookMs.push(performance.now() - startMs);
  }
  expect(measured("replaceAddress", tookMs)).toBeLessThan(1);
});
