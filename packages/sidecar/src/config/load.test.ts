import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import type { Config, ConfigResult } from "./config.ts";
import { type ConfigInput, loadConfig } from "./load.ts";

const FACTS = { hostname: "Node-1", bootId: "4b3c5a52-6cf5-4b13-a59b-7d2c2a5ae0c1" };
const POD = {
  POD_NAME: "my-vc-0",
  POD_UID: "0f9c1f3e-6c1c-4a51-8f0a-3a1f8a3c2b1d",
  POD_IP: "10.64.1.2",
  POD_NAMESPACE: "team-x",
  VCLUSTER_NAME: "my-vc",
};
/** What starts kube-vip in control-plane ARP mode. */
const KUBE_VIP = {
  vip_arp: "true",
  cp_enable: "true",
  vip_interface: "ens192",
  address: "192.168.12.10",
  port: "6443",
  vip_leaseduration: "5",
  vip_renewdeadline: "3",
  vip_retryperiod: "1",
  cp_namespace: "kube-system",
  vip_nodename: "cp-1",
  prometheus_server: ":2112",
};

function fixture(name: string): { readonly name: string; readonly text: string } {
  return { name, text: readFileSync(new URL(`../../../../test/fixtures/config/${name}`, import.meta.url), "utf8") };
}

function load(input: Partial<ConfigInput>): ConfigResult {
  return loadConfig({ file: undefined, env: {}, flags: {}, facts: FACTS, ...input });
}

function valid(input: Partial<ConfigInput>): Config {
  const result = load(input);
  if (result.t !== "valid") throw new Error(`expected a valid configuration: ${JSON.stringify(result.problems)}`);
  expect(result.problems).toEqual([]);
  return result.config;
}

describe("in a vCluster", () => {
  test("the page's block, switched off by the overlay, is all it needs", () => {
    expect(valid({ file: fixture("page.yaml"), env: POD })).toEqual({
      vip: {
        address: "10.100.0.100",
        port: 8443,
        interfaceName: "net1",
        gateway: { address: "10.100.0.1", subnet: "10.100.0.0/24" },
      },
      lease: {
        namespace: "kube-system",
        name: "vcluster-kube-vip",
        leaseDurationMs: 15_000,
        renewDeadlineMs: 10_000,
        retryPeriodMs: 2000,
        recordResolutionMs: 0,
      },
      routing: { table: 847, rulePriority: 847, protocol: 83 },
      fence: { mode: "best", level: "nft-egress" },
      identity: { podName: "my-vc-0", podUid: POD.POD_UID },
      kubeApi: {
        kubeconfigPath: "/data/pki/admin.conf",
        server: "https://127.0.0.1:6443",
        peersHost: "my-vc-headless.team-x",
        peersInSlice: false,
        peersPort: 8443,
        tlsServerName: "kubernetes",
        ownAddress: "10.64.1.2",
      },
      http: { port: 2112, addresses: ["127.0.0.1", "10.64.1.2"] },
      logLevel: "info",
      moves: { max: 4, windowMs: 180_000 },
      quorum: "never",
    });
  });

  test("the file as Helm writes it is read, with what stands under global.kubeVip", () => {
    const { lease, vip } = valid({ file: fixture("pod.yaml"), env: POD });
    expect(vip.address).toBe("10.100.0.100");
    expect(lease).toMatchObject({ leaseDurationMs: 12_000, renewDeadlineMs: 8000, retryPeriodMs: 2000 });
  });

  test("without a vcluster.yaml the environment alone is enough", () => {
    const env = {
      ...POD,
      VCLUSTER_KUBE_VIP_ENDPOINT: "[fd00:100::64]:8443",
      VCLUSTER_KUBE_VIP_INTERFACE: "net1",
      VCLUSTER_KUBE_VIP_GATEWAY: "fd00:100::1/64",
    };
    expect(valid({ env }).vip).toEqual({
      address: "fd00:100::64",
      port: 8443,
      interfaceName: "net1",
      gateway: { address: "fd00:100::1", subnet: "fd00:100::/64" },
    });
  });

  test("peers of the Deployment kind are found through the Service where settings say so", () => {
    const flags = { peersHost: "my-vc.team-x", peersPort: "443" };
    const { kubeApi } = valid({ file: fixture("page.yaml"), env: POD, flags });
    expect(kubeApi).toMatchObject({ peersHost: "my-vc.team-x", peersPort: 443, tlsServerName: "kubernetes" });
  });

  test("a switch left on means another owner, and the problems say so with all others", () => {
    const text = fixture("page.yaml")
      .text.replace("enabled: false", "enabled: true")
      .replace("net1", "much-too-long-name");
    const result = load({ file: { name: "page.yaml", text }, env: POD });
    expect(result.t).toBe("other-owner");
    expect(result.problems.map(({ code }) => code)).toEqual(["OTHER_OWNER", "INTERFACE_NAME_INVALID"]);
  });
});

