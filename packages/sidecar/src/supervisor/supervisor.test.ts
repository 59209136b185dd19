import { RoutingError } from "@vcluster-kube-vip/routing";
import { describe, expect, it } from "vitest";
import { ACKNOWLEDGED_ANNOTATION } from "../election/lease-record.ts";
import { MEMORY_LEASE_KEY } from "../testing/memory-lease-lock.ts";
import { Cluster, LEASE_MS, type MemoryReplica, VIP } from "../testing/replicas.ts";

/** Three replicas, of which the first holds. */
/** A holder asks its peers who they are now and then. */
const LEARNT_MS = 9_000;

async function held(): Promise<{ cluster: Cluster; a: MemoryReplica; b: MemoryReplica; c: MemoryReplica }> {
  const cluster = new Cluster();
  const [a, b, c] = [cluster.add("a"), cluster.add("b"), cluster.add("c")];
  await a.supervisor.start();
  await cluster.clock.advance(LEASE_MS + 100);
  await b.supervisor.start();
  await c.supervisor.start();
  await cluster.clock.advance(100);
  expect(await cluster.answering()).toEqual(["a"]);
  return { cluster, a, b, c };
}

describe("a supervised replica", () => {
  it("counts a Lease that it created for its whole duration, then takes it and announces", async () => {
    const cluster = new Cluster();
    const a = cluster.add("a");
    await a.supervisor.start();
    await cluster.clock.advance(LEASE_MS - 100);
    expect(await cluster.answering()).toEqual([]);
    expect(cluster.lease?.holderIdentity).toBe("");
    await cluster.clock.advance(200);
    expect(await cluster.answering()).toEqual(["a"]);
    expect(cluster.lease?.holderIdentity).toBe("a_uid_1");
    expect(await a.ours()).toEqual(["address", "rule", "route", "route", "route"]);
    expect(a.wire).toEqual(["announce"]);
  });

  it("says what it waits for, from the API's first answer to the take", async () => {
    const cluster = new Cluster();
    const a = cluster.add("a");
    const reason = () => a.supervisor.snapshot().reason;
    await a.supervisor.start();
    await cluster.clock.advance(100);
    expect(reason()).toBe("the Lease is vacant, unchanged for 100 ms: it may be taken in 4900 ms");
    await cluster.clock.advance(LEASE_MS);
    const b = cluster.add("b");
    await b.supervisor.start();
    await cluster.clock.advance(100);
    expect(b.supervisor.snapshot().reason).toMatch(/^another holds the Lease, unchanged for \d+ ms$/);
  });

  it("prepares routes and rule beforehand, so that taking the VIP is two requests", async () => {
    const cluster = new Cluster();
    const a = cluster.add("a");
    await a.supervisor.start();
    await cluster.clock.advance(LEASE_MS - 100);
    expect(await a.ours()).toEqual(["rule", "route", "route", "route"]);
    const before = a.kernel.calls.length;
    await cluster.clock.advance(200);
    expect(a.kernel.calls.slice(before)).toEqual(["replaceAddress"]);
    expect(a.gate.calls).toEqual(["remove", "install", "prepare-relay", "open"]);
  });

  it("keeps the VIP for as long as it renews", async () => {
    const { cluster } = await held();
    await cluster.clock.advance(20 * LEASE_MS);
    expect(await cluster.answering()).toEqual(["a"]);
  });

  it("has its gate closed before the Lease says so when it is stopped, and connections and address until another holds", async () => {
    const { cluster, a } = await held();
    const order: string[] = [];
    a.gate.beforeVerb = (verb) => order.push(verb);
    a.kernel.beforeVerb = (verb) => order.push(verb);
    a.sockets.beforeVerb = (verb) => order.push(verb);
    cluster.store.subscribe(({ lease }) => {
      const isHeard = ACKNOWLEDGED_ANNOTATION in lease.annotations;
      order.push(lease.holderIdentity === "" ? "mark" : isHeard ? "acknowledged" : "taken");
    });
    const stopped = a.supervisor.stop();
    await cluster.clock.advance(300);
    await stopped;
    const [muted, ended] = [order.slice(0, 5), order.slice(5)];
    expect(muted).toEqual(["close", "replaceAddress", "mark", "taken", "acknowledged"]);
    expect(ended.slice(0, 3)).toEqual(["close", "destroy", "deleteAddress"]);
    expect(order.at(-1)).toBe("remove");
    expect(await a.ours()).toEqual([]);
    expect(await cluster.answering()).toHaveLength(1);
  });

  it("is silent at once and soon back when its Lease is deleted by hand", async () => {
    const { cluster, a } = await held();
    cluster.store.delete(MEMORY_LEASE_KEY);
    await cluster.clock.advance(200);
    expect(await cluster.answering()).toEqual(["a"]);
    expect(a.wire).toEqual(["announce", "stop", "announce"]);
  });

  it("leaves a foreign name in the Lease for its whole duration", async () => {
    const { cluster } = await held();
    cluster.store.patch(MEMORY_LEASE_KEY, { holderIdentity: "somebody" });
    await cluster.clock.advance(LEASE_MS - 100);
    expect(await cluster.answering()).toEqual([]);
    await cluster.clock.advance(300);
    expect(await cluster.answering()).toHaveLength(1);
  });

  it("takes no part until its link is there", async () => {
    const cluster = new Cluster();
    const a = cluster.add("a", { withLink: false });
    await a.supervisor.start();
    await cluster.clock.advance(60_000);
    expect(a.supervisor.snapshot().ready).toBe(false);
    expect(a.supervisor.snapshot().reason).toContain("net1 is missing");
    a.plugLink();
    await cluster.clock.advance(LEASE_MS + 200);
    expect(await cluster.answering()).toEqual(["a"]);
  });

  it("hands over when its link vanishes, and takes part again when it is back", async () => {
    const { cluster, a, b, c } = await held();
    a.unplugLink();
    await cluster.clock.advance(200);
    expect(await cluster.answering()).toHaveLength(1);
    expect(await a.hasVip()).toBe(false);
    a.plugLink();
    for (const replica of [b, c]) void replica.supervisor.stop();
    await cluster.clock.advance(1_000);
    expect(await cluster.answering()).toEqual(["a"]);
  });

  it("hands over what its kernel refuses", async () => {
    const cluster = new Cluster();
    const [a, b] = [cluster.add("a"), cluster.add("b")];
    await a.supervisor.start();
    await cluster.clock.advance(100);
    await b.supervisor.start();
    const refused = new RoutingError("KERNEL_REFUSED", "no", {});
    a.kernel.failNext("replaceAddress", refused);
    await cluster.clock.advance(LEASE_MS + 500);
    expect(await cluster.answering()).toEqual(["b"]);
    expect(a.supervisor.snapshot().ready).toBe(false);
  });

  it("puts back an address that was removed by hand, and announces it again", async () => {
    const { cluster, a } = await held();
    const { items } = await a.kernel.addresses();
    for (const address of items) await a.kernel.deleteAddress(address);
    await cluster.clock.advance(50);
    expect(await cluster.answering()).toEqual(["a"]);
    expect(await a.ours()).toHaveLength(5);
    expect(a.wire).toEqual(["announce", "announce"]);
  });

  it("sweeps what an earlier life left before it takes part", async () => {
    const cluster = new Cluster();
    const a = cluster.add("a");
    const leftover = {
      linkIndex: 7,
      address: VIP,
      prefixLength: 24,
      validSeconds: undefined,
      protocol: 83,
      label: undefined,
    };
    await a.kernel.replaceAddress(leftover);
    await a.supervisor.start();
    await cluster.clock.advance(10);
    expect(await a.hasVip()).toBe(false);
    expect(a.told).toContainEqual({ t: "swept", what: "delete-address 10.100.0.100/24" });
  });

  it("does not take what a stranger answers for", async () => {
    const cluster = new Cluster();
    const [a, stranger] = [cluster.add("a"), cluster.add("stranger")];
    const address = {
      linkIndex: 7,
      address: VIP,
      prefixLength: 32,
      validSeconds: undefined,
      protocol: 0,
      label: undefined,
    };
    await stranger.kernel.replaceAddress(address);
    await a.supervisor.start();
    await cluster.clock.advance(LEASE_MS + 1_000);
    expect(await cluster.answering()).toEqual(["stranger"]);
    expect(a.told).toContainEqual({ t: "notice", notice: { t: "segment-answered", by: [stranger.mac] } });
    await stranger.kernel.deleteAddress(address);
    await cluster.clock.advance(1_500);
    expect(await cluster.answering()).toEqual(["a"]);
  });
});

