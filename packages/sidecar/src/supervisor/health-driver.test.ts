/** Whole replicas in memory: when health moves the VIP, to whom, and when it stays. */
import type { Connection } from "@vcluster-kube-vip/routing";
import { ip } from "@vcluster-kube-vip/routing/testing";
import { describe, expect, it } from "vitest";
import type { ProbeResult } from "../health/own-server.ts";
import type { Happening } from "../observe/happening.ts";
import { Cluster, LEASE_MS, type MemoryReplica, VIP } from "../testing/replicas.ts";

const READY: ProbeResult = { t: "ready" };
const REFUSED: ProbeResult = { t: "refused" };
const SILENT: ProbeResult = { t: "silent" };
const UNREADY: ProbeResult = { t: "unready", detail: "/readyz says 500" };
/** Longer than a well replica counts as recovering. */
const LONG_MS = 15_000;

interface Scene {
  readonly cluster: Cluster;
  readonly replicas: readonly [MemoryReplica, MemoryReplica, MemoryReplica];
}

/** Three replicas of a StatefulSet, able to serve; the one of this ordinal holds. */
async function scene(holder = 0): Promise<Scene> {
  const cluster = new Cluster();
  const replicas = [cluster.add("v-0"), cluster.add("v-1"), cluster.add("v-2")] as const;
  const first = replicas[holder];
  if (first === undefined) throw new TypeError("there are three");
  for (const replica of replicas) begin(replica);
  await first.supervisor.start();
  await cluster.clock.advance(LEASE_MS + 100);
  for (const replica of replicas) if (replica !== first) await replica.supervisor.start();
  await cluster.clock.advance(LONG_MS);
  expect(await cluster.answering()).toEqual([first.name]);
  return { cluster, replicas };
}

function begin({ health }: MemoryReplica, revision = "old"): void {
  health.server = READY;
  health.pod = { revision, updateRevision: undefined };
}

function said(replica: MemoryReplica, t: Happening["t"]): readonly Happening[] {
  return replica.told.filter((happening) => happening.t === t);
}

function verdict({ supervisor }: MemoryReplica): string {
  return supervisor.snapshot().health.verdict;
}

/** How long it takes until another than `before` answers, or `limitMs`. */
async function movedAfterMs({ cluster }: Scene, before: MemoryReplica, limitMs: number): Promise<number> {
  for (let passedMs = 0; passedMs < limitMs; passedMs += 1) {
    const answering = await cluster.answering();
    if (answering.length === 1 && !answering.includes(before.name)) return passedMs;
    await cluster.clock.advance(1);
  }
  return limitMs;
}

describe("a holder whose API server", () => {
  it("is dead hands over at once, to the lowest ordinal that could serve", async () => {
    const now = await scene();
    const [a] = now.replicas;
    a.health.server = REFUSED;
    expect(await movedAfterMs(now, a, 1_000)).toBeLessThan(50);
    expect(await now.cluster.answering()).toEqual(["v-1"]);
    expect(a.told).toContainEqual({
      t: "transition",
      machine: "health",
      from: "able",
      to: "unable",
      reason: "the own API server is dead: nobody listens",
    });
  });

  it.each([5, 60, 200])(
    "is dead while a renewal sent before waits %s ms for its answer asks for the next one at once",
    async (lateMs) => {
      const now = await scene();
      const [a] = now.replicas;
      const { lock } = a;
      const write = lock.write.bind(lock);
      let sent = false;
      lock.write = async (draft) => {
        const isFirst = !sent;
        sent = true;
        const { clock } = now.cluster;
        // Sent to the server that is about to die, and to a peer only then.
        if (isFirst) await new Promise<void>((done) => clock.at(clock.nowMs() + lateMs, done));
        return write(draft);
      };
      while (!sent) await now.cluster.clock.advance(1);
      await now.cluster.clock.advance(2);
      a.health.server = REFUSED;
      expect(await movedAfterMs(now, a, 2_000)).toBeLessThan(lateMs + 100);
    },
  );

  it("hangs hands over after three silent looks", async () => {
    const now = await scene();
    const [a] = now.replicas;
    a.health.server = SILENT;
    expect(await movedAfterMs(now, a, 3_000)).toBeLessThan(1_400);
  });

  it.each([
    ["is dead", REFUSED],
    ["hangs", SILENT],
  ])(
    "%s while no API can be reached from here serves on to its deadline: it could leave no mark",
    async (_what, look) => {
      const now = await scene();
      const [a] = now.replicas;
      const { write } = a.lock;
      a.lock.write = async () => ({ t: "unknown", reason: "time-out" });
      a.health.server = look;
      await now.cluster.clock.advance(2_000);
      expect(await now.cluster.answering()).toEqual(["v-0"]);
      expect(said(a, "silenced")).toEqual([]);
      a.lock.write = write;
      expect(await movedAfterMs(now, a, 2_000)).toBeLessThan(1_500);
    },
  );

  it("is unready while every other is, as while etcd elects, keeps the VIP, and nobody is found", async () => {
    const now = await scene();
    for (const { health } of now.replicas) health.server = UNREADY;
    await now.cluster.clock.advance(8_000);
    for (const { health } of now.replicas) health.server = READY;
    await now.cluster.clock.advance(60_000);
    expect(await now.cluster.answering()).toEqual(["v-0"]);
    expect(now.cluster.lease?.leaseTransitions).toBe(1);
  });

  it("is unready alone hands over once another was ready for 3 s meanwhile", async () => {
    const now = await scene();
    const [a] = now.replicas;
    a.health.server = UNREADY;
    const afterMs = await movedAfterMs(now, a, 10_000);
    expect(afterMs).toBeGreaterThanOrEqual(3_000);
    expect(afterMs).toBeLessThan(4_000);
  });

  it("is dead keeps the VIP while nobody could serve, says so once, and hands over when one can", async () => {
    const now = await scene();
    const [a, b, c] = now.replicas;
    for (const { health } of [b, c, a]) health.server = REFUSED;
    const askedBefore = a.health.asked;
    await now.cluster.clock.advance(5_000);
    expect(await now.cluster.answering()).toEqual(["v-0"]);
    expect(a.health.asked - askedBefore).toBeGreaterThanOrEqual(19);
    expect(a.health.asked - askedBefore).toBeLessThanOrEqual(22);
    expect(said(a, "notice").filter((said) => JSON.stringify(said).includes("transfer-refused"))).toHaveLength(1);
    c.health.server = READY;
    expect(await movedAfterMs(now, a, 1_000)).toBeLessThan(300);
    expect(await now.cluster.answering()).toEqual(["v-2"]);
  });
});