describe("with kube-vip's environment", () => {
  test("it starts without vcluster.yaml and without gateway, on kube-vip's own Lease", () => {
    const config = valid({ env: KUBE_VIP });
    expect(config.vip).toEqual({
      address: "192.168.12.10",
      port: 6443,
      interfaceName: "ens192",
      gateway: undefined,
    });
    expect(config.lease).toEqual({
      namespace: "kube-system",
      name: "plndr-cp-lock",
      leaseDurationMs: 5000,
      renewDeadlineMs: 3000,
      retryPeriodMs: 1000,
      recordResolutionMs: 1000,
    });
    expect(config.identity).toEqual({ podName: "cp-1", podUid: FACTS.bootId });
    expect(config.http).toEqual({ port: 2112, addresses: ["127.0.0.1"] });
  });

  test("on a kubeadm host it asks the API server of this machine, not the one behind the VIP", () => {
    expect(valid({ env: { ...KUBE_VIP, port: "7443" } }).kubeApi).toEqual({
      kubeconfigPath: "/etc/kubernetes/admin.conf",
      server: "https://127.0.0.1:7443",
      peersHost: undefined,
      peersInSlice: true,
      peersPort: 7443,
      tlsServerName: "kubernetes",
      ownAddress: undefined,
    });
  });

  test("a kubeconfig of another place keeps its own server", () => {
    const { kubeApi } = valid({ env: { ...KUBE_VIP, k8s_config_file: "/etc/rancher/k3s/k3s.yaml" } });
    expect(kubeApi).toMatchObject({ kubeconfigPath: "/etc/rancher/k3s/k3s.yaml", server: undefined });
    expect(kubeApi.tlsServerName).toBeUndefined();
  });

  test("kubernetes_addr needs no scheme", () => {
    const { kubeApi } = valid({ env: { ...KUBE_VIP, kubernetes_addr: "cp.example.com:6443" } });
    expect(kubeApi).toMatchObject({ server: "https://cp.example.com:6443", tlsServerName: undefined });
  });

  test.each([
    ["vip_leasename", "my-lock", { namespace: "kube-system", name: "my-lock", recordResolutionMs: 0 }],
    ["vip_leasename", "infra/my-lock", { namespace: "infra", name: "my-lock", recordResolutionMs: 0 }],
    ["vip_leasename", "infra/plndr-cp-lock", { namespace: "infra", name: "plndr-cp-lock", recordResolutionMs: 1000 }],
    ["cp_namespace", "infra", { namespace: "infra", name: "plndr-cp-lock", recordResolutionMs: 1000 }],
  ])("%s=%s names the Lease", (variable, value, lease) => {
    expect(valid({ env: { ...KUBE_VIP, [variable]: value } }).lease).toMatchObject(lease);
  });

  test("a Lease shared with client-go under another name is said by recordResolutionSeconds", () => {
    const env = { ...KUBE_VIP, vip_leasename: "my-lock", VCLUSTER_KUBE_VIP_RECORD_RESOLUTION_SECONDS: "1" };
    expect(valid({ env }).lease.recordResolutionMs).toBe(1000);
  });

  test("the hostname stands for the node's name, in lower case", () => {
    expect(valid({ env: { ...KUBE_VIP, vip_nodename: "" } }).identity.podName).toBe("node-1");
  });

  test.each([
    [":9100", { port: 9100, addresses: ["127.0.0.1"] }],
    ["0.0.0.0:9100", { port: 9100, addresses: ["127.0.0.1"] }],
    ["192.168.12.1:9100", { port: 9100, addresses: ["127.0.0.1", "192.168.12.1"] }],
  ])("prometheus_server=%s never listens on the VIP", (value, http) => {
    expect(valid({ env: { ...KUBE_VIP, prometheus_server: value } }).http).toEqual(http);
  });
});

