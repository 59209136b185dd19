/**
 * What a sidecar meets that is missing, late or wrong, in real pods, at 5/3/1: it stays up, says in a sentence what it
 * waits for, in log and status, and takes part as soon as it can. Wrong settings in all their forms are config's own
 * tests; wrong API answers kube-api's.
 */
import { mkdtempSync, readFileSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, expect, onTestFinished, test } from "vitest";
import { measured } from "../bed/measured.ts";
import type { Pod } from "../bed/pod.ts";
import { type Residue, residueDiff, residueOf } from "../bed/residue.ts";
import { type SidecarOptions, SidecarProcess } from "../bed/sidecar-process.ts";
import { FAST_LEASE, VirtualCluster } from "../bed/virtual-cluster.ts";
import { monotonicMs, sleep, waitFor } from "../bed/wait.ts";

const FIXTURES = join(import.meta.dirname, "../fixtures/config");
/** Longer than what retries every second or two. */
const A_WHILE_MS = 5_000;

let cluster: VirtualCluster;
let first: Pod;
let second: Pod;

beforeAll(async () => {
  cluster = await VirtualCluster.start({ replicas: 2, env: FAST_LEASE });
  const [one, two] = cluster.pods;
  if (one === undefined || two === undefined) throw new TypeError("no two pods");
  first = one;
  second = two;
});

afterAll(() => cluster.close());

afterEach(async () => {
  expect(await cluster.heldByTwo()).toEqual([]);
});

interface Said {
  readonly role: string;
  readonly reason: string;
  readonly ready: boolean;
  readonly troubles: readonly { readonly code: string; readonly message: string }[];
  readonly problems: readonly { readonly code: string; readonly message: string }[];
}

async function saidBy(pod: Pod): Promise<Said> {
  return (await cluster.status(pod)) as unknown as Said;
}

/** A sidecar of its own beside those of the cluster; ends with the test. */
function startApart(pod: Pod, options: Partial<SidecarOptions>): SidecarProcess {
  const { kubeconfig } = cluster.api.replica(pod.name);
  const sidecar = SidecarProcess.start(pod, { kubeconfig, ...options, env: { ...FAST_LEASE, ...options.env } });
  onTestFinished(() => sidecar.close());
  return sidecar;
}

/** Lines of the log that a person would be alarmed by, with this code. */
function warnings(sidecar: SidecarProcess, code: string): readonly unknown[] {
  return sidecar.lines.filter(({ fields }) => fields["code"] === code && fields["level"] !== "debug");
}

test("net1 is missing: alive and waiting with a sentence; it appears late, and the VIP is served", async () => {
  await Promise.all([first.detachNet1(), second.detachNet1()]);
  const sidecars = [first, second].map((pod) => cluster.startSidecar(pod));
  await sleep(2 * A_WHILE_MS);
  for (const sidecar of sidecars) {
    expect(sidecar.process.running).toBe(true);
    const { ready, reason } = await saidBy(sidecar.pod);
    expect({ ready, reason }).toEqual({ ready: false, reason: expect.stringContaining("interface net1 is missing") });
  }
  const appearedAtMs = monotonicMs();
  await first.attachNet1();
  const holder = await cluster.holder(10_000);
  expect(holder.pod).toBe(first);
  measured("net1 appears late on a first boot: until the VIP is served", [monotonicMs() - appearedAtMs]);
  await second.attachNet1();
  await cluster.ready(second);
});

test("the holder's net1 vanishes: another serves; it comes back, and the replica takes part again", async () => {
  const holder = await cluster.holder();
  const { mac } = holder.pod;
  const goneAtMs = monotonicMs();
  await holder.pod.detachNet1();
  const servedAtMs = await waitFor("another serves", () => cluster.sampler.firstOther(mac, goneAtMs), {
    withinMs: 5_000,
  });
  measured("the holder's net1 deleted: until another serves", [servedAtMs - goneAtMs]);
  expect(holder.process.running).toBe(true);
  expect((await saidBy(holder.pod)).reason).toContain("interface net1 is missing");
  await holder.pod.attachNet1();
  await cluster.ready(holder.pod);
  const other = await cluster.holder();
  await other.stop();
  expect((await cluster.holder()).pod).toBe(holder.pod);
  cluster.startSidecar(other.pod);
  await cluster.ready(other.pod);
});

test("a second sidecar in the holder's pod stays passive with a sentence, and takes part when the first has ended", async () => {
  const holder = await cluster.holder();
  const other = cluster.sidecars.find((sidecar) => sidecar !== holder);
  await other?.stop();
  const twin = startApart(holder.pod, { env: { VCLUSTER_KUBE_VIP_HTTP_PORT: "2113" } });
  await twin.waitForEvent("trouble", { withinMs: 5_000, matches: ({ fields }) => fields["code"] === "MUTEX_TAKEN" });
  await sleep(A_WHILE_MS);
  expect(twin.process.running).toBe(true);
  expect(warnings(twin, "MUTEX_TAKEN")).toHaveLength(1);
  const status = ["curl", "--silent", "http://127.0.0.1:2113/status"];
  expect(JSON.parse(await holder.pod.namespace.exec(status))).toMatchObject({ role: "passive", ready: false });
  await holder.stop();
  await twin.waitForEvent("took", { withinMs: 10_000 });
  expect(JSON.parse(await holder.pod.namespace.exec(status))).toMatchObject({ role: "holding", troubles: [] });
  await twin.stop();
  for (const pod of [first, second]) cluster.startSidecar(pod);
  await cluster.holder(10_000);
  for (const pod of [first, second]) await cluster.ready(pod);
});

