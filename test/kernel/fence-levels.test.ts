/**
 * The whole sidecar on hosts that lack something, on a real kernel with the embedded Lease API, at 5/3/1: which fence
 * level it holds by, that log, status and metric say so, and that it stays up, passive, where it may not hold. Its
 * /proc/sys is read-only throughout, as a container's is.
 */
import { afterAll, afterEach, beforeAll, expect, test } from "vitest";
import { V8_FLAGS } from "../../packages/sidecar/build.ts";
import { SIDECAR_CAPABILITIES } from "../bed/namespace.ts";
import { ArpSampler } from "../bed/observers.ts";
import { Pod } from "../bed/pod.ts";
import type { BedProcess } from "../bed/process.ts";
import { podName } from "../bed/release.ts";
import { PAGE, Segment } from "../bed/segment.ts";
import { environment, shippedProgram } from "../bed/sidecar-process.ts";
import { FAST_LEASE } from "../bed/virtual-cluster.ts";
import { monotonicMs, sleep, waitFor } from "../bed/wait.ts";
import { withoutNfTables } from "../bed/without-nf-tables.ts";
import { EmbeddedApi } from "../demo/embedded-api.ts";

const READ_ONLY = 'mount --bind /proc/sys /proc/sys; mount -o remount,bind,ro /proc/sys; exec "$@"';
const TABLE = "vcluster-kube-vip-83";
const VIP6 = "fd00:100::100";
/** Nobody else can hold any more. */
const EXCLUSIVE_MS = (5_000 * 0.98) / 1.02;
/** A process at 1 Hz, on a machine that does other things. */
const SERVED_WITHIN_MS = 20_000;

interface Host {
  /** In front of the sidecar's command line. */
  readonly launcher?: readonly string[];
  readonly capabilities?: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
  readonly flags?: readonly string[];
}

type Line = Readonly<Record<string, unknown>>;

let segment: Segment;
let pod: Pod;
let api: EmbeddedApi;
let sampler: ArpSampler;
let sidecar: BedProcess | undefined;
let lines: Line[] = [];

beforeAll(async () => {
  segment = await Segment.create({ podNetwork: "10.64" });
  pod = await Pod.create(segment, { name: podName(0) });
  await pod.namespace.ip("addr add fd00:100::11/64 dev net1 nodad");
  await segment.worker.ip("addr add fd00:100::50/64 dev net0 nodad");
  api = await EmbeddedApi.start([pod]);
  sampler = await ArpSampler.start(segment);
});

afterAll(async () => {
  await sampler.close();
  await pod.close();
  await segment.close();
});

afterEach(async () => {
  sidecar?.signal("SIGCONT");
  expect(await sidecar?.stop("SIGTERM", 10_000)).toEqual({ code: 0, signal: null });
  sidecar = undefined;
  expect(await muted()).toBe(false);
  await pod.namespace.exec(["nft", "flush", "ruleset"]);
});

function start({ launcher = [], capabilities = SIDECAR_CAPABILITIES, env, flags = [] }: Host): BedProcess {
  const set = ["-all", ...capabilities.map((capability) => `+${capability}`)].join(",");
  const bounded = ["setpriv", "--bounding-set", set, "--inh-caps=-all", "--no-new-privs"];
  const program = [process.execPath, ...V8_FLAGS, shippedProgram(), "run", ...flags];
  lines = [];
  sidecar = pod.namespace.spawn(["sh", "-ec", READ_ONLY, "sh", ...bounded, ...launcher, ...program], {
    name: "sidecar",
    env: environment(pod, { kubeconfig: api.kubeconfig(), env: { ...FAST_LEASE, ...env } }),
    onLine: (line) => lines.push(JSON.parse(line) as Line),
  });
  return sidecar;
}

/** By the kernel or by the process, and not only by the life before. */
function served(): Promise<true> {
  const isServed = () => lines.some(({ to }) => to === "held") && sampler.answering.join() === pod.mac;
  return waitFor("the VIP is answered for", () => isServed() || undefined, {
    withinMs: SERVED_WITHIN_MS,
    diagnose: () => lines.map((line) => JSON.stringify(line)).join("\n"),
  });
}

async function page(path: string): Promise<string> {
  return pod.namespace.exec(["curl", "--silent", `http://127.0.0.1:2112/${path}`]);
}

/** The last one counts: a level may only turn out to be missing when its gate is made. */
function fenceLine(): Line | undefined {
  return lines.findLast(({ event }) => event === "fence");
}

/** What log, status and metric say of the level. */
async function levelSaid(): Promise<unknown> {
  const { fenceLevel } = JSON.parse(await page("status")).vip ?? {};
  const metric = /^vcluster_kube_vip_fence_level\{level="([^"]+)"\} 1$/m.exec(await page("metrics"))?.[1];
  return { log: fenceLine()?.["fenceLevel"], status: fenceLevel, metric };
}

async function muted(): Promise<boolean> {
  const ignore = await pod.namespace.exec(["cat", "/proc/sys/net/ipv4/conf/net1/arp_ignore"]);
  const link = await pod.namespace.exec(["ip", "link", "show", "dev", "net1"]);
  return ignore.trim() === "8" || link.includes("alias");
}

