/** The hold gate on a real kernel, IPv4 and IPv6: who is heard for the VIP while it is closed, open, and over. */
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from "vitest";
import type { Gate } from "../../packages/routing/src/gate.ts";
import { openNftGate } from "../../packages/routing/src/nftables/nft-gate.ts";
import { run } from "../bed/command.ts";
import { sleep } from "../bed/wait.ts";
import { GateScene, opening } from "./gate-scene.ts";

const PROTOCOL = 77;
const LEASE = "kube-system/vcluster-kube-vip";
const ALL = { kernel: true, ours: true };
const NOBODY = { kernel: false, ours: false };

describe.each([4, 6] as const)("IPv%i:", (family) => {
  let scene: GateScene;
  let gate: Gate;

  beforeAll(async () => {
    scene = await GateScene.set(family);
  });

  beforeEach(async () => {
    gate = await openNftGate({ level: "nft-egress", family, protocol: PROTOCOL, lease: LEASE });
  });

  afterEach(async () => {
    await gate.remove();
    gate.end();
    expect(await run(["nft", "list", "ruleset"])).toBe("");
  });

  afterAll(() => scene.end());

  test("without a gate everybody is heard", async () => {
    expect(await gate.read(scene.target)).toEqual({ t: "absent" });
    expect(await scene.heard()).toEqual(ALL);
  });

  test("a closed gate silences the kernel and refuses frames of ours", async () => {
    await gate.install(scene.target, undefined);
    expect(await scene.heard()).toEqual(NOBODY);
    expect(scene.announce().every((error) => error?.code === "RAW_SOCKET_FAILED")).toBe(true);
    expect(await gate.read(scene.target)).toEqual({ t: "closed", lease: LEASE });
  });

  test("an open gate lets both through, and says for whom and until when", async () => {
    await gate.install(scene.target, undefined);
    const wanted = opening(5_000);
    expect(await gate.open(scene.target, wanted)).toBe("done");
    expect(await scene.heard()).toEqual(ALL);
    const timeoutMs = expect.any(Number);
    expect(await gate.read(scene.target)).toEqual({ t: "open", lease: LEASE, opening: { ...wanted, timeoutMs } });
  });

  test("a gate can be installed open", async () => {
    await gate.install(scene.target, opening(5_000));
    expect(await scene.heard()).toEqual(ALL);
  });

  test("a closed gate opens no more by a refresh, only afresh", async () => {
    const wanted = opening(5_000);
    await gate.install(scene.target, wanted);
    expect(await gate.close(scene.target)).toBe("done");
    expect(await scene.heard()).toEqual(NOBODY);
    expect(await gate.refresh(scene.target, wanted, opening(5_000))).toBe("missing");
    expect(await scene.heard()).toEqual(NOBODY);
    expect(await gate.open(scene.target, opening(5_000))).toBe("done");
    expect(await scene.heard()).toEqual(ALL);
  });

  test("at T it is silent although the process sleeps", async () => {
    await gate.install(scene.target, opening(60_000, 300));
    expect(await scene.heard()).toEqual(ALL);
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 300);
    expect(await scene.heard()).toEqual(NOBODY);
  });

  test("at the element's timeout it is silent although the clock was set back an hour", async () => {
    await gate.install(scene.target, opening(300, 3_600_000));
    expect(await scene.heard()).toEqual(ALL);
    await sleep(300);
    expect(await scene.heard()).toEqual(NOBODY);
    expect(await gate.read(scene.target)).toEqual({ t: "closed", lease: LEASE });
  });

  test("a refresh moves both deadlines", async () => {
    const first = opening(300, 300);
    await gate.install(scene.target, first);
    expect(await gate.refresh(scene.target, first, opening(60_000, 60_000))).toBe("done");
    await sleep(350);
    expect(await scene.heard()).toEqual(ALL);
  });

  test("a refresh that comes after its own T opens nothing", async () => {
    const first = opening(60_000, 60_000);
    await gate.install(scene.target, first);
    expect(await gate.refresh(scene.target, first, opening(60_000, -1))).toBe("done");
    expect(await scene.heard()).toEqual(NOBODY);
  });

  test("a refresh of an opening that has lapsed opens nothing", async () => {
    const first = opening(100);
    await gate.install(scene.target, first);
    await sleep(110);
    expect(await gate.refresh(scene.target, first, opening(60_000))).toBe("missing");
    expect(await scene.heard()).toEqual(NOBODY);
    expect(await gate.read(scene.target)).toEqual({ t: "closed", lease: LEASE });
    expect(await gate.open(scene.target, opening(60_000))).toBe("done");
    expect(await scene.heard()).toEqual(ALL);
  });

  test("it stays as it is when the process that made it ends", async () => {
    const wanted = opening(60_000);
    await gate.install(scene.target, wanted);
    gate.end();
    gate = await openNftGate({ level: "nft-egress", family, protocol: PROTOCOL, lease: LEASE });
    expect(await gate.read(scene.target)).toMatchObject({ t: "open", opening: { holderIdentity: "cp-0_uid_nonce" } });
    expect(await gate.refresh(scene.target, wanted, opening(60_000, 60_000, "cp-0_uid_other"))).toBe("done");
    expect(await gate.read(scene.target)).toMatchObject({ t: "open", opening: { holderIdentity: "cp-0_uid_other" } });
  });

  test("the level nft-arp silences the kernel only", async () => {
    const lower = await openNftGate({ level: "nft-arp", family, protocol: PROTOCOL, lease: LEASE });
    await lower.install(scene.target, undefined);
    expect(await scene.heard()).toEqual({ kernel: false, ours: true });
    expect(await lower.read(scene.target)).toEqual({ t: "closed", lease: LEASE });
    lower.end();
  });

  test("a level takes over what the other has left, and leaves nothing of it", async () => {
    await gate.install(scene.target, undefined);
    const lower = await openNftGate({ level: "nft-arp", family, protocol: PROTOCOL, lease: LEASE });
    expect(await lower.read(scene.target)).toMatchObject({ t: "damaged" });
    await lower.install(scene.target, undefined);
    expect(await lower.read(scene.target)).toEqual({ t: "closed", lease: LEASE });
    expect(await scene.heard()).toEqual({ kernel: false, ours: true });
    lower.end();
    expect(await gate.read(scene.target)).toMatchObject({ t: "damaged" });
  });

  test("a gate of another address family is replaced", async () => {
    const other = await openNftGate({
      level: "nft-egress",
      family: family === 4 ? 6 : 4,
      protocol: PROTOCOL,
      lease: LEASE,
    });
    await gate.install(scene.target, opening(60_000));
    const vip = family === 4 ? "fd00:100::64" : "10.100.0.100";
    const target = { ...scene.target, vip: vip as typeof scene.target.vip };
    expect(await other.read(target)).toMatchObject({ t: "damaged" });
    await other.install(target, undefined);
    expect(await other.read(target)).toEqual({ t: "closed", lease: LEASE });
    other.end();
    expect(await scene.heard()).toEqual(ALL);
  });

  test("what is written is what nft reads", async () => {
    const wanted = opening(60_000);
    await gate.install(scene.target, wanted);
    const { nftables } = JSON.parse(await run(["nft", "-j", "list", "ruleset"]));
    const answers = family === 4 ? "arp" : "ip6";
    // biome-ignore lint/suspicious/noExplicitAny: what nft prints has no type.
    const parts = (kind: string): any[] => nftables.flatMap((part: any) => part[kind] ?? []);
    const table = "vcluster-kube-vip-77";
    expect(parts("table")).toMatchObject([answers, "netdev"].map((one) => ({ family: one, name: table })));
    expect(parts("chain")).toMatchObject([
      { family: answers, table, name: "deadline" },
      { family: answers, table, name: "out", type: "filter", hook: "output", policy: "accept" },
      { family: "netdev", table, name: "deadline" },
      { family: "netdev", table, name: "out", type: "filter", hook: "egress", policy: "accept" },
    ]);
    for (const { set, type, flags, elem } of parts("set").map((one) => ({ ...one, set: one.name }))) {
      expect({ set, type, flags }).toEqual({
        set: "open",
        type: family === 4 ? "ipv4_addr" : "ipv6_addr",
        flags: ["timeout"],
      });
      expect(elem).toMatchObject([{ elem: { val: scene.target.vip, timeout: 60, comment: "cp-0_uid_nonce" } }]);
    }
    const compared = parts("rule").map(({ chain, expr }) => [chain, expr.at(-2).match.op, expr.at(-1)]);
    const jump = ["out", "==", { jump: { target: "deadline" } }];
    const unlessOpen = ["out", "!=", { drop: null }];
    const rules = family === 4 ? [jump, unlessOpen] : [jump, jump, unlessOpen, unlessOpen];
    const ofTable = [["deadline", ">=", { drop: null }], ...rules];
    expect(compared).toEqual([...ofTable, ...ofTable]);
    expect(await run(["nft", "list", "tables"])).toBe(`table ${answers} ${table}\ntable netdev ${table}\n`);
    expect(await run(["nft", "list", "table", answers, table])).toContain(
      `comment "vcluster-kube-vip of Lease ${LEASE}"`,
    );
  });
});
