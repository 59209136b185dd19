/** Whole replicas in memory that speak the quorum: how a lost node is healed, and who never holds beside another. */
import { describe, expect, it } from "vitest";
import { modeOf } from "../election/mode.ts";
import { Cluster, LEASE_MS, type MemoryReplica } from "../testing/replicas.ts";

const SETTLED_MS = 30_000;

interface Scene {
  readonly cluster: Cluster;
  readonly a: MemoryReplica;
  readonly others: readonly [MemoryReplica, MemoryReplica];
}

/** Three that are able; `a` holds, and the mode had the time to be used. */
async function scene(): Promise<Scene> {
  const cluster = new Cluster({ quorum: "auto" });
  const [a, b, c] = [cluster.add("a"), cluster.add("b"), cluster.add("c")];
  for (const { health } of cluster.replicas) health.server = { t: "ready" };
  await a.supervisor.start();
  await cluster.clock.advance(LEASE_MS + 100);
  for (const other of [b, c]) await other.supervisor.start();
  await cluster.clock.advance(SETTLED_MS);
  expect(await cluster.answering()).toEqual(["a"]);
  return { cluster, a, others: [b, c] };
}

function mode({ cluster }: Scene): string | undefined {
  return cluster.lease === undefined ? undefined : modeOf(cluster.lease)?.mode;
}

/** How long until another answers alone; never are there two. */
async function healedAfterMs({ cluster }: Scene, lost: MemoryReplica, limitMs: number): Promise<number> {
  for (let passedMs = 0; passedMs < limitMs; passedMs += 5) {
    const answering = await cluster.answering();
    expect(answering.length).toBeLessThanOrEqual(1);
    if (answering.length === 1 && answering[0] !== lost.name) return passedMs;
    await cluster.clock.advance(5);
  }
  return limitMs;
}

describe("three replicas that speak the quorum", () => {
  it("use it, the Lease says so, and the kernel's deadline is half a second away and never passes", async () => {
    const now = await scene();
    expect(mode(now)).toBe("quorum");
    for (let passedMs = 0; passedMs < 20_000; passedMs += 10) {
      await now.cluster.clock.advance(10);
      const { kernelDeadlineInMs = 0 } = now.a.supervisor.snapshot();
      expect(kernelDeadlineInMs).toBeGreaterThan(200);
      expect(kernelDeadlineInMs).toBeLessThan(500);
    }
    expect(await now.cluster.answering()).toEqual(["a"]);
  });

  it("heal a killed holder's loss in about half a second, once the kernel has silenced it", async () => {
    const now = await scene();
    now.cluster.quorum?.cut("a");
    now.a.kill();
    expect(await healedAfterMs(now, now.a, LEASE_MS)).toBeLessThan(900);
  });

  it("do not move when the holder loses one of its two networks", async () => {
    const now = await scene();
    now.cluster.quorum?.cut("a", ["segment"]);
    await now.cluster.clock.advance(10_000);
    now.cluster.quorum?.heal("a");
    now.cluster.quorum?.cut("a", ["pod-network"]);
    await now.cluster.clock.advance(10_000);
    expect(await now.cluster.answering()).toEqual(["a"]);
    expect(now.cluster.lease?.leaseTransitions).toBe(1);
  });

  it("go back to the plain lease, and stay, where the holder reaches the API but no peer", async () => {
    const now = await scene();
    now.cluster.quorum?.cut("a");
    await now.cluster.clock.advance(5_000);
    expect(await now.cluster.answering()).toEqual(["a"]);
    expect(mode(now)).toBe("lease");
    expect(now.cluster.lease?.leaseTransitions).toBe(1);
    now.cluster.quorum?.heal("a");
    await now.cluster.clock.advance(40_000);
    expect(mode(now)).toBe("quorum");
  });

  it("do not move, and lose the mode, when a standby is lost", async () => {
    const now = await scene();
    const [b] = now.others;
    now.cluster.quorum?.cut("b");
    b.kill();
    await now.cluster.clock.advance(20_000);
    expect(await now.cluster.answering()).toEqual(["a"]);
    expect(mode(now)).toBe("lease");
  });

  it("go back to the plain lease for a while where another hand takes away the gate", async () => {
    const now = await scene();
    now.a.gate.flushRuleset();
    await now.cluster.clock.advance(1_000);
    expect([mode(now), now.a.supervisor.snapshot().modeReason]).toEqual(["lease", "settling"]);
    await now.cluster.clock.advance(SETTLED_MS);
    expect(mode(now)).toBe("quorum");
    expect(await now.cluster.answering()).toEqual(["a"]);
  });

  it("hand over as planned in this mode, too", async () => {
    const now = await scene();
    const outcome = now.a.supervisor.transfer("b_uid_1", 2);
    await now.cluster.clock.advance(2_000);
    expect(await outcome).toMatchObject({ t: "moved" });
    expect(await now.cluster.answering()).toEqual(["b"]);
  });
});

it("where it is not asked for, the Lease says nothing of it, and the holder says why", async () => {
  const cluster = new Cluster();
  const a = cluster.add("a");
  await a.supervisor.start();
  await cluster.clock.advance(LEASE_MS + 100);
  expect(cluster.lease?.annotations).not.toHaveProperty("vcluster-kube-vip/mode");
  expect(a.supervisor.snapshot()).toMatchObject({ mode: "lease", modeReason: "setting-off" });
});

it("where two are all that there are, the plain lease is used", async () => {
  const cluster = new Cluster({ quorum: "auto" });
  const [a, b] = [cluster.add("a"), cluster.add("b")];
  for (const { supervisor } of [a, b]) await supervisor.start();
  await cluster.clock.advance(SETTLED_MS);
  const { lease } = cluster;
  expect(lease === undefined ? undefined : modeOf(lease)?.mode).toBe("lease");
});
