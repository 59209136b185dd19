/**
 * The main job on the page's own configuration, at the default 15/10/2: one replica holds the VIP, it is reached from
 * the worker and from behind the gateway, its answers leave by net1, and after a stop nothing of it is left. The same
 * tests for every way of starting a sidecar.
 */
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, expect, test } from "vitest";
import { Capture } from "./capture.ts";
import type { Namespace } from "./namespace.ts";
import { type Residue, residueDiff, residueOf } from "./residue.ts";
import { PAGE } from "./segment.ts";
import type { SidecarProcess } from "./sidecar-process.ts";
import { VirtualCluster, type VirtualClusterOptions } from "./virtual-cluster.ts";

/** As in docs/configuration.md: route protocol, routing table and priority of the rule. */
const PROTOCOL = 83;
const TABLE = 847;
const PRIORITY = 847;

/** linux/rtnetlink.h */
const RTN_UNICAST = "1";
const RTN_UNREACHABLE = "7";

/** curl's exit status */
const COULD_NOT_CONNECT = 7;

const KERNEL_DUMP = join(import.meta.dirname, "./kernel-dump.ts");
const CURL = ["curl", "--silent", "--insecure", "--max-time", "5"];

/** What `ip -json -details -N …` prints: numbers instead of names, so that no file of names decides. */
async function ip(namespace: Namespace, ...argv: readonly string[]): Promise<Record<string, unknown>[]> {
  return JSON.parse(await namespace.exec(["ip", "-json", "-details", "-N", ...argv])) as Record<string, unknown>[];
}