describe("a replica whose API server is dead", () => {
  it("does not take what another leaves without a word", async () => {
    const { cluster, replicas } = await scene();
    const [a, b] = replicas;
    b.health.server = REFUSED;
    a.kill();
    await cluster.clock.advance(LEASE_MS + 2_000);
    expect((await cluster.answering()).filter((name) => name !== "v-0")).toEqual(["v-2"]);
    expect(b.supervisor.snapshot()).toMatchObject({ ready: false });
  });

  it("takes part again when it answers, and is chosen last for 10 s", async () => {
    const now = await scene();
    const [a, b, c] = now.replicas;
    b.health.server = REFUSED;
    await now.cluster.clock.advance(1_000);
    b.health.server = READY;
    await now.cluster.clock.advance(2_500);
    expect(b.supervisor.snapshot()).toMatchObject({ ready: true });
    expect(verdict(b)).toBe("unable");
    a.health.server = REFUSED;
    await now.cluster.clock.advance(100);
    expect(await now.cluster.answering()).toEqual(["v-2"]);
    expect(verdict(c)).toBe("able");
  });
});

it("an API server that flaps moves the VIP once, and not back", async () => {
  const now = await scene();
  const [a] = now.replicas;
  for (let times = 0; times < 20; times += 1) {
    a.health.server = times % 2 === 0 ? REFUSED : READY;
    await now.cluster.clock.advance(700);
  }
  expect(await now.cluster.answering()).toEqual(["v-1"]);
  expect(now.cluster.lease?.leaseTransitions).toBe(2);
});

it("API servers that flap in turn move the VIP within the budget of moves only", async () => {
  const now = await scene();
  for (let times = 0; times < 60; times += 1) {
    const [holder] = await now.cluster.answering();
    for (const { name, health } of now.replicas) health.server = name === holder ? REFUSED : READY;
    await now.cluster.clock.advance(1_500);
  }
  expect(now.cluster.lease?.leaseTransitions).toBe(5);
  expect(await now.cluster.answering()).toHaveLength(1);
});

describe("a holder whose segment is silent", () => {
  it("hands over to a replica that has heard it since", async () => {
    const now = await scene();
    const [a, , c] = now.replicas;
    const sinceMs = now.cluster.clock.nowMs();
    a.reach = { t: "silent", sinceMs, answeredAtMs: sinceMs - 500 };
    c.reach = { t: "answers", answeredAtMs: sinceMs + 1 };
    expect(await movedAfterMs(now, a, 1_000)).toBeLessThan(300);
    expect(await now.cluster.answering()).toEqual(["v-2"]);
  });

  it("keeps the VIP where the gateway is silent for everybody", async () => {
    const now = await scene();
    const sinceMs = now.cluster.clock.nowMs();
    for (const replica of now.replicas) replica.reach = { t: "silent", sinceMs, answeredAtMs: sinceMs - 500 };
    await now.cluster.clock.advance(30_000);
    expect(await now.cluster.answering()).toEqual(["v-0"]);
  });
});

