/** The hold gate and what others do to it: each change is told, and seen by the next reading. */
import { execFileSync } from "node:child_process";
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from "vitest";
import type { Gate } from "../../packages/routing/src/gate.ts";
import { openNftGate } from "../../packages/routing/src/nftables/nft-gate.ts";
import { run } from "../bed/command.ts";
import { sleep, waitFor } from "../bed/wait.ts";
import { GateScene, LINK, opening } from "./gate-scene.ts";

const LEASE = "kube-system/vcluster-kube-vip";
const NAME = "vcluster-kube-vip-77";
const SOON = { withinMs: 2_000, everyMs: 2 } as const;
let scene: GateScene;
let gate: Gate;
let told: number;

beforeAll(async () => {
  scene = await GateScene.set(4);
});

beforeEach(async () => {
  gate = await openNftGate({ level: "nft-egress", family: 4, protocol: 77, lease: LEASE });
  told = 0;
  await gate.subscribe(() => {
    told += 1;
  });
});

afterEach(async () => {
  gate.end();
  await run(["nft", "flush", "ruleset"]);
});

afterAll(() => scene.end());

async function nft(commands: string): Promise<void> {
  await run(["nft", "-f", "-"], { input: `${commands}\n` });
}

test.each([
  ["flushes the ruleset", "flush ruleset", "absent"],
  ["deletes the table of the kernel's answers", `delete table arp ${NAME}`, "damaged"],
  ["deletes the table of the frames", `delete table netdev ${NAME}`, "damaged"],
  ["flushes a chain", `flush chain arp ${NAME} out`, "damaged"],
  ["flushes the chain of the frames", `flush chain netdev ${NAME} out`, "damaged"],
  ["flushes the deadline", `flush chain arp ${NAME} deadline`, "damaged"],
  ["puts a rule before the deadline", `insert rule arp ${NAME} deadline accept`, "damaged"],
  [
    "deletes chain and set",
    `flush chain netdev ${NAME} out; delete chain netdev ${NAME} out; delete set netdev ${NAME} open`,
    "damaged",
  ],
  ["puts a rule before ours", `insert rule arp ${NAME} out accept`, "damaged"],
  ["makes a table dormant", `add table arp ${NAME} { flags dormant; }`, "damaged"],
  ["closes one of the tables", `flush set netdev ${NAME} open`, "damaged"],
  ["closes both", `flush set netdev ${NAME} open; flush set arp ${NAME} open`, "closed"],
  ["opens for another address", `add element arp ${NAME} open { 10.100.0.101 timeout 10s comment "x" }`, "damaged"],
  ["opens for ever", `flush set arp ${NAME} open; add element arp ${NAME} open { 10.100.0.100 }`, "damaged"],
])("another hand that %s is told and seen", async (_, commands, expected) => {
  await gate.install(scene.target, opening(60_000));
  expect(told).toBe(0);
  await nft(commands);
  await waitFor("the change to be told", () => (told > 0 ? true : undefined), SOON);
  expect((await gate.read(scene.target)).t).toBe(expected);
  await gate.install(scene.target, undefined);
  expect(await gate.read(scene.target)).toEqual({ t: "closed", lease: LEASE });
  expect(await scene.heard()).toEqual({ kernel: false, ours: false });
});

test("own changes are not told, nor is what lapses", async () => {
  const first = opening(50);
  await gate.install(scene.target, first);
  await gate.refresh(scene.target, first, opening(60_000));
  await gate.open(scene.target, opening(20));
  await gate.close(scene.target);
  await gate.remove();
  await nft("add table arp another");
  await sleep(100);
  expect(told).toBe(0);
});

test("changes that were lost are told", async () => {
  const rules = Array.from({ length: 20_000 }, (_, index) => `add rule ip other out tcp dport ${index + 1} accept`);
  const batch = `add table ip other\nadd chain ip other out\n${rules.join("\n")}`;
  // Synchronous, so that nothing is read meanwhile.
  execFileSync("nft", ["-f", "-"], { input: batch });
  await waitFor("the loss to be told", () => (told > 0 ? true : undefined), SOON);
});

