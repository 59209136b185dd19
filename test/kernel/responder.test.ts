/**
 * The fence level "responder" on a real kernel: who is answered for while the holder runs, is stopped, goes on and is
 * killed; what it leaves and what a next life restores; what it needs; and what an answer costs.
 */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, expect, test } from "vitest";
import { type AnswerRun, reportAnswers } from "../bed/arp-answers.ts";
import { measured, median } from "../bed/measured.ts";
import { SIDECAR_CAPABILITIES } from "../bed/namespace.ts";
import { Oracle } from "../bed/oracle.ts";
import { Pod } from "../bed/pod.ts";
import type { BedProcess } from "../bed/process.ts";
import { PAGE, Segment } from "../bed/segment.ts";
import { monotonicMs, sleep, waitFor } from "../bed/wait.ts";
import type { Asked, AskerOptions } from "./arp-asker.ts";
import type { HolderLine, HolderOptions } from "./responder-process.ts";

/** An address that net1 has from the CNI's IPAM. */
const OWN = "10.100.0.11";
const MARK = "[vcluster-kube-vip kube-system/vcluster-kube-vip answers ARP here; arp_ignore was 0]";
/** The sampler settles a probe after 100 ms and tells every 50. */
const SETTLED_MS = 200;

let segment: Segment;
let pod: Pod;
let vipSampler: Oracle<AnswerRun>;
let ownSampler: Oracle<AnswerRun>;
let holder: BedProcess | undefined;
let lines: HolderLine[] = [];

beforeAll(async () => {
  segment = await Segment.create();
  pod = await Pod.create(segment, { name: "responder-0" });
  await pod.namespace.ip(`addr add ${OWN}/24 dev net1`);
  vipSampler = await Oracle.start(segment.sampler, "arp-sampler.ts", { vip: PAGE.vip });
  ownSampler = await Oracle.start(segment.sampler, "arp-sampler.ts", { vip: OWN });
});

afterAll(async () => {
  await vipSampler?.close();
  await ownSampler?.close();
  await pod?.close();
  await segment?.close();
});

afterEach(async () => {
  if (holder?.running) await holder.close();
  // A killed holder leaves its address and the muted link.
  await pod.namespace.attempt(["ip", "addr", "del", `${PAGE.vip}/32`, "dev", "net1"]);
  await pod.namespace.ip("link set dev net1 alias ''").catch(() => undefined);
  await pod.namespace.sysctl("net/ipv4/conf/net1/arp_ignore", 0);
});

/** With a read-only /proc/sys, as a pod's container has it, and no more than `capabilities`. */
function start(options: Partial<HolderOptions> = {}, capabilities = SIDECAR_CAPABILITIES): BedProcess {
  const all: HolderOptions = { vip: PAGE.vip, linkName: "net1", openForMs: 1_000, holdForMs: 60_000, ...options };
  const readOnly = 'mount --bind /proc/sys /proc/sys; mount -o remount,bind,ro /proc/sys; exec "$@"';
  const set = ["-all", ...capabilities.map((capability) => `+${capability}`)].join(",");
  const bounded = ["setpriv", "--bounding-set", set, "--inh-caps=-all", "--no-new-privs"];
  lines = [];
  const program = [process.execPath, join(import.meta.dirname, "responder-process.ts"), JSON.stringify(all)];
  holder = pod.namespace.spawn(["sh", "-ec", readOnly, "sh", ...bounded, ...program], {
    name: "holder",
    onLine: (line) => lines.push(JSON.parse(line) as HolderLine),
  });
  return holder;
}

async function holding(options?: Partial<HolderOptions>): Promise<BedProcess> {
  const process = start(options);
  await told("holding");
  return process;
}

function told(t: HolderLine["t"]): Promise<HolderLine> {
  return waitFor(`the holder tells "${t}"`, () => lines.find((line) => line.t === t), {
    withinMs: 20_000,
    diagnose: () => `${JSON.stringify(lines.at(-1))}\n${holder?.tail()}`,
  });
}