describe("a holder that is leaving", () => {
  it("hands over before it is stopped, and takes nothing more", async () => {
    const now = await scene();
    const [a, b, c] = now.replicas;
    a.health.pod = { leaving: "the Pod is being deleted" };
    expect(await movedAfterMs(now, a, 1_000)).toBeLessThan(50);
    for (const other of [b, c]) other.kill();
    await now.cluster.clock.advance(LEASE_MS + 2_000);
    expect(await now.cluster.answering()).not.toContain("v-0");
    expect(a.supervisor.snapshot()).toMatchObject({ ready: false, reason: "the Pod is being deleted" });
  });

  it.each([
    { revision: "new", what: "goes at once by what all said before", atLeastMs: 0, atMostMs: 4 },
    { revision: "old", what: "waits 5 ms in a rolling update, also for a peer that hangs", atLeastMs: 5, atMostMs: 30 },
  ])("$what", async ({ revision, atLeastMs, atMostMs }) => {
    const now = await scene();
    const [a] = now.replicas;
    a.health.pod = { revision, updateRevision: "new" };
    a.health.answerAfterMs = 100;
    a.health.pod = { leaving: "the Pod is being deleted" };
    const afterMs = await movedAfterMs(now, a, 1_000);
    expect(afterMs).toBeGreaterThanOrEqual(atLeastMs);
    expect(afterMs).toBeLessThanOrEqual(atMostMs);
    expect(await now.cluster.answering()).toEqual(["v-1"]);
  });

  it("waits for the answers where nobody could serve before", async () => {
    const now = await scene();
    const [a, b, c] = now.replicas;
    for (const { health } of [b, c]) health.server = UNREADY;
    await now.cluster.clock.advance(5_000);
    a.health.answerAfterMs = 50;
    for (const { health } of [b, c]) health.server = READY;
    a.health.pod = { leaving: "the Pod is being deleted" };
    const afterMs = await movedAfterMs(now, a, 1_000);
    expect(afterMs).toBeGreaterThanOrEqual(50);
    expect(afterMs).toBeLessThan(100);
  });

  it("is left, after half a second, for another than one that leaves as well and was not asked", async () => {
    const now = await scene();
    const [a, b] = now.replicas;
    for (const replica of [b, a]) replica.health.pod = { leaving: "the Pod is being deleted" };
    await now.cluster.clock.advance(600);
    expect(await now.cluster.answering()).toEqual(["v-2"]);
  });

  it("goes, when it is stopped without notice, to the replica that it has preferred all along", async () => {
    const now = await scene(2);
    const [, , c] = now.replicas;
    void c.supervisor.stop();
    expect(await movedAfterMs(now, c, 1_000)).toBeLessThan(50);
    expect(await now.cluster.answering()).toEqual(["v-0"]);
  });
});

it("a holder whose link goes down hands over within 50 ms to the replica that it has preferred", async () => {
  const now = await scene(1);
  const [, b] = now.replicas;
  b.plugLink({ up: false });
  expect(await movedAfterMs(now, b, 1_000)).toBeLessThan(50);
  expect(await now.cluster.answering()).toEqual(["v-0"]);
});

it.each([
  { isUp: true, what: "resolves the next hop of an open connection first", atLeastMs: 15, atMostMs: 30 },
  { isUp: false, what: "asks nobody by a link that is down", atLeastMs: 0, atMostMs: 10 },
])("a holder that hands over $what", async ({ isUp, atLeastMs, atMostMs }) => {
  const now = await scene();
  const [a] = now.replicas;
  // Its neighbour entry has expired, and it does not answer.
  const connection: Connection = {
    localPort: 8443,
    remoteAddress: ip("10.100.0.77"),
    remotePort: 40_000,
    state: "established",
  };
  a.sockets.connect(VIP, connection);
  if (isUp) void a.supervisor.stop();
  else a.plugLink({ up: false });
  const afterMs = await movedAfterMs(now, a, 1_000);
  expect(afterMs).toBeGreaterThanOrEqual(atLeastMs);
  expect(afterMs).toBeLessThanOrEqual(atMostMs);
});

describe("a rolling update of three, from the highest ordinal down", () => {
  async function roll(holder: number, withNotice: boolean): Promise<number> {
    const now = await scene(holder);
    const { cluster } = now;
    const before = cluster.lease?.leaseTransitions ?? 0;
    for (const { health } of now.replicas) health.pod = { updateRevision: "new" };
    for (const ordinal of [2, 1, 0]) {
      const old = cluster.replicas[ordinal];
      if (old === undefined) throw new TypeError("there are three");
      if (withNotice) old.health.pod = { leaving: "the Pod is being deleted" };
      await cluster.clock.advance(withNotice ? 1_000 : 0);
      void old.supervisor.stop();
      await cluster.clock.advance(1_000);
      old.ended = true;
      const next = cluster.restart(old);
      begin(next, "new");
      next.health.pod = { updateRevision: "new" };
      await next.supervisor.start();
      await cluster.clock.advance(LONG_MS);
      expect(await cluster.answering()).toHaveLength(1);
    }
    return (cluster.lease?.leaseTransitions ?? 0) - before;
  }

  it.each([
    { holder: 0, withNotice: true, moves: 1 },
    { holder: 1, withNotice: true, moves: 1 },
    { holder: 2, withNotice: true, moves: 2 },
    { holder: 0, withNotice: false, moves: 1 },
    { holder: 1, withNotice: false, moves: 1 },
    { holder: 2, withNotice: false, moves: 2 },
  ])("costs $moves moves where ordinal $holder holds (notice: $withNotice)", async ({ holder, withNotice, moves }) => {
    expect(await roll(holder, withNotice)).toBe(moves);
  });
});
