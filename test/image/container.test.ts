/**
 * One container of the image in a pod, with the embedded Lease API: what it may do and see, how an operator's command
 * runs in it, and what it says when a capability is left out.
 */
import { readFileSync } from "node:fs";
import { afterAll, afterEach, beforeAll, expect, test } from "vitest";
import { attempt, run } from "../bed/command.ts";
import { type Bundle, execInContainer, inContainer } from "../bed/container.ts";
import { Pod } from "../bed/pod.ts";
import { podName } from "../bed/release.ts";
import { Segment } from "../bed/segment.ts";
import { SidecarProcess } from "../bed/sidecar-process.ts";
import { FAST_LEASE } from "../bed/virtual-cluster.ts";
import { EmbeddedApi } from "../demo/embedded-api.ts";
import { builtBundle } from "./built-image.ts";

/** linux/capability.h: CAP_NET_ADMIN is 12, CAP_NET_RAW 13. */
const NET_ADMIN_AND_NET_RAW = (2n ** 12n + 2n ** 13n).toString(16).padStart(16, "0");
const NONE = "0".repeat(16);
/** linux/seccomp.h: SECCOMP_MODE_FILTER */
const FILTERED = "2";

const STARTED_WITHIN_MS = 20_000;

let bundle: Bundle;
let segment: Segment;
let pod: Pod;
let api: EmbeddedApi;
let sidecar: SidecarProcess | undefined;

beforeAll(async () => {
  bundle = await builtBundle();
  segment = await Segment.create({ podNetwork: "10.64" });
  pod = await Pod.create(segment, { name: podName(0) });
  api = await EmbeddedApi.start([pod]);
});

afterEach(async () => {
  expect(await sidecar?.stop()).toEqual({ code: 0, signal: null });
  sidecar = undefined;
});

afterAll(async () => {
  await pod.close();
  await segment.close();
});

function start(without?: string): SidecarProcess {
  const launch = inContainer(bundle, without);
  sidecar = SidecarProcess.start(pod, { kubeconfig: api.kubeconfig(), env: FAST_LEASE, launch });
  return sidecar;
}

/** What the kernel says of the container's first process: the only one in the pod's namespace that runs the image's node. */
async function processStatus(): Promise<Readonly<Record<string, string>>> {
  const pids = (await run(["ip", "netns", "pids", pod.namespace.name])).split("\n").filter(Boolean);
  const pid = pids.find((candidate) =>
    readFileSync(`/proc/${candidate}/cmdline`, "utf8").startsWith("/usr/bin/node\0"),
  );
  const lines = readFileSync(`/proc/${pid}/status`, "utf8").trim().split("\n");
  return Object.fromEntries(lines.map((line) => line.split(":\t") as [string, string]));
}

function node(program: string): readonly string[] {
  return execInContainer(pod, ["/usr/bin/node", "--eval", program]);
}

test("it is user 0 with two capabilities and no way to more, under a seccomp filter, and holds the VIP", async () => {
  await start().waitForEvent("transition", {
    withinMs: STARTED_WITHIN_MS,
    matches: ({ fields }) => fields["to"] === "held",
  });
  expect(await processStatus()).toMatchObject({
    Uid: "0\t0\t0\t0",
    CapPrm: NET_ADMIN_AND_NET_RAW,
    CapEff: NET_ADMIN_AND_NET_RAW,
    CapBnd: NET_ADMIN_AND_NET_RAW,
    CapInh: NONE,
    CapAmb: NONE,
    NoNewPrivs: "1",
    Seccomp: FILTERED,
  });
  const readOnly = await attempt(node(`require("fs").writeFileSync("/usr/bin/x", "")`));
  expect(readOnly.stderr).toContain("EROFS");
  const certificates = await attempt(node(`require("fs").writeFileSync("/data/pki/x", "")`));
  expect(certificates.stderr).toContain("EROFS");
});

test("kubectl exec … vcluster-kube-vip doctor finds settings and certificates by itself, without a shell", async () => {
  await start().waitForEvent("transition", {
    withinMs: STARTED_WITHIN_MS,
    matches: ({ fields }) => fields["to"] === "held",
  });
  const doctor = await run(execInContainer(pod, ["vcluster-kube-vip", "doctor", "--json"]), { timeoutMs: 30_000 });
  const { findings } = JSON.parse(doctor) as { findings: { check: string; severity: string }[] };
  const severities = new Map(findings.map(({ check, severity }) => [check, severity]));
  expect(severities.get("capabilities")).toBe("ok");
  expect(severities.get("configuration")).toBe("ok");
  const shell = await attempt(execInContainer(pod, ["sh", "-c", "true"]));
  expect(shell.status).not.toBe(0);
  expect(shell.stderr + shell.stdout).toContain("executable file not found");
});

test.each([
  ["NET_RAW", /RAW_SOCKET_PERMISSION: .*Grant NET_RAW/],
  ["NET_ADMIN", /KERNEL_PERMISSION: .*Grant NET_ADMIN to the container/],
] as const)("without %s it says so in one sentence, stays up and does not hold", async (capability, sentence) => {
  const passive = start(capability);
  const said = ({ fields }: { fields: Readonly<Record<string, unknown>> }) => sentence.test(String(fields["message"]));
  await expect.poll(() => passive.lines.some(said), { timeout: STARTED_WITHIN_MS }).toBe(true);
  expect(passive.process.running).toBe(true);
  expect(passive.lines.some(({ fields }) => fields["to"] === "held")).toBe(false);
  expect(passive.strayLines).toEqual([]);
});
