import { expect, test } from "vitest";
import { ip } from "./testing/index.ts";
import { ValidLftGate } from "./valid-lft-gate.ts";

const target = { vip: ip("10.100.0.100"), linkName: "net1", linkIndex: 3 };
const opening = { holderIdentity: "a", untilWallMs: 1_800_000_000_000, timeoutMs: 4_750 };
const later = { ...opening, untilWallMs: 1_800_000_001_000 };

test("the gate that silences nobody is read as it was left", async () => {
  const gate = new ValidLftGate("ns/lease");
  expect(await gate.read(target)).toEqual({ t: "absent" });
  await gate.install(target, undefined);
  expect(await gate.read(target)).toEqual({ t: "closed", lease: "ns/lease" });
  expect(await gate.open(target, opening)).toBe("done");
  expect(await gate.refresh(target, opening, later)).toBe("done");
  expect(await gate.read(target)).toEqual({ t: "open", lease: "ns/lease", opening: later });
  expect(await gate.close(target)).toBe("done");
  expect(await gate.refresh(target, later, later)).toBe("missing");
  expect(await gate.remove()).toBe("done");
  expect(await gate.open(target, opening)).toBe("missing");
});

test("on a link that was made again it is made again, too", async () => {
  const gate = new ValidLftGate("ns/lease");
  await gate.install(target, opening);
  expect(await gate.read({ ...target, linkIndex: 4 })).toMatchObject({ t: "damaged" });
});