async function hasAddress(address: string): Promise<boolean> {
  return (await pod.namespace.exec(["ip", "addr", "show", "dev", "net1"])).includes(`${address}/`);
}

/** No probe of this stretch was answered. */
async function silentFor(forMs: number): Promise<void> {
  const fromMs = monotonicMs();
  await sleep(forMs);
  await sampler.caughtUp();
  const { answerers, probes } = sampler.report(fromMs, fromMs + forMs);
  expect({ answerers: answerers.filter(({ lastMs }) => lastMs > fromMs), few: probes < 20 }).toEqual({
    answerers: [],
    few: false,
  });
}

test("without nf_tables it holds by the responder, says so, and is mute while it is frozen", async () => {
  const frozen = start({ launcher: await withoutNfTables() });
  await served();
  expect(await levelSaid()).toEqual({ log: "responder", status: "responder", metric: "responder" });
  expect(fenceLine()).toMatchObject({
    level: "warn",
    message: expect.stringMatching(/^fence level responder instead of nft-egress: .*Load nf_tables on the host/),
  });
  expect(await muted()).toBe(true);
  frozen.signal("SIGSTOP");
  await silentFor(1_000);
  frozen.signal("SIGCONT");
  await served();
});

test("a life at another level finds what the one before left muted, and puts it back before it holds", async () => {
  const killed = start({ launcher: await withoutNfTables() });
  await served();
  await killed.stop("SIGKILL");
  await sleep(EXCLUSIVE_MS);
  expect(await muted()).toBe(true);
  start({});
  const swept = await waitFor("it is swept", () => lines.find(({ what }) => what === "remove-gate"), {
    withinMs: SERVED_WITHIN_MS,
  });
  expect(swept["event"]).toBe("swept");
  expect(await muted()).toBe(false);
  expect(lines.filter(({ to }) => to === "held")).toEqual([]);
  await served();
  expect(await levelSaid()).toEqual({ log: "nft-egress", status: "nft-egress", metric: "nft-egress" });
});

test("without nf_tables an IPv6 VIP has the address's lifetime alone, and it is said", async () => {
  const flags = ["--endpoint", `[${VIP6}]:8443`, "--gateway", "fd00:100::1/64"];
  start({ launcher: await withoutNfTables(), flags });
  await waitFor("the address is there", async () => (await hasAddress(VIP6)) || undefined, {
    withinMs: SERVED_WITHIN_MS,
  });
  expect(await levelSaid()).toEqual({ log: "valid-lft", status: "valid-lft", metric: "valid-lft" });
  const shown = await pod.namespace.exec(["ip", "-6", "addr", "show", "to", VIP6]);
  expect(shown).toMatch(/valid_lft [1-3]sec/);
});

test.each([
  { family: "arp", level: "responder" },
  { family: "netdev", level: "nft-arp" },
])("a table $family of our name by another hand is left as it is, and $level used", async ({ family, level }) => {
  const theirs = `table ${family} ${TABLE} {\n chain theirs {\n }\n}`;
  await pod.namespace.exec(["nft", "-f", "-"], { input: `${theirs}\n` });
  const before = await pod.namespace.exec(["nft", "list", "table", family, TABLE]);
  start({});
  await served();
  expect(await levelSaid()).toMatchObject({ status: level, metric: level });
  expect(fenceLine()).toMatchObject({
    fenceLevel: level,
    message: expect.stringContaining(`table ${family} ${TABLE} has not our mark`),
  });
  expect(await pod.namespace.exec(["nft", "list", "table", family, TABLE])).toBe(before);
});

interface Refused {
  readonly what: string;
  readonly host: () => Promise<Host>;
  readonly sentence: RegExp;
}

const REFUSED: readonly Refused[] = [
  {
    what: "strict, at a level that this host has not",
    host: async () => ({ launcher: await withoutNfTables(), env: { VCLUSTER_KUBE_VIP_FENCE: "strict" } }),
    sentence: /fence is strict, and its level nft-egress cannot be had here: .*set fence to best/,
  },
  {
    what: "without NET_RAW",
    host: async () => ({ capabilities: ["net_admin"] }),
    sentence: /RAW_SOCKET_PERMISSION: .*Grant NET_RAW/,
  },
  {
    what: "without NET_ADMIN",
    host: async () => ({ capabilities: ["net_raw"] }),
    sentence: /KERNEL_PERMISSION: .*Grant NET_ADMIN to the container/,
  },
];

test.each(REFUSED)("$what it does not hold, says why, and stays up", async ({ host, sentence }) => {
  await silentFor(200);
  const passive = start(await host());
  await waitFor("the sentence", () => lines.find(({ message }) => sentence.test(String(message))), {
    withinMs: SERVED_WITHIN_MS,
    diagnose: () => lines.map((line) => JSON.stringify(line)).join("\n"),
  });
  // A first take would be due after a lease duration.
  await silentFor(7_000);
  expect(passive.running).toBe(true);
  const { ready, troubles, reason } = JSON.parse(await page("status"));
  expect(ready).toBe(false);
  expect(JSON.stringify({ troubles, reason })).toMatch(sentence);
  expect(await hasAddress(PAGE.vip)).toBe(false);
});
