import { MemoryKernel } from "@vcluster-kube-vip/routing/testing";
import { expect, test } from "vitest";
import type { Happening } from "../observe/happening.ts";
import { VirtualClock } from "../testing/virtual-clock.ts";
import { NeighbourTableWatch } from "./neighbour-table-watch.ts";

function watching(overflows = 0) {
  const clock = new VirtualClock();
  const kernel = new MemoryKernel();
  kernel.neighbourTableNow = { entries: 20, entriesMax: 1024, overflows };
  const told: Happening[] = [];
  const watch = new NeighbourTableWatch({ clock, kernel, family: 4, tell: (happening) => told.push(happening) });
  watch.start();
  const words = () => told.map((happening) => (happening.t === "trouble" ? happening.code : happening.t));
  return { clock, kernel, told, watch, words };
}

test("a table with room is not spoken of, nor one that overflowed before this process began", async () => {
  const { clock, words } = watching(7);
  await clock.advance(120_000);
  expect(words()).toEqual([]);
});

test("a full table is said once, with what to do, and once that it is over", async () => {
  const { clock, kernel, told, words } = watching();
  await clock.advance(1_000);
  kernel.neighbourTableNow = { entries: 1024, entriesMax: 1024, overflows: 0 };
  await clock.advance(90_000);
  expect(words()).toEqual(["NEIGHBOUR_TABLE_FULL"]);
  expect(told).toMatchObject([{ message: expect.stringContaining("Raise net.ipv4.neigh.default.gc_thresh3") }]);
  kernel.neighbourTableNow = { entries: 20, entriesMax: 1024, overflows: 0 };
  await clock.advance(60_000);
  expect(words()).toEqual(["NEIGHBOUR_TABLE_FULL", "recovered"]);
});

test("a table that overflowed between two looks was full", async () => {
  const { clock, kernel, words } = watching();
  await clock.advance(1_000);
  kernel.neighbourTableNow = { entries: 900, entriesMax: 1024, overflows: 3 };
  await clock.advance(30_000);
  expect(words()).toEqual(["NEIGHBOUR_TABLE_FULL"]);
});

test("a kernel that does not answer is asked again, and nothing after the end", async () => {
  const { clock, kernel, watch, words } = watching();
  const answer = kernel.neighbourTable.bind(kernel);
  kernel.neighbourTable = () => Promise.reject(new Error("busy"));
  await clock.advance(31_000);
  kernel.neighbourTable = answer;
  kernel.neighbourTableNow = { entries: 1024, entriesMax: 1024, overflows: 0 };
  await clock.advance(30_000);
  expect(words()).toEqual(["NEIGHBOUR_TABLE_FULL"]);
  watch.close();
  kernel.neighbourTableNow = { entries: 20, entriesMax: 1024, overflows: 0 };
  await clock.advance(90_000);
  expect(words()).toEqual(["NEIGHBOUR_TABLE_FULL"]);
});
