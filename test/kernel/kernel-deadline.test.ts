/**
 * The kernel ends the hold, whatever happens to the process: the sidecar on a real kernel with the embedded Lease API,
 * at 5/3/1, frozen, killed and renewed for a while, seen by a sampler that asks for the VIP every millisecond.
 */
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from "vitest";
import { measured } from "../bed/measured.ts";
import { ArpSampler } from "../bed/observers.ts";
import { Pod } from "../bed/pod.ts";
import { podName } from "../bed/release.ts";
import { PAGE, Segment } from "../bed/segment.ts";
import { SidecarProcess } from "../bed/sidecar-process.ts";
import { FAST_LEASE } from "../bed/virtual-cluster.ts";
import { monotonicMs, waitFor } from "../bed/wait.ts";
import { EmbeddedApi } from "../demo/embedded-api.ts";

/** For 5 s, after docs/how-failover-works.md: when nobody else can hold, and when the gate closes. */
const EXCLUSIVE_MS = (5_000 * 0.98) / 1.02;
const HOLD_MS = EXCLUSIVE_MS - 50;

let segment: Segment;
let pod: Pod;
let api: EmbeddedApi;
let sampler: ArpSampler;
let sidecar: SidecarProcess;
/** When a write of the Lease arrived at the API: never before it was sent. */
const writesAtMs: number[] = [];

beforeAll(async () => {
  segment = await Segment.create({ podNetwork: "10.64" });
  pod = await Pod.create(segment, { name: podName(0) });
  api = await EmbeddedApi.start([pod], ({ method }) => {
    if (method === "PUT") writesAtMs.push(monotonicMs());
  });
  sampler = await ArpSampler.start(segment);
  sidecar = start();
});

afterAll(async () => {
  await sidecar.close();
  await sampler.close();
  await pod.close();
  await segment.close();
});

beforeEach(() => served());

afterEach(async () => {
  await sampler.caughtUp();
  expect(sampler.report().intervalsOfTwo).toEqual([]);
});

function start(): SidecarProcess {
  return SidecarProcess.start(pod, { kubeconfig: api.kubeconfig(), env: FAST_LEASE });
}

function served(withinMs = 10_000): Promise<true> {
  return waitFor(
    "the VIP is answered for",
    () => (sampler.answering[0] === pod.attachment?.mac && sampler.answering.length === 1 ? true : undefined),
    { withinMs, diagnose: () => sidecar.tail() },
  );
}

function silentAfter(sinceMs: number): Promise<number> {
  const silence = () => sampler.runs.find(({ fromMs, macs }) => fromMs > sinceMs && macs.length === 0)?.fromMs;
  return waitFor("silence", silence, { withinMs: 8_000, diagnose: () => sidecar.tail() });
}

/** Stopped with `signal` between two renewals, so that the last write that arrived is the last one confirmed. */
async function stopRunning(signal: "SIGSTOP" | "SIGKILL"): Promise<number> {
  const count = writesAtMs.length;
  await waitFor("a renewal", () => writesAtMs.length > count || undefined, { withinMs: 3_000 });
  await sleep(300);
  const lastWriteAtMs = writesAtMs.at(-1) ?? Number.NaN;
  sidecar.signal(signal);
  return lastWriteAtMs;
}

async function addresses(): Promise<string> {
  return pod.namespace.exec(["ip", "addr", "show", "dev", "net1"]);
}

test("a holder's gate is in nf_tables, with its identity, and its address has a lifetime", async () => {
  const ruleset = await pod.namespace.exec(["nft", "list", "ruleset"]);
  expect(ruleset).toContain("table arp vcluster-kube-vip-83");
  expect(ruleset).toContain("table netdev vcluster-kube-vip-83");
  expect(ruleset).toContain(`${podName(0)}_`);
  expect(await addresses()).toMatch(new RegExp(`inet ${PAGE.vip}/32[^]*?valid_lft [23]sec`));
});

test("renewals lose not one question for the VIP", async () => {
  await sampler.caughtUp();
  const fromMs = monotonicMs();
  const renewals = writesAtMs.length;
  await sleep(8_000);
  await sampler.caughtUp();
  expect(writesAtMs.length - renewals).toBeGreaterThanOrEqual(6);
  expect(sampler.runs.filter((run) => run.fromMs > fromMs && run.macs.length === 0)).toEqual([]);
});

test.each(["SIGSTOP", "SIGKILL"] as const)(
  "after %s the gate closes at the deadline, though the address were there for ever",
  async (signal) => {
    const renewedAtMs = await stopRunning(signal);
    // By hand, and nobody is there to put it right: so only the gate is left to end the hold.
    await pod.namespace.ip(`addr change ${PAGE.vip}/32 dev net1 valid_lft forever preferred_lft 0 noprefixroute`);
    const silentAtMs = await silentAfter(renewedAtMs + 1_000);
    measured(`${signal}, gate alone: from the last renewal at the API to silence`, [silentAtMs - renewedAtMs]);
    expect(silentAtMs - renewedAtMs).toBeLessThanOrEqual(HOLD_MS + 5);
    expect(silentAtMs - renewedAtMs).toBeGreaterThan(HOLD_MS - 50);
    expect(await addresses()).toContain(PAGE.vip);
    await resume(signal);
  },
);

test.each(["SIGSTOP", "SIGKILL"] as const)(
  "after %s the address is gone before anybody else may take",
  async (signal) => {
    const renewedAtMs = await stopRunning(signal);
    const silentAtMs = await silentAfter(renewedAtMs);
    measured(`${signal}: from the last renewal at the API to silence`, [silentAtMs - renewedAtMs]);
    await sleep(renewedAtMs + EXCLUSIVE_MS - monotonicMs());
    expect(await addresses()).not.toContain(PAGE.vip);
    await resume(signal);
  },
);

async function resume(signal: "SIGSTOP" | "SIGKILL"): Promise<void> {
  if (signal === "SIGSTOP") sidecar.signal("SIGCONT");
  else sidecar = start();
  await served();
}

test("nft flush ruleset under a holder costs nothing: the gate is back with its deadline", async () => {
  await sampler.caughtUp();
  const fromMs = monotonicMs();
  await pod.namespace.exec(["nft", "flush", "ruleset"]);
  const restored = await sidecar.waitForEvent("restored", { withinMs: 2_000, sinceMs: fromMs - 50 });
  measured("nft flush ruleset: until the log says that the gate is back", [restored.atMs - fromMs]);
  expect(await pod.namespace.exec(["nft", "list", "ruleset"])).toContain("table arp vcluster-kube-vip-83");
  await sampler.caughtUp();
  expect(sampler.runs.filter((run) => run.fromMs > fromMs && run.macs.length === 0)).toEqual([]);
});