describe("a process that dies as the holder", () => {
  /** It runs no more: nothing of it, not even its end. */
  function kill(replica: MemoryReplica): void {
    replica.supervisor.close();
  }

  it("is silent at its deadline though nobody withdraws, and before anybody else may take", async () => {
    const { cluster, a, b } = await held();
    kill(a);
    for (let passedMs = 0; passedMs < LEASE_MS + 1_000; passedMs += 10) {
      await cluster.clock.advance(10);
      expect((await cluster.answering()).length).toBeLessThanOrEqual(1);
    }
    expect(await a.hasVip()).toBe(true);
    expect(await a.answers()).toBe(false);
    expect(await cluster.answering()).not.toEqual([]);
    expect(b.supervisor.snapshot().fenceLevel).toBe("nft-egress");
  });

  it("is adopted by its next life: the same holder, nothing new on the wire, not one moment of silence", async () => {
    const { cluster, a } = await held();
    const transitions = cluster.lease?.leaseTransitions;
    kill(a);
    await cluster.clock.advance(1_500);
    const again = cluster.restart(a);
    await again.supervisor.start();
    for (let passedMs = 0; passedMs < 2 * LEASE_MS; passedMs += 10) {
      await cluster.clock.advance(10);
      expect(await cluster.answering()).toEqual(["a"]);
    }
    expect(cluster.lease).toMatchObject({ holderIdentity: "a_uid_2", leaseTransitions: transitions });
    expect(again.wire).toEqual(["resume"]);
    expect([a.asksSegment, again.asksSegment]).toEqual([true, false]);
    expect(again.gate.opening?.holderIdentity).toBe("a_uid_2");
    expect(again.supervisor.snapshot()).toMatchObject({ vipState: "held", ready: true });
  });

  it("is swept by a life that starts after the deadline, which takes no part before", async () => {
    const { cluster, a, b, c } = await held();
    kill(a);
    for (const other of [b, c]) kill(other);
    await cluster.clock.advance(LEASE_MS);
    const again = cluster.restart(a);
    await again.supervisor.start();
    await cluster.clock.advance(50);
    expect(await again.hasVip()).toBe(false);
    expect(again.told).toContainEqual({ t: "swept", what: "delete-address 10.100.0.100/32" });
  });

  it("is swept where the Lease names another by now, before this life is a candidate", async () => {
    const { cluster, a } = await held();
    kill(a);
    cluster.store.patch(MEMORY_LEASE_KEY, { holderIdentity: "somebody" });
    const again = cluster.restart(a);
    await again.supervisor.start();
    await cluster.clock.advance(200);
    expect(await again.hasVip()).toBe(false);
    expect(again.gate.silences).toBe(true);
    expect(again.wire).toEqual([]);
    expect(again.asksSegment).toBe(true);
    expect(again.supervisor.snapshot()).toMatchObject({ vipState: "absent", ready: true });
  });

  it("is silenced by its next life's stop", async () => {
    const { cluster, a } = await held();
    kill(a);
    const again = cluster.restart(a);
    await again.supervisor.start();
    await cluster.clock.advance(100);
    void again.supervisor.stop();
    await cluster.clock.advance(1_000);
    expect(await again.ours()).toEqual([]);
  });
});

