/**
 * docs/lease-only-identity.md on real API servers with RBAC, at 5/3/1: its own commands make the identity, and sidecars do
 * with it all that they do with admin.conf. The client certificate of bare control planes is bare.test.ts's.
 */
import { copyFileSync, mkdtempSync, readFileSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterAll, afterEach, beforeAll, expect, test } from "vitest";
import { parseAllDocuments, stringify } from "yaml";
import { measured } from "../bed/measured.ts";
import type { SidecarProcess } from "../bed/sidecar-process.ts";
import { FAST_LEASE, VirtualCluster } from "../bed/virtual-cluster.ts";
import { monotonicMs, waitFor } from "../bed/wait.ts";

const DOCS = join(import.meta.dirname, "../../docs");
const MANIFEST = "lease-only-identity.yaml";
const USER = "system:serviceaccount:kube-system:vcluster-kube-vip";
const LEASE = ["--namespace", "kube-system", "lease/vcluster-kube-vip"];

let cluster: VirtualCluster;
/** The administrator's working directory. */
let folder: string;
let kubeconfig: string;

beforeAll(async () => {
  cluster = await VirtualCluster.start({ replicas: 2, env: FAST_LEASE });
  folder = mkdtempSync(join(tmpdir(), "administrator-"));
  copyFileSync(join(DOCS, MANIFEST), join(folder, MANIFEST));
  await asAdministrator(commandsUnder("In a virtual cluster"));
  kubeconfig = join(folder, "lease-only.conf");
  for (const pod of cluster.pods) cluster.startSidecar(pod, { kubeconfig });
});

afterAll(() => cluster.close());

afterEach(async () => {
  expect(await cluster.heldByTwo()).toEqual([]);
});

/** The first block of shell commands of a section of the page. */
function commandsUnder(heading: string): string {
  const [, section = ""] = readFileSync(join(DOCS, "lease-only-identity.md"), "utf8").split(`## ${heading}\n`);
  const [, commands] = /```sh\n(.*?)```/s.exec(section) ?? [];
  if (commands === undefined) throw new TypeError(`no commands under ${heading}`);
  return commands;
}

/** A shell in a pod, with kubectl and its admin.conf. */
async function asAdministrator(script: string): Promise<void> {
  const [{ pod, kubeconfig: adminConf }] = cluster.api.replicas as unknown as [(typeof cluster.api.replicas)[0]];
  const path = `${dirname(cluster.api.tools.kubectl)}:${process.env["PATH"]}`;
  const env = { ...process.env, PATH: path, KUBECONFIG: adminConf };
  await pod.namespace.exec(["sh", "-euc", script], { cwd: folder, env, timeoutMs: 60_000 });
}

/** Standard output, or the refusal. */
async function asSidecar(argv: readonly string[]): Promise<string> {
  const [pod] = cluster.pods;
  const command = [cluster.api.tools.kubectl, "--kubeconfig", kubeconfig, ...argv];
  const result = await pod?.namespace.attempt(command, { timeoutMs: 30_000 });
  return `${result?.stdout}${result?.stderr}`.trim();
}

/** Who wrote the Lease, in the API servers' own words. */
function writers(): ReadonlySet<string> {
  const lines = cluster.api.replicas.flatMap(({ auditLog }) => readFileSync(auditLog, "utf8").split("\n"));
  const names = lines
    .filter((line) => line.includes('"name":"vcluster-kube-vip"') && line.endsWith("}"))
    .map((line) => JSON.parse(line) as { user: { username: string } });
  return new Set(names.map(({ user }) => user.username));
}

async function bothReady(): Promise<SidecarProcess> {
  const holder = await cluster.holder(30_000);
  for (const pod of cluster.pods) await cluster.ready(pod);
  return holder;
}