describe("precedence", () => {
  const block =
    "controlPlane: {endpoint: '10.100.0.5:8443', advanced: {kubeVip: {interface: net5, gateway: 10.100.0.1/24}}}";
  const own = "global: {kubeVip: {endpoint: '10.100.0.4:8443'}}";
  const kubeVip = { address: "10.100.0.3", port: "8443" };
  const environment = { VCLUSTER_KUBE_VIP_ENDPOINT: "10.100.0.2:8443" };
  const flags = { endpoint: "10.100.0.1:8443" };
  const gateway = { VCLUSTER_KUBE_VIP_GATEWAY: "10.100.0.9/24" };

  test.each([
    ["a flag", flags, { ...environment, ...kubeVip }, [own, block], "10.100.0.1"],
    ["our environment", {}, { ...environment, ...kubeVip }, [own, block], "10.100.0.2"],
    ["kube-vip's environment", {}, kubeVip, [own, block], "10.100.0.3"],
    ["global.kubeVip", {}, {}, [own, block], "10.100.0.4"],
    ["vCluster's block", {}, {}, [block], "10.100.0.5"],
  ])("%s beats what comes after it", (_, given, env, lines, address) => {
    const file = { name: "config.yaml", text: lines.join("\n") };
    expect(valid({ file, flags: given, env: { ...POD, ...gateway, ...env } }).vip.address).toBe(address);
  });

  test("an empty value says nothing", () => {
    const env = { ...KUBE_VIP, VCLUSTER_KUBE_VIP_LEASE_NAME: "" };
    expect(valid({ env, flags: { leaseName: "" } }).lease.name).toBe("plndr-cp-lock");
  });
});

describe("a wrong configuration", () => {
  test("still says where to be heard, and never on the VIP", () => {
    const env = { ...POD, VCLUSTER_KUBE_VIP_LOG_LEVEL: "debug", VCLUSTER_KUBE_VIP_HTTP_PORT: "9100" };
    const flags = { httpAddresses: "127.0.0.1,10.100.0.100" };
    const result = load({ file: fixture("page.yaml"), env, flags });
    expect(result).toMatchObject({
      t: "invalid",
      voice: { http: { port: 9100, addresses: ["127.0.0.1"] }, logLevel: "debug" },
    });
  });

  test("is told about in all its parts at once", () => {
    const result = load({ file: fixture("wrong.yaml"), env: { ...POD, bgp_enable: "true" } });
    expect(result.problems.map(({ code, position }) => [code, position?.line, position?.column])).toEqual([
      ["UNKNOWN_SETTING", 14, 5],
      ["KUBE_VIP_MODE", undefined, undefined],
      ["VIP_NOT_AN_ADDRESS", 3, 13],
      ["INTERFACE_NAME_INVALID", 7, 18],
      ["GATEWAY_WITHOUT_PREFIX", 8, 16],
      ["NAME_INVALID", 13, 16],
      ["NUMBER_OUT_OF_RANGE", 11, 27],
      ["NUMBER_INVALID", 12, 27],
    ]);
  });
});