describe("another Lease's holder in the same network namespace", () => {
  const target = { vip: VIP, linkName: "net1", linkIndex: 7 };

  it("is left alone, and this replica takes no part until that hold is over", async () => {
    const cluster = new Cluster();
    const a = cluster.add("a");
    const opening = { holderIdentity: "x", untilWallMs: cluster.clock.wallTimeMs() + 2_000, timeoutMs: 2_000 };
    a.gate.putByOther("ns/other", target, opening);
    await a.kernel.replaceAddress({
      linkIndex: 7,
      address: VIP,
      prefixLength: 32,
      validSeconds: 3,
      protocol: 83,
      label: undefined,
    });
    await a.supervisor.start();
    await cluster.clock.advance(1_500);
    expect([a.gate.calls, await a.hasVip()]).toEqual([[], true]);
    expect(a.supervisor.snapshot()).toMatchObject({ ready: false, reason: expect.stringContaining("ns/other") });
    await cluster.clock.advance(2_000);
    expect(a.supervisor.snapshot().ready).toBe(true);
  });

  it("is left alone by a stop, too", async () => {
    const cluster = new Cluster();
    const a = cluster.add("a");
    const opening = { holderIdentity: "x", untilWallMs: cluster.clock.wallTimeMs() + 60_000, timeoutMs: 60_000 };
    a.gate.putByOther("ns/other", target, opening);
    await a.supervisor.start();
    await cluster.clock.advance(100);
    await a.supervisor.stop();
    expect(a.gate.opening).toEqual(opening);
  });
});