test("with the page's commands sidecars take the Lease, hand it over and adopt it, as this user and no other", async () => {
  const first = await bothReady();
  const stoppedMs = monotonicMs();
  expect(await first.stop()).toEqual({ code: 0, signal: null });
  const servedMs = await waitFor("the other serves", () => cluster.sampler.firstOther(first.pod.mac, stoppedMs), {
    withinMs: 5_000,
  });
  measured("lease-only identity: stopped, until another serves", [servedMs - stoppedMs]);
  expect(servedMs - stoppedMs).toBeLessThan(1_000);
  cluster.startSidecar(first.pod, { kubeconfig });
  const second = await bothReady();
  await second.close();
  const restarted = cluster.startSidecar(second.pod, { kubeconfig });
  await restarted.waitForEvent("transition", {
    withinMs: 5_000,
    matches: ({ fields }) => fields["from"] === "adopting" && fields["to"] === "holding",
  });
  expect([...writers()]).toEqual([USER]);
});

test("kubectl auth can-i --list shows the table of the page, and what every user may", async () => {
  const listed = await asSidecar(["auth", "can-i", "--list", "--namespace=kube-system", "--no-headers"]);
  const rights = listed
    .split("\n")
    .map((line) => line.replaceAll(/ +/g, " ").trim())
    .filter((line) => !line.startsWith("[") && !line.startsWith("selfsubject"));
  expect(rights.sort()).toEqual([
    "events.events.k8s.io [] [] [create]",
    "leases.coordination.k8s.io [] [] [create]",
    "leases.coordination.k8s.io [] [vcluster-kube-vip] [get list watch update]",
  ]);
  const inDefault = await asSidecar(["auth", "can-i", "get", "endpointslices.discovery.k8s.io/kubernetes"]);
  expect(inDefault).toBe("yes");
});

test.each([
  ["the Secrets beside the Lease", ["get", "secrets", "--namespace", "kube-system"]],
  ["all Leases", ["get", "leases", "--namespace", "kube-system"]],
  ["the deletion of its own", ["delete", ...LEASE]],
  ["a patch of its own", ["annotate", ...LEASE, "seen=yes"]],
  ["pods", ["get", "pods", "--all-namespaces"]],
  ["a Lease elsewhere", ["create", "--filename", "elsewhere.yaml"]],
])("refused to it: %s", async (_what, argv) => {
  const elsewhere = {
    apiVersion: "coordination.k8s.io/v1",
    kind: "Lease",
    metadata: { name: "a", namespace: "default" },
  };
  writeFileSync(join(folder, "elsewhere.yaml"), stringify(elsewhere));
  const asked = argv.map((word) => (word === "elsewhere.yaml" ? join(folder, word) : word));
  expect(await asSidecar(asked)).toContain("(Forbidden)");
});

test("without the right to create the Lease that the administrator made is used, and its deletion is told", async () => {
  for (const sidecar of cluster.sidecars) await sidecar.stop();
  const documents = parseAllDocuments(readFileSync(join(DOCS, MANIFEST), "utf8")).map((document) => document.toJS());
  const role = documents.find(({ kind, metadata }) => kind === "Role" && metadata.namespace === "kube-system");
  role.rules = role.rules.filter(({ resources, verbs }: { resources: string[]; verbs: string[] }) => {
    return !(resources.includes("leases") && verbs.includes("create"));
  });
  await cluster.kubectl(["apply", "--filename=-"], stringify(role));
  await cluster.kubectl(["delete", ...LEASE]);
  await asAdministrator(commandsUnder("Without the right to create"));
  for (const pod of cluster.pods) cluster.startSidecar(pod, { kubeconfig });
  const { pod } = await bothReady();
  await cluster.kubectl(["delete", ...LEASE]);
  const isTold = async () => JSON.stringify(await cluster.status(pod)).includes("API_FORBIDDEN") || undefined;
  await waitFor("the refusal is told", isTold, { withinMs: 10_000, everyMs: 100 });
  await asAdministrator(commandsUnder("Without the right to create"));
  await cluster.holder(15_000);
});