/** Declares the tests; `options` is asked when they begin. */
export function testMainJob(options: () => Promise<VirtualClusterOptions>): void {
  let cluster: VirtualCluster;
  let before: Map<string, Residue>;
  let holder: SidecarProcess;

  beforeAll(async () => {
    cluster = await VirtualCluster.start(await options());
    before = new Map();
    for (const pod of cluster.pods) before.set(pod.name, await residueOf(pod.namespace));
    holder = await cluster.startSidecars();
  });

  afterAll(() => cluster.close());

  afterEach(async () => {
    expect(await cluster.heldByTwo()).toEqual([]);
  });

  test("one replica has the VIP as /32 on net1, and no other has it anywhere", async () => {
    const all = await Promise.all(cluster.pods.map(({ namespace }) => ip(namespace, "address")));
    const places = all.flatMap((links, index) =>
      links.flatMap(({ ifname, addr_info }) =>
        (addr_info as { local?: string; prefixlen: number }[])
          .filter(({ local }) => local === PAGE.vip)
          .map(({ prefixlen }) => `${cluster.pods[index]?.name} ${ifname}/${prefixlen}`),
      ),
    );
    expect(places).toEqual([`${holder.pod.name} net1/32`]);
  });

  test("the Lease kube-system/vcluster-kube-vip names it", async () => {
    const name = ["get", "lease", "vcluster-kube-vip", "--namespace=kube-system"];
    const identity = await cluster.kubectl([...name, "--output=jsonpath={.spec.holderIdentity}"]);
    expect(identity).toMatch(new RegExp(`^${holder.pod.name}_${holder.pod.uid}_[0-9a-f]{8}$`));
  });

  test("kubectl get leases -n kube-system | grep kube-vip prints it", async () => {
    const { tools, replicas } = cluster.api;
    const line = `${tools.kubectl} --kubeconfig ${replicas[0]?.kubeconfig} get leases -n kube-system | grep kube-vip`;
    const printed = await cluster.pods[0]?.namespace.exec(["sh", "-c", line]);
    expect(printed).toMatch(new RegExp(`^vcluster-kube-vip +${holder.pod.name}_${holder.pod.uid}_\\S+ +\\S+\\n$`));
  });

  test("healthz answers from the worker and from the client behind the gateway, and the answers leave by net1 only", async () => {
    const filter = `host ${PAGE.vip} and tcp`;
    const byNet1 = await Capture.start(holder.pod.namespace, { link: "net1", filter });
    const byEth0 = await Capture.start(holder.pod.namespace, { link: "eth0", filter });
    for (const namespace of [cluster.segment.worker, cluster.segment.client]) {
      expect(await namespace.exec([...CURL, `https://${PAGE.endpoint}/healthz`])).toBe("ok");
    }
    await Promise.all([byNet1.stop(), byEth0.stop()]);
    const answers = await byNet1.text();
    for (const asker of [PAGE.worker, PAGE.client]) {
      expect(answers).toMatch(
        new RegExp(`${PAGE.vip}\\.${PAGE.port} > ${asker.replaceAll(".", "\\.")}\\.\\d+: Flags \\[S\\.\\]`),
      );
    }
    expect(byEth0.frames()).toEqual([]);
  });

  test("a worker's pod is answered by net1 although the host's pod network has its address too", async () => {
    const { worker, gateway } = cluster.segment;
    expect(cluster.segment.podNetwork).toBe("10.64");
    await gateway.ip(`route add 10.64.0.0/24 via ${PAGE.worker}`);
    const byEth0 = await Capture.start(holder.pod.namespace, { link: "eth0", filter: `host ${PAGE.vip}` });
    // The worker's end of its pod bridge: what a pod without masquerading has as its source.
    const asked = await worker.exec([...CURL, "--interface", "10.64.0.1", `https://${PAGE.endpoint}/healthz`]);
    await byEth0.stop();
    expect(asked).toBe("ok");
    expect(byEth0.frames()).toEqual([]);
  });

  test("the pod's own address is still served by eth0, and its own traffic leaves by eth0", async () => {
    const own = holder.pod.address;
    const filter = `host ${own} and tcp`;
    const byEth0 = await Capture.start(holder.pod.namespace, { link: "eth0", filter: `${filter} port ${PAGE.port}` });
    const byNet1 = await Capture.start(holder.pod.namespace, { link: "net1", filter });
    expect(await cluster.segment.host.exec([...CURL, `https://${own}:${PAGE.port}/healthz`])).toBe("ok");
    const [peer] = cluster.standbys(holder);
    expect(await holder.pod.namespace.exec([...CURL, `https://${peer?.pod.address}:${PAGE.port}/healthz`])).toBe("ok");
    await Promise.all([byEth0.stop(), byNet1.stop()]);
    const text = await byEth0.text();
    expect(text).toContain(`${own}.${PAGE.port} > `);
    expect(text).toMatch(new RegExp(`${own}\\.\\d+ > ${peer?.pod.address}\\.${PAGE.port}`));
    expect(byNet1.frames()).toEqual([]);
  });

  test("metrics and status are served on the pod's address and not on the VIP", async () => {
    const { worker, host } = cluster.segment;
    expect(await host.exec([...CURL, `http://${holder.pod.address}:2112/status`])).toContain(holder.pod.uid);
    const refused = await worker.attempt([...CURL, `http://${PAGE.vip}:2112/status`]);
    expect(refused).toMatchObject({ status: COULD_NOT_CONNECT, stdout: "" });
  });

  test("ip addr says the VIP until at most the lease's end, deprecated (no source for other traffic), with our label and protocol number", async () => {
    const { namespace } = holder.pod;
    const [net1] = await ip(namespace, "address", "show", "dev", "net1");
    const addresses = (net1?.["addr_info"] ?? []) as Record<string, unknown>[];
    const vip = addresses.find(({ local }) => local === PAGE.vip);
    expect(vip).toMatchObject({
      prefixlen: 32,
      label: "net1:vckv",
      deprecated: true,
    });
    // The kernel's second line: should the sidecar never be run again, the address goes by itself.
    expect(vip?.["valid_life_time"]).toBeGreaterThan(0);
    expect(vip?.["valid_life_time"]).toBeLessThan(15);
    const { addresses: dumped } = JSON.parse(await namespace.exec([process.execPath, KERNEL_DUMP])) as {
      addresses: Record<string, unknown>[];
    };
    expect(dumped.filter(({ protocol }) => protocol === PROTOCOL)).toMatchObject([{ address: PAGE.vip }]);
  });

  test("ip rule and ip route show table say rule and routes with our protocol number, on holder and standbys", async () => {
    const protocol = String(PROTOCOL);
    for (const { namespace } of cluster.pods) {
      const rules = (await ip(namespace, "rule")).filter((rule) => rule["protocol"] === protocol);
      expect(rules).toMatchObject([{ priority: PRIORITY, src: PAGE.vip, table: String(TABLE) }]);
      const routes = await ip(namespace, "route", "show", "table", String(TABLE));
      expect(routes).toMatchObject([
        { type: RTN_UNICAST, dst: "default", gateway: "10.100.0.1", dev: "net1", protocol },
        { type: RTN_UNREACHABLE, dst: "default", protocol },
        { type: RTN_UNICAST, dst: "10.100.0.0/24", dev: "net1", protocol },
      ]);
      expect(await ip(namespace, "route", "show", "table", "all", "protocol", protocol)).toHaveLength(routes.length);
    }
  });

  test("after a stop nothing of ours is left: the whole namespace is as before", async () => {
    for (const sidecar of [...cluster.standbys(holder), holder]) {
      expect(await sidecar.stop()).toEqual({ code: 0, signal: null });
      const after = await residueOf(sidecar.pod.namespace);
      expect(residueDiff(before.get(sidecar.pod.name) ?? new Map(), after)).toEqual([]);
      expect(sidecar.strayLines).toEqual([]);
    }
  });
}