test("a refresh of what is open in one table only changes neither", async () => {
  const first = opening(60_000);
  await gate.install(scene.target, first);
  await nft(`flush set arp ${NAME} open`);
  expect(await gate.refresh(scene.target, first, opening(60_000, -1))).toBe("missing");
  expect(await scene.heard()).toEqual({ kernel: false, ours: true });
});

test("every verb on a gate that was removed says so", async () => {
  const { target } = scene;
  expect(await gate.open(target, opening(60_000))).toBe("missing");
  expect(await gate.refresh(target, opening(60_000), opening(60_000))).toBe("missing");
  expect(await gate.close(target)).toBe("missing");
  expect(await gate.remove()).toBe("missing");
});

test("a link that was made again has its gate damaged until it is installed again", async () => {
  await gate.install(scene.target, opening(60_000));
  await scene.deleteLink();
  await scene.makeLink();
  expect(await gate.read(scene.target)).toMatchObject({ t: "damaged" });
  await gate.install(scene.target, undefined);
  expect(await scene.heard()).toEqual({ kernel: false, ours: false });
  expect(await gate.read(scene.target)).toEqual({ t: "closed", lease: LEASE });
});

test("a table of our name without our mark is never touched", async () => {
  await nft(`add table netdev ${NAME} { chain mine { type filter hook egress device ${LINK} priority 0; }; }`);
  const before = await run(["nft", "list", "ruleset"]);
  expect(await gate.read(scene.target)).toMatchObject({ t: "foreign" });
  await expect(gate.install(scene.target, undefined)).rejects.toThrow(
    `GATE_FOREIGN: cannot install the gate for 10.100.0.100 on ${LINK}: table netdev ${NAME} has not our mark. Remove it, or choose another protocol number.`,
  );
  expect(await gate.remove()).toBe("missing");
  expect(await run(["nft", "list", "ruleset"])).toBe(before);
});

test("the gate of another Lease is read as such", async () => {
  const other = await openNftGate({ level: "nft-egress", family: 4, protocol: 77, lease: "default/other" });
  await other.install(scene.target, undefined);
  expect(await gate.read(scene.target)).toEqual({ t: "closed", lease: "default/other" });
  await other.open(scene.target, opening(60_000, 60_000, "theirs"));
  expect(await gate.read(scene.target)).toMatchObject({
    t: "open",
    lease: "default/other",
    opening: { holderIdentity: "theirs" },
  });
  other.end();
});

test("a gate of another protocol number stays as it is", async () => {
  const other = await openNftGate({ level: "nft-egress", family: 4, protocol: 78, lease: LEASE });
  await other.install(scene.target, undefined);
  await gate.install(scene.target, opening(60_000));
  expect(await scene.heard()).toEqual({ kernel: false, ours: false });
  await gate.remove();
  expect(await other.read(scene.target)).toEqual({ t: "closed", lease: LEASE });
  other.end();
});

test("names that are too long for the kernel are known by their hash", async () => {
  const lease = `${"n".repeat(63)}/${"l".repeat(253)}`;
  const long = await openNftGate({ level: "nft-egress", family: 4, protocol: 77, lease });
  await long.install(scene.target, opening(60_000, 60_000, "i".repeat(129)));
  const reading = await long.read(scene.target);
  expect(reading).toMatchObject({
    t: "open",
    lease,
    opening: { holderIdentity: expect.stringMatching(/^sha256:[0-9a-f]{64}$/) },
  });
  await long.open(scene.target, opening(60_000, 60_000, "i".repeat(128)));
  expect(await long.read(scene.target)).toMatchObject({ opening: { holderIdentity: "i".repeat(128) } });
  expect(await run(["nft", "list", "ruleset"])).toContain(`comment "${"i".repeat(128)}"`);
  long.end();
});