/** Whoever answered a probe that was sent in this stretch; none: silence. */
function answers(sampler: Oracle<AnswerRun>, fromMs: number, toMs: number): readonly string[] {
  const runs = sampler.records.filter((run) => run.fromMs >= fromMs && run.toMs <= toMs);
  const probes = runs.reduce((sum, run) => sum + run.probes, 0);
  expect(probes, "probes in this stretch").toBeGreaterThan(20);
  return [...new Set(runs.flatMap(({ macs }) => macs))];
}

/** Watches for `forMs`; then who answered for the VIP, and who for the pod's own address. */
async function watch(forMs: number): Promise<readonly (readonly string[])[]> {
  const fromMs = monotonicMs();
  await sleep(forMs + SETTLED_MS);
  return [vipSampler, ownSampler].map((sampler) => answers(sampler, fromMs, fromMs + forMs));
}

async function arpIgnore(): Promise<readonly string[]> {
  const value = await pod.namespace.exec(["cat", "/proc/sys/net/ipv4/conf/net1/arp_ignore"]);
  const [link] = JSON.parse(await pod.namespace.exec(["ip", "-j", "link", "show", "dev", "net1"]));
  return [value.trim(), link.ifalias ?? "no alias"];
}

/** The kernel of the worker asks: a datagram to nobody makes it. */
async function workerResolves(address: string): Promise<string | undefined> {
  await segment.worker.exec(["ip", "neigh", "flush", "dev", "net0"]);
  await segment.worker.exec(["bash", "-c", `echo > /dev/udp/${address}/9`]);
  return waitFor(
    `the worker knows where ${address} is`,
    async () => {
      const shown = await segment.worker.exec(["ip", "neigh", "show", "to", address, "dev", "net0"]);
      return / lladdr (\S+)/.exec(shown)?.[1];
    },
    { withinMs: 2_000 },
  );
}

test("a holder answers for the VIP and for the pod's own address, where /proc/sys is read-only, and alone", async () => {
  await holding();
  expect(await arpIgnore()).toEqual(["8", MARK]);
  expect(await workerResolves(PAGE.vip)).toBe(pod.mac);
  expect(await workerResolves(OWN)).toBe(pod.mac);
  expect(await watch(500)).toEqual([[pod.mac], [pod.mac]]);
  expect(reportAnswers(vipSampler.records).mostAtOnce).toBe(1);
});

test("a stopped process is silent from the first probe on, and still for the VIP when it goes on past the deadline", async () => {
  const process = await holding();
  process.signal("SIGSTOP");
  expect(await watch(1_500)).toEqual([[], []]);
  process.signal("SIGCONT");
  // The link's other addresses are answered for again as soon as it runs.
  await sleep(50);
  expect(await watch(1_000)).toEqual([[], [pod.mac]]);
  const refreshed = lines.filter((line) => line.t === "refreshed");
  expect(refreshed.at(-1)).toMatchObject({ outcome: "missing" });
});

test("a process that goes on before the deadline answers again", async () => {
  const process = await holding({ openForMs: 5_000 });
  process.signal("SIGSTOP");
  expect(await watch(300)).toEqual([[], []]);
  process.signal("SIGCONT");
  await sleep(50);
  expect(await watch(500)).toEqual([[pod.mac], [pod.mac]]);
});

test("without another renewal the VIP is silent at the deadline, by the process alone", async () => {
  await holding({ openForMs: 700, holdForMs: 0 });
  const openedMs = monotonicMs();
  await sleep(900 + SETTLED_MS);
  const last = reportAnswers(vipSampler.records).answerers.find(({ mac }) => mac === pod.mac)?.lastMs ?? Number.NaN;
  // The opening was made before the line about it arrived here.
  expect(last).toBeGreaterThan(openedMs);
  expect(last - openedMs).toBeLessThan(700);
  expect(answers(vipSampler, openedMs + 705, openedMs + 900)).toEqual([]);
});

test("a holder that gives up leaves the link as it was, and the kernel answers again", async () => {
  const process = await holding();
  process.signal("SIGTERM");
  expect(await process.exited).toEqual({ code: 0, signal: null });
  expect(lines.at(-1)).toEqual({ t: "restored" });
  expect(await arpIgnore()).toEqual(["0", "no alias"]);
  expect(await watch(300)).toEqual([[], [pod.mac]]);
});

