/**
 * A bare control plane that runs kube-vip today: net1 is the machine's own network, and the environment of kube-vip's
 * static pod (control plane, ARP) starts this program unchanged, without a vcluster.yaml and without a gateway.
 */
import { afterAll, beforeAll, expect, test } from "vitest";
import { PAGE } from "../bed/segment.ts";
import type { SidecarProcess } from "../bed/sidecar-process.ts";
import { VirtualCluster } from "../bed/virtual-cluster.ts";

/** What kube-vip's manifest for a static pod sets, less what differs from node to node. */
const KUBE_VIP_ENVIRONMENT = {
  vip_arp: "true",
  port: String(PAGE.port),
  vip_interface: "net1",
  vip_subnet: "32",
  dns_mode: "first",
  cp_enable: "true",
  cp_namespace: "kube-system",
  vip_leaderelection: "true",
  vip_leaseduration: "5",
  vip_renewdeadline: "3",
  vip_retryperiod: "1",
  address: PAGE.vip,
  prometheus_server: ":2112",
};

/** What the overlay's container has and a static pod has not. */
const NOT_A_VCLUSTER = {
  POD_NAME: undefined,
  POD_UID: undefined,
  POD_IP: undefined,
  POD_NAMESPACE: undefined,
  VCLUSTER_NAME: undefined,
  VCLUSTER_KUBE_VIP_CONFIG_FILE: undefined,
  VCLUSTER_KUBE_VIP_KUBECONFIG: undefined,
};

/** curl's exit status */
const COULD_NOT_CONNECT = 7;

let cluster: VirtualCluster;
let holder: SidecarProcess;

beforeAll(async () => {
  cluster = await VirtualCluster.start({
    replicas: 2,
    leaseName: "plndr-cp-lock",
    env: { ...KUBE_VIP_ENVIRONMENT, ...NOT_A_VCLUSTER },
  });
  for (const [index, pod] of cluster.pods.entries()) {
    // The host's own address and default route are on net1; the other control planes are behind eth0.
    await pod.namespace.ip(
      [
        `addr add 10.100.0.${11 + index}/24 dev net1`,
        "route add 10.64.0.0/16 via 169.254.1.1 dev eth0",
        "route replace default via 10.100.0.1 dev net1",
      ].join("\n"),
    );
    const { kubeconfig } = cluster.api.replica(pod.name);
    cluster.startSidecar(pod, { env: { vip_nodename: pod.name, k8s_config_file: kubeconfig } });
  }
  holder = await cluster.holder(20_000);
});

afterAll(() => cluster.close());

test("kube-vip's own Lease plndr-cp-lock names the holder, as kubectl says it", async () => {
  const printed = await cluster.kubectl(["get", "leases", "--namespace=kube-system"]);
  expect(printed).toMatch(new RegExp(`^plndr-cp-lock +${holder.pod.name}_`, "m"));
  expect(printed).not.toContain("vcluster-kube-vip");
});

test("one second less is held than the lease duration gives: kube-vip's record is that coarse", async () => {
  const status = (await cluster.status(holder.pod)) as { deadlineInMs: number };
  // (5 s - 1 s) * 0.98 / 1.02 - 50 ms
  expect(status.deadlineInMs).toBeLessThan(3_794);
});

test("the worker and the client behind the gateway reach the API server, without policy routing", async () => {
  const curl = ["curl", "--silent", "--insecure", "--max-time", "5", `https://${PAGE.endpoint}/healthz`];
  expect(await cluster.segment.worker.exec(curl)).toBe("ok");
  expect(await cluster.segment.client.exec(curl)).toBe("ok");
  const { namespace } = holder.pod;
  expect(await namespace.exec(["ip", "rule"])).not.toContain(PAGE.vip);
  expect(await namespace.exec(["ip", "route", "show", "table", "all", "protocol", "83"])).toBe("");
});

test("kube-vip's prometheus_server names all addresses, and metrics are served on loopback: never on the VIP", async () => {
  const curl = ["curl", "--silent", "--max-time", "5"];
  expect(await holder.pod.namespace.exec([...curl, "http://127.0.0.1:2112/metrics"])).toContain("# HELP");
  const asked = await cluster.segment.worker.attempt([...curl, `http://${PAGE.vip}:2112/metrics`]);
  expect(asked).toMatchObject({ status: COULD_NOT_CONNECT, stdout: "" });
});

test("the environment is taken without an error and without a warning", async () => {
  expect((await cluster.status(holder.pod))["problems"]).toEqual([]);
});

test("a stop moves the VIP to the other control plane", async () => {
  for (const { pod } of cluster.sidecars) await cluster.ready(pod);
  expect(await holder.stop()).toEqual({ code: 0, signal: null });
  const next = await cluster.holder();
  expect(next.pod).not.toBe(holder.pod);
  await cluster.recorded(`${next.pod.name}_`);
  expect(await cluster.heldByTwo()).toEqual([]);
});
