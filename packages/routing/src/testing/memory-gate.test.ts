import { expect, test } from "vitest";
import { ip, MemoryClock, MemoryGate } from "./index.ts";

const target = { vip: ip("10.100.0.100"), linkName: "net1", linkIndex: 3 };

function opened(forMs: number) {
  const clock = new MemoryClock();
  const gate = new MemoryGate(clock, "kube-system/lease");
  const opening = { holderIdentity: "a", untilWallMs: clock.wallTimeMs() + forMs, timeoutMs: forMs };
  return { clock, gate, opening, later: { ...opening, untilWallMs: opening.untilWallMs + 1_000 } };
}

test("an open gate closes by itself, and a refresh of what has lapsed changes nothing", async () => {
  const { clock, gate, opening, later } = opened(1_000);
  await gate.install(target, opening);
  clock.pass(999);
  expect(gate.silences).toBe(false);
  clock.pass(1);
  expect(gate.silences).toBe(true);
  expect(await gate.refresh(target, opening, later)).toBe("missing");
  expect(await gate.read(target)).toEqual({ t: "closed", lease: "kube-system/lease" });
  expect(await gate.open(target, later)).toBe("done");
  expect(gate.silences).toBe(false);
});

test("a wall clock set forward closes it; set back, the timeout does", async () => {
  const { clock, gate, opening } = opened(1_000);
  await gate.install(target, opening);
  clock.setWall(3_600_000);
  expect(gate.silences).toBe(true);
  clock.setWall(-7_200_000);
  expect(gate.silences).toBe(false);
  clock.pass(1_000);
  expect(gate.silences).toBe(true);
});

test("a refresh from another opening than the one that is there is refused", async () => {
  const { gate, opening, later } = opened(1_000);
  await gate.install(target, opening);
  expect(await gate.refresh(target, later, later)).toBe("missing");
  expect(gate.opening).toEqual(opening);
});

test("what a verb builds on may be missing", async () => {
  const { gate, opening } = opened(1_000);
  const outcomes = [await gate.open(target, opening), await gate.close(target), await gate.remove()];
  expect(outcomes).toEqual(["missing", "missing", "missing"]);
  expect(gate.silences).toBe(false);
});

test("what is left of an opening is read, and a link that was made again is a damage", async () => {
  const { clock, gate, opening } = opened(1_000);
  await gate.install(target, opening);
  clock.pass(300);
  const left = { ...opening, timeoutMs: 700 };
  expect(await gate.read(target)).toEqual({ t: "open", lease: "kube-system/lease", opening: left });
  expect(await gate.read({ ...target, linkIndex: 4 })).toMatchObject({ t: "damaged" });
});

test("another hand's changes are told, own ones are not", async () => {
  const { gate, opening } = opened(1_000);
  let told = 0;
  await gate.subscribe(() => {
    told += 1;
  });
  await gate.install(target, opening);
  await gate.close(target);
  expect(told).toBe(0);
  gate.flushRuleset();
  expect(told).toBe(1);
  expect(await gate.read(target)).toEqual({ t: "absent" });
});

test("a foreign table is neither replaced nor removed", async () => {
  const { gate, opening } = opened(1_000);
  gate.putForeign("table arp ours");
  await expect(gate.install(target, opening)).rejects.toMatchObject({ code: "GATE_FOREIGN" });
  expect(await gate.remove()).toBe("missing");
  expect(await gate.read(target)).toEqual({ t: "foreign", what: "table arp ours" });
});
