/** Whole replicas in memory: when connections to the VIP take another way, and when no longer. */
import type { DetourTarget } from "@vcluster-kube-vip/routing";
import { describe, expect, it } from "vitest";
import type { ProbeResult } from "../health/own-server.ts";
import { MemoryDetour } from "../testing/memory-detour.ts";
import { Cluster, LEASE_MS, type MemoryReplica, VIP } from "../testing/replicas.ts";
import { VirtualClock } from "../testing/virtual-clock.ts";
import { DetourDriver } from "./detour-driver.ts";
import { Loop } from "./loop.ts";

const READY: ProbeResult = { t: "ready" };
const REFUSED: ProbeResult = { t: "refused" };
const SILENT: ProbeResult = { t: "silent" };
/** A replica is given the VIP only after its API server was ready for a while. */
const ABLE_AFTER_MS = 15_000;
const PREPARED_AFTER_MS = 2_000;

interface Scene {
  readonly cluster: Cluster;
  readonly a: MemoryReplica;
  readonly b: MemoryReplica;
}

/** `a` holds; `b` could take it, unless it is not asked for. */
async function held(peers: "able" | "none" = "able"): Promise<Scene> {
  const cluster = new Cluster();
  const [a, b] = [cluster.add("a"), cluster.add("b")];
  await a.supervisor.start();
  await cluster.clock.advance(LEASE_MS + 100);
  if (peers === "able") await b.supervisor.start();
  a.health.server = READY;
  if (peers === "able") b.health.server = READY;
  await cluster.clock.advance(ABLE_AFTER_MS);
  expect(await cluster.answering()).toEqual(["a"]);
  return { cluster, a, b };
}

function transitions({ told }: MemoryReplica): readonly string[] {
  return told.flatMap((one) => (one.t === "transition" && one.machine === "detour" ? [one.to] : []));
}

describe("connections to the VIP go by another replica", () => {
  it("while the own API server is dead and nobody takes the VIP, and no longer once it is back", async () => {
    const { cluster, a } = await held("none");
    a.health.server = REFUSED;
    await cluster.clock.advance(1);
    expect(a.detour.opened).toMatchObject({ vip: VIP, port: 8443, linkIndex: 7 });
    await cluster.clock.advance(20_000);
    expect(a.detour.opened).toBeDefined();
    a.health.server = READY;
    await cluster.clock.advance(1);
    expect(a.detour.opened).toBeUndefined();
    expect(transitions(a)).toEqual(["open", "closed"]);
    expect(await cluster.answering()).toEqual(["a"]);
  });

  it("from the third look on at one that hangs", async () => {
    const { cluster, a } = await held("none");
    a.health.server = SILENT;
    await cluster.clock.advance(3_000);
    expect(transitions(a)).toEqual(["open"]);
  });

  it("until a planned move is over, and its connections have ended", async () => {
    const { cluster, a } = await held();
    a.health.pod = { leaving: "the Pod is being deleted" };
    const states: string[] = [];
    const { close } = a.detour;
    a.detour.close = () => {
      states.push(`closed while ${a.supervisor.snapshot().vipState}`);
      return close.call(a.detour);
    };
    while (states.at(-1) !== "absent closed" && states.length < 5_000) {
      await cluster.clock.advance(1);
      states.push(`${a.supervisor.snapshot().vipState} ${a.detour.opened === undefined ? "closed" : "open"}`);
    }
    expect([...new Set(states)]).toEqual(["muted open", "closed while absent", "absent closed"]);
    expect(await cluster.answering()).toEqual(["b"]);
  });

  it("where this replica is asked to stop, and nothing of it is left after", async () => {
    const { cluster, a } = await held();
    const stopped = a.supervisor.stop();
    await cluster.clock.advance(1_000);
    await stopped;
    expect(transitions(a)).toContain("open");
    expect(a.detour.asked.at(-1)).toBe("close");
  });

  it("not where all others seem dead as well: it may be this process that is cut off, and the listener well", async () => {
    const { cluster, a } = await held("none");
    a.detour.hasPeers = false;
    a.health.server = REFUSED;
    await cluster.clock.advance(5_000);
    expect(a.detour.asked).toEqual(["prepare"]);
    a.detour.hasPeers = true;
    await cluster.clock.advance(30_000);
    expect(a.detour.opened).toBeDefined();
  });

  it("not on a replica that does not hold", async () => {
    const { cluster, b } = await held();
    b.health.server = REFUSED;
    await cluster.clock.advance(5_000);
    expect(b.detour.asked).toEqual(["prepare"]);
  });

  it("not for what no other replica's API server would mend", async () => {
    const { cluster, a } = await held("none");
    a.health.server = { t: "unready", detail: "/readyz says 500" };
    await cluster.clock.advance(10_000);
    expect(a.detour.asked).toEqual(["prepare"]);
  });
});

it("one that dies costs no longer than the kernel was told, and the next life looks after it", async () => {
  const { cluster, a } = await held("none");
  a.health.server = REFUSED;
  await cluster.clock.advance(10_000);
  a.kill();
  await cluster.clock.advance(3_000);
  expect(a.detour.opened).toBeUndefined();
  const next = cluster.restart(a);
  await next.supervisor.start();
  await cluster.clock.advance(PREPARED_AFTER_MS + 1);
  expect(next.detour.asked).toEqual(["prepare"]);
});

it("asks for no wake while it is wanted and the link is missing: that it is back comes as an event", async () => {
  const clock = new VirtualClock();
  let target: DetourTarget | undefined;
  const loop = new Loop({
    clock,
    nextWakeMs: () => driver.wakeMs,
    onTick: () => driver.look(),
    onOverflow: () => undefined,
  });
  const detour = new MemoryDetour(clock);
  const driver: DetourDriver = new DetourDriver({
    clock,
    loop,
    detour,
    reason: () => "the own API server is dead",
    isWithdrawing: () => false,
    target: () => target,
    tell: () => undefined,
  });
  loop.push(() => driver.look());
  await clock.advance(PREPARED_AFTER_MS + 1);
  expect([driver.wakeMs, detour.asked]).toEqual([undefined, ["prepare"]]);
  target = { vip: VIP, port: 8443, linkIndex: 7 };
  loop.push(() => driver.look());
  await clock.advance(1);
  expect(detour.opened).toEqual(target);
  expect(driver.wakeMs).toBeGreaterThan(clock.nowMs());
});

it("a kernel that cannot is said once, and costs no move", async () => {
  const { cluster, a } = await held("none");
  a.detour.outcome = { t: "failed", code: "DETOUR_UNSUPPORTED", message: "DETOUR_UNSUPPORTED: not here" };
  a.health.server = REFUSED;
  await cluster.clock.advance(5_000);
  const said = a.told.filter((one) => one.t === "trouble" && one.code === "DETOUR_UNSUPPORTED");
  expect(said).toHaveLength(1);
  expect(transitions(a)).toEqual([]);
  expect(await cluster.answering()).toEqual(["a"]);
});