test("admin.conf missing, half written, of another CA: a sentence each, and the VIP's candidate once it is right", async () => {
  const standby = cluster.sidecars.find(({ pod }) => pod.attachment?.mac !== cluster.sampler.answering[0]);
  if (standby === undefined) throw new TypeError("no standby");
  await standby.stop();
  const { pod } = standby;
  const { kubeconfig: right, pkiFolder } = cluster.api.replica(pod.name);
  const path = join(mkdtempSync(join(tmpdir(), "pki-")), "admin.conf");
  const sidecar = startApart(pod, { kubeconfig: path });
  const says = async (code: string): Promise<void> => {
    await waitFor(
      `/status says ${code}`,
      async () => (await saidBy(pod)).troubles.find((trouble) => trouble.code === code),
      { withinMs: 10_000, everyMs: 100, diagnose: () => sidecar.tail() },
    );
    await sleep(1_500);
    expect(warnings(sidecar, code)).toHaveLength(1);
    expect((await saidBy(pod)).ready).toBe(false);
    expect(sidecar.process.running).toBe(true);
  };

  await says("KUBECONFIG_MISSING");
  const whole = readFileSync(right, "utf8");
  writeFileSync(path, whole.slice(0, whole.length / 2));
  await says("KUBECONFIG_INVALID");
  const otherCa = readFileSync(join(pkiFolder, "front-proxy-ca.crt")).toString("base64");
  writeFileSync(path, whole.replace(/(certificate-authority-data: ).*/, `$1${otherCa}`));
  await says("API_CERTIFICATE_REJECTED");
  writeFileSync(path, whole);
  const rightAtMs = monotonicMs();
  await cluster.ready(pod, 20_000);
  measured("admin.conf right at last: until ready", [monotonicMs() - rightAtMs]);
  // A peer was rejected, too, and is thought dead until it is asked again.
  const untroubled = async () => (await saidBy(pod)).troubles.length === 0 || undefined;
  await waitFor("no trouble is left", untroubled, { withinMs: 10_000, diagnose: () => sidecar.tail() });
  expect(JSON.stringify(sidecar.lines)).not.toContain("PRIVATE KEY");
  await sidecar.stop();
});

test("kubeVip.enabled true: another owner has the VIP; passive, with a sentence, and nothing in the kernel is touched", async () => {
  const pod = await standbyPod();
  const before: Residue = await residueOf(pod.namespace);
  const configFile = join(mkdtempSync(join(tmpdir(), "config-")), "vcluster.yaml");
  writeFileSync(
    configFile,
    readFileSync(join(FIXTURES, "page.yaml"), "utf8").replace("enabled: false", "enabled: true"),
  );
  const sidecar = startApart(pod, { configFile });
  await sidecar.waitForEvent("problem", { withinMs: 5_000, matches: ({ fields }) => fields["code"] === "OTHER_OWNER" });
  await sleep(A_WHILE_MS / 2);
  expect(await saidBy(pod)).toMatchObject({
    role: "passive",
    ready: false,
    reason: expect.stringContaining("owns the VIP"),
  });
  expect(residueDiff(before, await residueOf(pod.namespace))).toEqual([]);
  expect(await sidecar.stop()).toEqual({ code: 0, signal: null });
});

test("a vcluster.yaml with many mistakes: alive, passive, and all of them told at once with line and column", async () => {
  const pod = await standbyPod();
  const sidecar = startApart(pod, { configFile: join(FIXTURES, "wrong.yaml"), env: ownTimingOnly });
  await sidecar.waitForEvent("problem", { withinMs: 5_000 });
  await sleep(A_WHILE_MS / 2);
  const { role, problems } = await saidBy(pod);
  expect(role).toBe("passive");
  expect(problems.length).toBeGreaterThanOrEqual(6);
  expect(problems).toContainEqual(
    expect.objectContaining({ position: { file: expect.any(String), line: 3, column: 13 } }),
  );
  expect(sidecar.process.running).toBe(true);
  expect(await sidecar.stop()).toEqual({ code: 0, signal: null });
});

/** The file's own, wrong, settings are to be read. */
const ownTimingOnly = Object.fromEntries(Object.keys(FAST_LEASE).map((name) => [name, undefined]));

/** A pod without a sidecar that is not the holder's. */
async function standbyPod(): Promise<Pod> {
  const holder = await cluster.holder();
  const pod = holder.pod === first ? second : first;
  await cluster.sidecar(pod).close();
  return pod;
}
