/**
 * Bare control planes from `kubeadm init` to the loss of a machine, with what `manifest pod` prints and nothing else:
 * three machines without Multus, the VIP on the network they are in, the verification of kube-vip's users line by line.
 */
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, expect, test } from "vitest";
import { parse, stringify } from "yaml";
import { V8_FLAGS } from "../../packages/sidecar/build.ts";
import { BareControlPlane, ENDPOINT, PORT } from "../bed/bare-control-plane.ts";
import { BareHost } from "../bed/bare-host.ts";
import { run } from "../bed/command.ts";
import { measured } from "../bed/measured.ts";
import { ArpSampler } from "../bed/observers.ts";
import { PAGE, Segment } from "../bed/segment.ts";
import { shippedProgram } from "../bed/sidecar-process.ts";
import { findTools } from "../bed/tools.ts";
import { monotonicMs, waitFor } from "../bed/wait.ts";

const POD = "vcluster-kube-vip";
const IDENTITY = join(import.meta.dirname, "../../docs/lease-only-identity.yaml");
/** Where the page has it. */
const FILE = "etc/kubernetes/manifests/kube-vip.yaml";
const LEASE_MS = 5_000;
const SETTINGS = [
  ["--address", PAGE.vip],
  ["--interface", "eth0"],
  ["--lease-duration-seconds", "5"],
  ["--renew-deadline-seconds", "3"],
  ["--retry-period-seconds", "1"],
].flat();
const CURL = ["curl", "--silent", "--insecure", "--max-time", "10"];
/** curl's, and a process starts late on a busy machine. */
const STARTED_MS = 20_000;

let segment: Segment;
let hosts: readonly [BareHost, BareHost, BareHost];
let plane: BareControlPlane;
let sampler: ArpSampler;

beforeAll(async () => {
  segment = await Segment.create();
  hosts = [await BareHost.create(segment, 1), await BareHost.create(segment, 2), await BareHost.create(segment, 3)];
  plane = new BareControlPlane(findTools());
  sampler = await ArpSampler.start(segment);
  await plane.init(hosts[0]);
});

afterAll(async () => {
  await sampler.close();
  for (const host of hosts) await host.powerOff();
  await segment.close();
});

afterEach(async () => {
  await sampler.caughtUp();
  expect(sampler.report().intervalsOfTwo).toEqual([]);
});

/** What the image runs. */
function program(): readonly string[] {
  return [process.execPath, ...V8_FLAGS, shippedProgram()];
}

/** The static pod as a user gets it, where a kubelet finds it. */
async function install(host: BareHost, flags: readonly string[] = []): Promise<void> {
  const image = program();
  writeFileSync(join(host.root, FILE), await run([...image, "manifest", "pod", ...SETTINGS, ...flags]));
  await host.run(POD, readFileSync(join(host.root, FILE), "utf8"), { [POD]: image });
}

async function status(host: BareHost): Promise<Record<string, unknown>> {
  const { stdout } = await host.namespace.attempt([...CURL, "http://127.0.0.1:2112/status"]);
  return stdout === "" ? {} : (JSON.parse(stdout) as Record<string, unknown>);
}

function holder(withinMs = STARTED_MS): Promise<BareHost> {
  const answering = () => {
    const [mac, second] = sampler.answering;
    return second === undefined ? hosts.find((host) => host.mac === mac) : undefined;
  };
  const diagnose = () => hosts.map((host) => host.diagnose()).join("\n");
  return waitFor("one machine answers for the VIP", answering, { withinMs, everyMs: 10, diagnose });
}

/** The pod's connections to an API server's port, as ss lists them. */
async function apiConnections(host: BareHost): Promise<readonly string[]> {
  const listed = await host.namespace.exec(["ss", "-Htnp", "state", "established", "dport", "=", `:${PORT}`]);
  return listed.split("\n").filter((line) => line.includes(`pid=${host.pod(POD).pid},`));
}

async function ready(host: BareHost): Promise<void> {
  const argv = [...CURL, "--fail", "http://127.0.0.1:2112/readyz"];
  const isReady = async () => (await host.namespace.attempt(argv)).status === 0 || undefined;
  await waitFor(`${host.name} is ready`, isReady, { withinMs: 60_000, everyMs: 200, diagnose: () => host.diagnose() });
}