describe("a holder whose kernel is changed by another hand", () => {
  it("has its gate back with the deadline that it had, after nft flush ruleset", async () => {
    const { cluster, a } = await held();
    const until = a.gate.opening?.untilWallMs;
    a.gate.flushRuleset();
    await cluster.clock.advance(1);
    expect(a.gate.opening?.untilWallMs).toBe(until);
    expect(await cluster.answering()).toEqual(["a"]);
  });

  it("is silent when its opening is flushed, and heard again with the next renewal", async () => {
    const { cluster, a } = await held();
    a.gate.flushSet();
    await cluster.clock.advance(1);
    expect(await cluster.answering()).toEqual([]);
    await cluster.clock.advance(1_300);
    expect(await cluster.answering()).toEqual(["a"]);
    expect(a.wire).toEqual(["announce", "stop", "announce"]);
  });
});

describe("a holder that hears another claim the VIP", () => {
  it("is silent at once where it is a replica and the Lease has gone on, though its watch is behind", async () => {
    const { cluster, a, b } = await held();
    b.health.server = { t: "ready" };
    await cluster.clock.advance(LEARNT_MS);
    a.lock.watchesNothing();
    cluster.store.patch(MEMORY_LEASE_KEY, { holderIdentity: "b_uid_1", leaseTransitions: 9 });
    expect(await cluster.answering()).toEqual(["a"]);
    expect(a.hearClaim(b.mac)).toBe("replica");
    await cluster.clock.advance(1);
    expect(await a.answers()).toBe(false);
  });

  it("holds on where it is a replica and the Lease is still its own", async () => {
    const { cluster, a, b } = await held();
    await cluster.clock.advance(LEARNT_MS);
    for (let frames = 0; frames < 1_000; frames += 1) expect(a.hearClaim(b.mac)).toBe("replica");
    await cluster.clock.advance(100);
    expect(await cluster.answering()).toEqual(["a"]);
    expect(a.wire).toEqual(["announce"]);
  });

  it("calls it a stranger where no replica has this MAC address", async () => {
    const { a } = await held();
    expect(a.hearClaim("02:00:00:00:00:66")).toBe("stranger");
  });
});
