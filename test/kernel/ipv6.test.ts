// The same for IPv6: an unsolicited neighbour advertisement moves a worker's entry, and answers leave by the gateway's link.
import { execFileSync } from "node:child_process";
import { mkdtempSync, writeFileSync } from "node:fs";
import { createServer, type Server } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, it } from "vitest";
import { LeaseApi } from "../../packages/sidecar/src/testing/lease-api/lease-api.ts";
import { LeaseStore } from "../../packages/sidecar/src/testing/lease-store.ts";
import { Namespace } from "../bed/namespace.ts";
import { BedProcess } from "../bed/process.ts";
import { waitFor } from "../bed/wait.ts";

const VIP = "fd00:100::100";
const MAIN = join(import.meta.dirname, "../../packages/sidecar/src/main.ts");

/** The replica lives in the sandbox's own namespace, where the Lease API is on loopback; the worker in one of its own. */
let worker: Namespace;
let api: LeaseApi;
let listener: Server;
let sidecar: BedProcess;

const ip = (words: string): string => execFileSync("ip", words.split(" "), { encoding: "utf8" });
const holds = (): boolean => ip("-6 addr show dev net1").includes(VIP);

beforeAll(async () => {
  worker = await Namespace.add("worker6");
  ip(`link add net1 type veth peer name net0 netns ${worker.name}`);
  ip("link set net1 up");
  await worker.ip("addr add fd00:100::50/64 dev net0 nodad\nlink set net0 up");
  api = new LeaseApi({ store: new LeaseStore(), tls: undefined });
  const server = await api.listen();
  const kubeconfig = join(mkdtempSync(join(tmpdir(), "ipv6-")), "admin.conf");
  const cluster = { name: "c", cluster: { server } };
  const context = { name: "x", context: { cluster: "c", user: "u" } };
  const content = {
    clusters: [cluster],
    contexts: [context],
    users: [{ name: "u", user: {} }],
    "current-context": "x",
  };
  writeFileSync(kubeconfig, JSON.stringify(content));
  listener = createServer((connection) => connection.end("served")).listen(8443, "::");
  const lease = ["--lease-duration-seconds", "3", "--renew-deadline-seconds", "2", "--retry-period-seconds", "0.5"];
  const vip = ["--endpoint", `[${VIP}]:8443`, "--interface", "net1", "--gateway", "fd00:100::1/64"];
  const argv = [process.execPath, MAIN, "run", ...vip, ...lease, "--kubeconfig", kubeconfig];
  sidecar = BedProcess.start(argv, { name: "ipv6-sidecar", env: { ...process.env, POD_NAME: "six", POD_UID: "6" } });
  await waitFor("the replica takes the VIP", () => holds() || undefined, {
    withinMs: 20_000,
    diagnose: () => sidecar.tail(),
  });
});

afterAll(async () => {
  await sidecar?.close();
  listener?.close();
  await api?.close();
  ip("link del net1");
  await worker?.delete();
});

it("an IPv6 VIP is usable at once, deprecated as a source, and routed by its own table", () => {
  const address =
    ip("-6 addr show dev net1")
      .split("\n")
      .find((line) => line.includes(VIP)) ?? "";
  expect(address).toContain(`${VIP}/128 scope global nodad deprecated`);
  expect(address).not.toContain("tentative");
  expect(ip("-6 rule show")).toMatch(new RegExp(`from ${VIP} lookup (\\d+) proto 83`));
  const routes = ip("-6 route show table 847");
  expect(routes).toContain("fd00:100::/64 dev net1 proto 83");
  expect(routes).toContain("default via fd00:100::1 dev net1 proto 83");
  expect(routes).toMatch(/unreachable default .* proto 83 metric 4278198272/);
});

it("a worker reaches it, and a stale neighbour entry is moved by the announcement", async () => {
  const reach = ["bash", "-c", `exec 3<>/dev/tcp/${VIP}/8443; head -c 6 <&3`];
  expect(await worker.exec(reach)).toBe("served");
  await worker.ip(`neigh replace ${VIP} lladdr 02:00:00:00:00:99 dev net0 nud reachable`);
  // Removed by hand, it is put back and announced again.
  ip(`-6 addr del ${VIP}/128 dev net1`);
  await waitFor("the VIP is back", () => holds() || undefined, { withinMs: 2_000 });
  const mac = /link\/ether (\S+)/.exec(ip("link show net1"))?.[1] ?? "none";
  const entry = (): Promise<string> => worker.exec(["ip", "-6", "neigh", "show", VIP]);
  await waitFor("the worker's entry is ours", async () => (await entry()).includes(mac) || undefined, {
    withinMs: 2_000,
  });
  expect(await worker.exec(reach)).toBe("served");
});

it("a stop leaves nothing of it", async () => {
  sidecar.signal("SIGTERM");
  expect(await sidecar.exited).toEqual({ code: 0, signal: null });
  expect(holds()).toBe(false);
  expect(ip("-6 rule show")).not.toContain(VIP);
  expect(ip("-6 route show table all")).not.toContain("proto 83");
});