test("while kubeadm init runs admin.conf may not use the Lease: the pod stays passive, and says so", async () => {
  await install(hosts[0]);
  const isForbidden = async () => JSON.stringify(await status(hosts[0])).includes("API_FORBIDDEN") || undefined;
  await waitFor("the refusal is told", isForbidden, {
    withinMs: STARTED_MS,
    everyMs: 200,
    diagnose: () => hosts[0].diagnose(),
  });
  expect(sampler.answering).toEqual([]);
});

test("with the manifest of --init the VIP is there, and kubeadm can give admin.conf its rights through it", async () => {
  await install(hosts[0], ["--init"]);
  expect(await holder()).toBe(hosts[0]);
  const grant = ["create", "clusterrolebinding", "kubeadm:cluster-admins", "--clusterrole=cluster-admin"];
  const group = "--group=kubeadm:cluster-admins";
  expect(await plane.kubectl(hosts[0], [...grant, group], { kubeconfig: "super-admin.conf" })).toContain("created");
});

test("the other control planes join, and all three run the same manifest", async () => {
  await install(hosts[0]);
  await plane.join(hosts.slice(1));
  for (const host of hosts.slice(1)) await install(host);
  for (const host of hosts) await ready(host);
  const [first, ...others] = hosts.map(({ root }) => readFileSync(join(root, FILE), "utf8"));
  expect(others).toEqual([first, first]);
  const slice = ["get", "endpointslice", "kubernetes", "--output=jsonpath={.endpoints[*].addresses[0]}"];
  expect((await plane.kubectl(hosts[1], slice)).split(" ").sort()).toEqual(hosts.map(({ address }) => address));
});

test("the standbys make do with a certificate of kubeadm's that may use the Lease and see the API servers, only", async () => {
  await plane.kubectl(hosts[0], ["apply", "--filename", IDENTITY]);
  for (const host of hosts.slice(1)) {
    const file = "/etc/kubernetes/vcluster-kube-vip.conf";
    writeFileSync(join(host.root, file), await plane.userKubeconfig(host, "vcluster-kube-vip"), { mode: 0o600 });
    await install(host, ["--kubeconfig", file]);
    await ready(host);
    const secrets = ["get", "secrets", "--namespace", "kube-system"];
    const asked = plane.kubectl(host, secrets, { kubeconfig: "vcluster-kube-vip.conf" });
    await expect(asked).rejects.toThrow('User "vcluster-kube-vip" cannot list resource "secrets"');
    const others = hosts.filter((other) => other !== host).map(({ address }) => ` ${address}:${PORT} `);
    const isConnected = async () => {
      const connections = (await apiConnections(host)).join();
      return others.some((other) => connections.includes(other)) || undefined;
    };
    await waitFor(`${host.name} has found another API server`, isConnected, { withinMs: STARTED_MS });
    expect(await status(host)).toMatchObject({ role: "waiting", ready: true, troubles: [] });
  }
});

test("kubectl get pods -n kube-system -l app.kubernetes.io/name=kube-vip lists one on each control plane", async () => {
  for (const host of hosts) {
    await plane.kubectl(host, ["create", "--filename=-"], { input: JSON.stringify(nodeOf(host)) });
    await plane.kubectl(host, ["create", "--filename=-"], { input: mirrorOf(host) });
  }
  const listed = await plane.kubectl(hosts[0], [
    "get",
    "pods",
    "-n",
    "kube-system",
    "-l",
    "app.kubernetes.io/name=kube-vip",
  ]);
  expect(listed.match(/^vcluster-kube-vip-cp\d/gm)).toEqual(hosts.map(({ name }) => `${POD}-${name}`));
});

test("the VIP is reached from the network, and from behind its gateway; its answers need no policy routing", async () => {
  const healthz = [...CURL, `https://${ENDPOINT}/healthz`];
  expect(await segment.worker.exec(healthz)).toBe("ok");
  expect(await segment.client.exec(healthz)).toBe("ok");
  const { namespace } = await holder();
  expect(await namespace.exec(["ip", "rule"])).not.toContain(PAGE.vip);
  expect(await namespace.exec(["ip", "address", "show", "dev", "eth0"])).toContain(`inet ${PAGE.vip}/32`);
});

test("kubectl get leases -n kube-system | grep kube-vip names the machine that holds it, by its boot id", async () => {
  const { name } = await holder();
  const leases = await plane.kubectl(hosts[0], ["get", "leases", "-n", "kube-system"]);
  const bootId = readFileSync("/proc/sys/kernel/random/boot_id", "utf8").trim();
  expect(leases.split("\n").filter((line) => line.includes("kube-vip"))).toEqual([
    expect.stringMatching(new RegExp(`^vcluster-kube-vip +${name}_${bootId}_[0-9a-f]{8} `)),
  ]);
});