test("a killed process leaves the link muted until the next life, whose sweep finds and restores it", async () => {
  const process = await holding();
  await process.stop("SIGKILL");
  expect(await arpIgnore()).toEqual(["8", MARK]);
  expect(await watch(300)).toEqual([[], []]);
  const next = await holding();
  next.signal("SIGTERM");
  await next.exited;
  expect(await arpIgnore()).toEqual(["0", "no alias"]);
  expect(await watch(300)).toEqual([[], [pod.mac]]);
});

test("without NET_RAW the level cannot be had: a sentence, and the kernel goes on answering", async () => {
  start({}, ["net_admin"]);
  expect(await told("failed")).toMatchObject({
    message: expect.stringMatching(
      /GATE_UNSUPPORTED: cannot answer ARP for 10\.100\.0\.100 on net1 ourselves: .*EPERM.*Grant NET_RAW/,
    ),
  });
  expect(await arpIgnore()).toEqual(["0", "no alias"]);
});

test("without NET_ADMIN the kernel's refusal is told, and nothing is muted", async () => {
  start({}, ["net_raw"]);
  expect(await told("failed")).toMatchObject({ message: expect.stringContaining("KERNEL_PERMISSION") });
  expect(await arpIgnore()).toEqual(["0", "no alias"]);
});

/** From the sampler's namespace, whose samplers are stopped meanwhile. */
async function ask(options: Omit<AskerOptions, "link">): Promise<Asked> {
  const samplers = [vipSampler.process, ownSampler.process];
  for (const sampler of samplers) sampler.signal("SIGSTOP");
  const asker = join(import.meta.dirname, "arp-asker.ts");
  const argv = [process.execPath, asker, JSON.stringify({ ...options, link: "net0" })];
  const output = await segment.sampler.exec(argv, { timeoutMs: 30_000 });
  for (const sampler of samplers) sampler.signal("SIGCONT");
  return JSON.parse(output) as Asked;
}

/** User and system time of a process so far. */
function cpuMs(pid: number): number {
  const fields = readFileSync(`/proc/${pid}/stat`, "utf8").split(") ")[1]?.split(" ") ?? [];
  return (Number(fields[11]) + Number(fields[12])) * 10;
}

test("the process answers nearly as soon as the kernel", async () => {
  const byKernel = await ask({ address: OWN, perSecond: 200, forMs: 3_000 });
  await holding({ openForMs: 30_000 });
  const byProcess = await ask({ address: OWN, perSecond: 200, forMs: 3_000 });
  measured("an ARP request answered by the kernel", byKernel.tookMs);
  const middleMs = measured("an ARP request answered by the process", byProcess.tookMs);
  expect(byProcess.answered).toBeGreaterThan(byProcess.asked * 0.95);
  expect(middleMs).toBeLessThan(median(byKernel.tookMs) + 2);
});

test("a storm of 10,000 ARP/s costs a bounded part of a core, and renewals go on", async () => {
  const { pid } = await holding({ openForMs: 3_000 });
  const before = { cpuMs: cpuMs(pid), atMs: monotonicMs(), told: lines.length };
  const { asked, answered, lastedMs } = await ask({ address: PAGE.vip, perSecond: 10_000, forMs: 5_000 });
  const cpuPercent = (100 * (cpuMs(pid) - before.cpuMs)) / (monotonicMs() - before.atMs);
  const renewals = lines.slice(before.told).filter((line) => line.t === "refreshed");
  measured(
    "renewals late in the storm",
    renewals.map(({ lateMs }) => lateMs),
  );
  const perSecond = (count: number) => Math.round((count * 1_000) / lastedMs);
  process.stdout.write(
    `measured: ${perSecond(asked)} ARP/s asked, ${perSecond(answered)}/s answered, ${cpuPercent.toFixed(1)} % of a core\n`,
  );
  expect(perSecond(asked)).toBeGreaterThan(3_000);
  // The limit, its burst included.
  expect(answered).toBeLessThanOrEqual((lastedMs * 2_000) / 1_000 + 500 + 500);
  expect(renewals.length).toBeGreaterThan(10);
  expect(renewals.every(({ outcome }) => outcome === "done")).toBe(true);
});
