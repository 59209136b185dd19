/** The relay on a real kernel, IPv4 and IPv6: connections that begin at the giver of a VIP and go on at its next holder. */
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { RELAY_MS } from "../../packages/routing/src/gate.ts";
import { run } from "../bed/command.ts";
import { measured } from "../bed/measured.ts";
import { sleep } from "../bed/wait.ts";
import { RelayScene } from "./relay-scene.ts";

/** More than one segment, and more than fits the first flight: offloading has something to do. */
const REQUEST_BYTES = 256 * 1024;
const ARMINGS = 500;
const RESET = { lostBy: "ECONNRESET" };

describe.each([4, 6] as const)("IPv%i:", (family) => {
  let scene: RelayScene;

  beforeAll(async () => {
    scene = await RelayScene.set(family, REQUEST_BYTES);
  });

  beforeEach(async () => {
    await scene.prepare();
    await scene.begin();
  });

  afterEach(async () => {
    await scene.reset();
    expect(await run(["nft", "list", "ruleset"])).toBe("");
  });

  afterAll(() => scene.end());

  test("a connection that began at the giver is served by it, though it goes on at the next holder", async () => {
    const caller = await scene.call();
    await scene.take();
    await scene.arm();
    expect(await caller.ask()).toEqual({ answeredBy: "giver" });
    expect(await scene.relayed()).toBeGreaterThan(2);
    expect(await scene.badChecksums()).toBe(0);
    // Under the client's own address the bridge would have learned that the client is here.
    expect([await scene.portOf("client"), await scene.portOf("taker")]).toEqual(["client", "taker"]);
  });

  test("without a relay it is reset", async () => {
    const caller = await scene.call();
    await scene.take();
    expect(await caller.ask()).toEqual(RESET);
  });

  test("a connection that begins here is served here, though the giver would serve it, too", async () => {
    await scene.take();
    await scene.arm();
    const caller = await scene.call();
    expect(await caller.ask()).toEqual({ answeredBy: "taker" });
  });

  test("the kernel ends it, whatever becomes of the process", async () => {
    const caller = await scene.call();
    await scene.take();
    await scene.arm();
    await sleep(RELAY_MS);
    expect(await caller.ask()).toEqual(RESET);
  });

  test("armed again it lasts anew", async () => {
    const caller = await scene.call();
    await scene.take();
    await scene.arm();
    await sleep(0.6 * RELAY_MS);
    await scene.arm();
    await sleep(0.5 * RELAY_MS);
    expect(await caller.ask()).toEqual({ answeredBy: "giver" });
  });

  test("behind a closed gate nothing is relayed: a muted giver passes nothing on to the one before", async () => {
    const caller = await scene.call();
    await scene.take();
    await scene.gate.close(scene.target);
    await scene.arm();
    expect(await caller.ask()).toEqual(RESET);
  });

  test("what a switch floods to all is relayed to nobody", async () => {
    const caller = await scene.call();
    await scene.take();
    await scene.sendTo("giver");
    await scene.floodGiver();
    await scene.arm();
    expect(await caller.ask()).toEqual({ answeredBy: "giver" });
    expect(await scene.relayed()).toBe(0);
  });

  test("what a giver that has gone sends back makes no circle: it is reset", async () => {
    const caller = await scene.call();
    await scene.take();
    await scene.leave();
    await scene.arm();
    expect(await caller.ask()).toEqual(RESET);
    // Of the first flight; what is forwarded may be forwarded 64 times.
    expect(await scene.relayed()).toBeLessThan(60);
  });

  test("it stands in the gate's table, is inert until it is armed, and can be prepared again", async () => {
    const before = await run(["nft", "list", "table", "netdev", "vcluster-kube-vip-77"]);
    await scene.gate.relay?.prepare(scene.target);
    expect(await run(["nft", "list", "table", "netdev", "vcluster-kube-vip-77"])).toBe(before);
    expect(before).not.toContain("elements");
    expect(await scene.gate.read(scene.target)).toEqual({ t: "closed", lease: "kube-system/relay" });
  });

  test("where another hand has removed it, it is missing", async () => {
    await run(["nft", "flush", "ruleset"]);
    expect(await scene.arm()).toBe("missing");
  });

  test("to arm it takes well under a millisecond", async () => {
    const tookMs: number[] = [];
    while (tookMs.length < ARMINGS) {
      const startMs = performance.now();
      await scene.arm();
      tookMs.push(performance.now() - startMs);
    }
    expect(measured(`a relay armed, IPv${family}`, tookMs)).toBeLessThan(1);
  });
});