test("grep server in the kubeconfig shows the VIP, and the API server's certificate has no 127.0.0.1", async () => {
  for (const { root } of hosts)
    expect(readFileSync(join(root, "etc/kubernetes/admin.conf"), "utf8")).toContain(`server: https://${ENDPOINT}`);
  const argv = ["openssl", "x509", "-noout", "-text", "-in", join(hosts[0].root, "etc/kubernetes/pki/apiserver.crt")];
  const names = await run(argv);
  expect(names).toContain(`IP Address:${PAGE.vip}`);
  expect(names).not.toContain("127.0.0.1");
});

test("doctor finds its API server and both others", async () => {
  const { namespace, root, name } = await holder();
  const host = hosts.find((one) => one.name === name);
  const manifest = readFileSync(join(root, FILE), "utf8").replace("args: [run]", "args: [doctor]");
  const doctor = await host?.run("doctor", manifest, { [POD]: program() });
  await doctor?.exited;
  const others = hosts.filter((one) => one.namespace !== namespace).map(({ address }) => `https://${address}:${PORT}`);
  expect(doctor?.log()).toContain(`https://127.0.0.1:${PORT}, ${others.join(", ")} answer`);
  expect(doctor?.log()).toMatch(/^\d+ ok$/m);
});

test("the pod asks its own API server at 127.0.0.1, and the others when that one is gone", async () => {
  const held = await holder();
  const others = hosts.filter((host) => host !== held);
  expect(await apiConnections(held)).toContainEqual(expect.stringContaining(` 127.0.0.1:${PORT} `));
  const sinceMs = monotonicMs();
  await held.pod("kube-apiserver").stop("SIGKILL");
  const stopped = held.pod(POD).stop("SIGTERM", 15_000);
  const next = await waitFor("another machine answers", () => sampler.firstOther(held.mac, sinceMs), {
    withinMs: LEASE_MS,
    diagnose: () => held.diagnose(),
  });
  measured("bare: own API server killed and pod stopped, until another serves", [next - sinceMs]);
  expect(await stopped).toEqual({ code: 0, signal: null });
  expect(others).toContain(await holder());
  await plane.run(held, "kube-apiserver");
  await install(held);
  await ready(held);
});

test("kubectl drain leaves a static pod where it is: the holder serves on", async () => {
  const held = await holder();
  const sinceMs = monotonicMs();
  const drained = await plane.kubectl(hosts[0], ["drain", held.name, "--ignore-daemonsets", "--timeout=20s"]);
  expect(drained).toContain(`node/${held.name} drained`);
  await sampler.caughtUp();
  expect(sampler.report(sinceMs).answerers.map(({ mac }) => mac)).toEqual([held.mac]);
});

test("power off: another control plane holds the VIP a lease later, and kubectl goes on", async () => {
  const held = await holder();
  const left = hosts.filter((host) => host !== held);
  const sinceMs = monotonicMs();
  await held.powerOff();
  const next = await waitFor("another machine answers", () => sampler.firstOther(held.mac, sinceMs), {
    withinMs: 4 * LEASE_MS,
    diagnose: () => left.map((host) => host.diagnose()).join("\n"),
  });
  measured("bare: power off, until another serves", [next - sinceMs]);
  expect(left).toContain(await holder());
  const [survivor] = left;
  if (survivor === undefined) throw new TypeError("nobody is left");
  const asked = async () => plane.kubectl(survivor, ["get", "nodes", "--output=name"]).catch(() => undefined);
  const nodes = await waitFor("kubectl is answered at the VIP", asked, { withinMs: 60_000 });
  expect(nodes.trim().split("\n")).toHaveLength(hosts.length);
});

/** What a kubelet registers. */
function nodeOf({ name }: BareHost): unknown {
  return { apiVersion: "v1", kind: "Node", metadata: { name } };
}

/** What a kubelet shows of a static pod: its manifest, under a name of its own, pinned to its node. */
function mirrorOf({ name, root }: BareHost): string {
  if (!existsSync(join(root, FILE))) throw new TypeError(`${FILE} is missing on ${name}`);
  const pod = parse(readFileSync(join(root, FILE), "utf8"));
  pod.metadata.name = `${POD}-${name}`;
  pod.metadata.annotations = { "kubernetes.io/config.mirror": "0", "kubernetes.io/config.source": "file" };
  pod.spec.nodeName = name;
  return stringify(pod);
}
