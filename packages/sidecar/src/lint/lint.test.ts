/** Every rule, from a file that provokes it to the place that is pointed at; and what the patches make of the file. */
import { describe, expect, test } from "vitest";
import { SEVERITIES } from "../config/problem.ts";
import { type LintOptions, lint } from "./lint.ts";
import { applyPatch } from "./patch.ts";
import { RULES } from "./rules/index.ts";
import { CLEAN, changed, POD_ANNOTATION, SIDECAR, STORE } from "./testing/clean-file.ts";

const NO_OPTIONS: LintOptions = { chartVersion: undefined };
const seen = new Set<string>();
const patched = new Set<string>();

/** The files have exactly these findings, "line:column severity CODE", with the file's number before it from the second on. */
function check(files: string | readonly string[], expected: readonly string[], options = NO_OPTIONS): void {
  const texts = typeof files === "string" ? [files] : files;
  const named = texts.map((text, index) => ({ name: index === 0 ? "" : String(index), text }));
  const { findings } = lint(named, options);
  for (const { code, message, consequence, patch } of findings) {
    seen.add(code);
    if (patch !== undefined) patched.add(code);
    expect(message).toMatch(/^expected .+: .+[^.]$/);
    expect(consequence).toMatch(/^([A-Z]|vCluster).+\.$/);
  }
  const lines = findings.map(({ severity, code, position: { file, line, column } }) => {
    return `${file === "" ? "" : `${file}:`}${line}:${column} ${severity} ${code}`;
  });
  expect(lines).toEqual(expected);
}

test("there is nothing to say about a file that has everything right", () => check(CLEAN, []));

describe("the attachment", () => {
  const misplaced = POD_ANNOTATION.replace("    pods:\n      annotations:\n        ", "    annotations:\n      ");

  test.each<readonly [string, string, readonly string[]]>([
    ["on the StatefulSet", changed([POD_ANNOTATION, misplaced]), ["13:7 error NETWORKS_ON_STATEFULSET"]],
    ["on both", changed([POD_ANNOTATION, misplaced + POD_ANNOTATION]), ["13:7 hint NETWORKS_STRAY"]],
    ["nowhere", changed([POD_ANNOTATION, ""]), ["20:18 warning NETWORKS_MISSING"]],
    [
      "without a name",
      changed(["networks: vcluster-platform/private-vcluster", "networks: vcluster-platform/"]),
      ["14:38 error NETWORKS_INVALID"],
    ],
    [
      "as JSON without a name",
      changed(["networks: vcluster-platform/private-vcluster", `networks: '[{"namespace":"a"}]'`]),
      ["14:38 error NETWORKS_INVALID"],
    ],
    [
      "for another interface",
      changed(["interface: net1", "interface: net2"]),
      ["23:18 error NETWORKS_OTHER_INTERFACE"],
    ],
    [
      "as the pod's default route",
      changed([
        "networks: vcluster-platform/private-vcluster",
        `networks: '[{"name":"a","default-route":["10.100.0.1"]}]'`,
      ]),
      ["14:38 warning NETWORKS_DEFAULT_ROUTE"],
    ],
    [
      "not needed, since the interface is the pod network's",
      changed([POD_ANNOTATION, ""], ["interface: net1", "interface: eth0"]),
      ["20:18 warning INTERFACE_IS_POD_NETWORK"],
    ],
  ])("%s", (_, text, expected) => check(text, expected));
});

describe("the addresses", () => {
  test.each<readonly [string, string, readonly string[]]>([
    [
      "a VIP among the pods",
      changed(["podCIDR: 10.64.0.0/16", "podCIDR: 10.100.0.64/26"]),
      ["4:13 error VIP_IN_POD_CIDR", "24:16 warning SUBNET_OVERLAPS_CLUSTER"],
    ],
    [
      "a VIP among the pods of the chart's default",
      changed(["  podCIDR: 10.64.0.0/16\n", ""], ["10.100.0.100:", "10.244.7.9:"], ["10.100.0.1/24", "10.244.7.1/24"]),
      ["4:13 error VIP_IN_POD_CIDR", "24:16 warning SUBNET_OVERLAPS_CLUSTER"],
    ],
    [
      "a VIP among the services, in the second range",
      changed(["serviceCIDR: 10.128.0.0/16", "serviceCIDR: fd00::/112,10.100.0.0/16"]),
      ["4:13 error VIP_IN_SERVICE_CIDR", "24:16 warning SUBNET_OVERLAPS_CLUSTER"],
    ],
    ["no range", changed(["podCIDR: 10.64.0.0/16", "podCIDR: 10.64/16"]), ["26:12 error CIDR_INVALID"]],
    ["a VIP outside the subnet", changed(["10.100.0.100:", "10.101.0.100:"]), ["4:13 error VIP_OUTSIDE_SUBNET"]],
    ["the gateway as VIP", changed(["10.100.0.100:", "10.100.0.1:"]), ["4:13 error VIP_IS_GATEWAY"]],
    ["the subnet as VIP", changed(["10.100.0.100:", "10.100.0.0:"]), ["4:13 error VIP_IS_NETWORK"]],
    ["the broadcast address as VIP", changed(["10.100.0.100:", "10.100.0.255:"]), ["4:13 error VIP_IS_BROADCAST"]],
    ["a gateway without a length", changed(["10.100.0.1/24", "10.100.0.1"]), ["24:16 error GATEWAY_WITHOUT_PREFIX"]],
    ["the subnet as gateway", changed(["10.100.0.1/24", "10.100.0.0/24"]), ["24:16 error GATEWAY_INVALID"]],
    ["a port that nobody listens on", changed(["100:8443", "100:6443"]), ["4:13 error PORT_WITHOUT_LISTENER"]],
    ["no port", changed(["100:8443", "100"]), ["4:13 error ENDPOINT_WITHOUT_PORT"]],
    ["no endpoint", changed(["  endpoint: 10.100.0.100:8443\n", ""]), ["3:1 error ENDPOINT_MISSING"]],
    ["no interface", changed(["      interface: net1\n", ""]), ["21:5 error INTERFACE_MISSING"]],
    ["no gateway", changed(["      gateway: 10.100.0.1/24\n", ""]), ["21:5 error GATEWAY_MISSING"]],
    [
      "an interface's name of 16 bytes",
      changed(["interface: net1", "interface: abcdefghijklmnop"]),
      ["23:18 error INTERFACE_NAME_INVALID"],
    ],
  ])("%s", (_, text, expected) => check(text, expected));
});

describe("vCluster's own side", () => {
  test.each<readonly [string, string, readonly string[]]>([
    ["no private nodes", changed(["privateNodes:\n  enabled: true\n", ""]), ["2:13 error PRIVATE_NODES_OFF"]],
    ["private nodes switched off", changed(["enabled: true", "enabled: no"]), ["2:12 error PRIVATE_NODES_OFF"]],
    [
      "what private nodes exclude",
      `${CLEAN}sync: {toHost: {namespaces: {enabled: true}}}\n`,
      ["28:39 error PRIVATE_NODES_CONFLICT"],
    ],
    [
      "the open-source image",
      changed(["  statefulSet:\n", "  statefulSet:\n    image: {repository: loft-sh/vcluster-oss}\n"]),
      ["10:25 error PRIVATE_NODES_NEED_PRO"],
    ],
    [
      "another port for the listener",
      changed(["  backingStore:", "  proxy: {port: 9443}\n  backingStore:"]),
      ["5:17 warning PROXY_PORT"],
    ],
    [
      "the listener on one address",
      changed(["  backingStore:", "  proxy: {bindAddress: 127.0.0.1}\n  backingStore:"]),
      ["5:24 error LISTENER_ELSEWHERE"],
    ],
    [
      "a VIP that only our section says",
      `${changed(["  endpoint: 10.100.0.100:8443\n", ""])}global: {kubeVip: {endpoint: "10.100.0.100:8443"}}\n`,
      ["27:20 warning EXTRA_SANS_MISSING"],
    ],
    ["one replica", changed(["replicas: 3", "replicas: 1"]), ["11:17 warning ONE_REPLICA"]],
    ["two members", changed(["replicas: 3", "replicas: 2"]), ["11:17 warning EVEN_REPLICAS"]],
    ["sqlite for three", changed([STORE, ""]), ["7:17 error STORE_NOT_SHARED"]],
    [
      "two stores",
      changed(["    etcd:\n", "    etcd:\n      deploy: {enabled: true}\n"]),
      ["7:25 error STORES_SEVERAL"],
    ],
    ["a Deployment", changed(["embedded:", "deploy:"]), ["8:18 warning NO_HEADLESS_SERVICE"]],
    [
      "a Lease shorter than an election of etcd",
      `${CLEAN}global: {kubeVip: {leaseDurationSeconds: 5, renewDeadlineSeconds: 3, retryPeriodSeconds: 1}}\n`,
      ["28:42 warning LEASE_SHORTER_THAN_ELECTION"],
    ],
  ])("%s", (_, text, expected) => check(text, expected));
});

describe("the sidecar", () => {
  test.each<readonly [string, string | readonly string[], readonly string[]]>([
    [
      "not there, vCluster's own enabled",
      changed([SIDECAR, ""], ["enabled: false", "enabled: true"]),
      ["17:16 warning BUILT_IN_ENABLED"],
    ],
    ["there, beside vCluster's own", changed(["enabled: false", "enabled: on"]), ["22:16 error OTHER_OWNER"]],
    ["nowhere", changed([SIDECAR, ""]), ["9:3 hint OVERLAY_MISSING"]],
    [
      "not yet among the others",
      changed(["vcluster-kube-vip", "log-shipper"]),
      ["15:5 hint OVERLAY_MISSING", "15:5 hint SIDECARS_EXIST"],
    ],
    [
      "instead of the others",
      [changed(["vcluster-kube-vip", "log-shipper"]), `controlPlane:\n  statefulSet:\n${SIDECAR}`],
      ["1:3:5 error SIDECARS_REPLACED"],
    ],
    [
      "twice",
      changed(["      - name: vcluster-kube-vip", `${SIDECAR.slice(23)}      - name: vcluster-kube-vip`]),
      ["20:9 error CONTAINER_TWICE"],
    ],
    ["without NET_RAW", changed([", NET_RAW", ""]), ["16:9 error SIDECAR_CAPABILITIES"]],
    ["as another user", changed(["runAsUser: 0", "runAsUser: 1000"]), ["16:9 error SIDECAR_CAPABILITIES"]],
    [
      "with a readiness probe",
      changed(["        securityContext:", "        readinessProbe: {}\n        securityContext:"]),
      ["16:9 warning SIDECAR_PROBES"],
    ],
    [
      "among the init containers",
      changed([SIDECAR, SIDECAR.replace("sidecarContainers", "initContainers")]),
      ["9:3 hint OVERLAY_MISSING", "16:9 error SIDECAR_AS_INIT"],
    ],
    [
      "in a pod that forbids user 0",
      changed(["    pods:\n", "    security: {podSecurityContext: {runAsNonRoot: true}}\n    pods:\n"]),
      ["17:9 error POD_RUNS_AS_NON_ROOT"],
    ],
  ])("%s", (_, files, expected) => check(files, expected));
});

describe("the keys", () => {
  test.each<readonly [string, string, readonly string[]]>([
    [
      "misspelt",
      changed(["  statefulSet:", "  statefulset:"]),
      [
        "3:1 warning ONE_REPLICA",
        "3:1 hint OVERLAY_MISSING",
        "9:3 error KEY_MISSPELT",
        "23:18 warning NETWORKS_MISSING",
      ],
    ],
    ["of our section misspelt", `${CLEAN}global:\n  kubevip: {}\n`, ["29:3 warning OWN_SECTION_MISSPELT"]],
    [
      "of a setting misspelt",
      `${CLEAN}global:\n  kubeVip:\n    leaseDurationSecond: 20\n`,
      ["30:5 warning UNKNOWN_SETTING"],
    ],
    ["of the chart beside the virtual cluster", `${CLEAN}global:\n  kubeVip:\n    podMonitor: {create: true}\n`, []],
    [
      "of ours in vCluster's block, which the chart refuses",
      changed(["      interface:", "      leaseDuration: 20\n      interface:"]),
      ["23:7 error UNKNOWN_SETTING"],
    ],
    [
      "in the wrong map",
      changed([
        "  advanced:\n    kubeVip:\n      enabled: false\n      interface: net1\n      gateway: 10.100.0.1/24\n",
        "  kubeVip:\n    enabled: false\n    interface: net1\n    gateway: 10.100.0.1/24\n",
      ]),
      ["3:1 error GATEWAY_MISSING", "3:1 error INTERFACE_MISSING", "20:3 error KEY_MISPLACED"],
    ],
    [
      "before a merge key",
      `x: &x {podCIDR: 10.65.0.0/16}\n${changed(["  serviceCIDR", "  <<: *x\n  serviceCIDR"])}`,
      ["27:3 warning MERGE_KEY_OVERRIDES"],
    ],
    [
      "twice",
      changed(["      interface: net1", "      interface: net2\n      interface: net1"]),
      ["24:7 error YAML_DUPLICATE_KEY"],
    ],
    ["with a tab before it", "controlPlane:\n\tendpoint: 10.100.0.100:8443\n", ["2:1 error YAML_SYNTAX"]],
  ])("%s", (_, text, expected) => check(text, expected));
});

test("a chart without sidecars is refused, a later one is not", () => {
  check(CLEAN, ["1:1 error CHART_TOO_OLD"], { chartVersion: "0.29.3" });
  check(CLEAN, [], { chartVersion: "v0.30.0" });
  check(CLEAN, [], { chartVersion: "1.0" });
});

test("every rule has been provoked by a file above", () => {
  const codes = RULES.map(({ code }) => code);
  expect([...seen].filter((code) => !(code in SEVERITIES)).toSorted()).toEqual(codes.toSorted());
});

test("a patch comes with every finding that has one cure", () => {
  expect([...patched].toSorted()).toEqual([
    "ENDPOINT_WITHOUT_PORT",
    "EVEN_REPLICAS",
    "EXTRA_SANS_MISSING",
    "KEY_MISPLACED",
    "KEY_MISSPELT",
    "LISTENER_ELSEWHERE",
    "NETWORKS_ON_STATEFULSET",
    "NETWORKS_STRAY",
    "OTHER_OWNER",
    "OWN_SECTION_MISSPELT",
    "PORT_WITHOUT_LISTENER",
    "PRIVATE_NODES_CONFLICT",
    "PRIVATE_NODES_NEED_PRO",
    "PRIVATE_NODES_OFF",
    "PROXY_PORT",
    "STORE_NOT_SHARED",
    "UNKNOWN_SETTING",
    "YAML_SYNTAX",
  ]);
});

test("the page's own example has its annotation in the wrong place, and no replica to move to", () => {
  const text = `
privateNodes:
  enabled: true
controlPlane:
  endpoint: 192.0.2.100:8443
  statefulSet:
    annotations:
      k8s.v1.cni.cncf.io/networks: networks-of-team-x/workers
  advanced:
    kubeVip:
      enabled: true
      interface: net1
      gateway: 192.0.2.1/24
networking:
  podCIDR: 10.20.0.0/16
  serviceCIDR: 10.30.0.0/16
`;
  check(text, ["6:3 warning ONE_REPLICA", "8:7 error NETWORKS_ON_STATEFULSET", "11:16 warning BUILT_IN_ENABLED"]);
});

describe("several files", () => {
  test("are one, and a finding points into the file that says it", () => {
    check([CLEAN, "controlPlane:\n  endpoint: 10.101.0.100:8443\n"], ["1:2:13 error VIP_OUTSIDE_SUBNET"]);
    check([changed(["10.100.0.1/24", "10.101.0.1/24"]), "controlPlane: {endpoint: 10.101.0.7:8443}\n"], []);
  });

  test("take back by null what an earlier one says", () => {
    check([CLEAN, "controlPlane:\n  endpoint: null\n"], ["1:2:3 error ENDPOINT_MISSING"]);
  });

  test("miss something in the first that has the map around it", () => {
    const text = changed(["    highAvailability:\n      replicas: 3\n", ""], [SIDECAR, ""]);
    check([text, `controlPlane:\n  statefulSet:\n${SIDECAR}`], ["9:3 warning ONE_REPLICA"]);
  });

  test("keep no map that is left empty in its file", () => {
    const text =
      "controlPlane:\n  statefulSet:\n    annotations:\n      k8s.v1.cni.cncf.io/networks: a/b\n  endpoint: x\n";
    const { findings } = lint(
      [
        { name: "a", text },
        { name: "b", text: CLEAN },
      ],
      NO_OPTIONS,
    );
    const patches = findings.flatMap(({ code, patch }) => (code === "NETWORKS_STRAY" && patch ? [patch] : []));
    expect(patches.map(applyPatch)).toEqual(["controlPlane:\n  endpoint: x\n"]);
  });

  test("are patched where the fault is", () => {
    const files = [
      { name: "a.yaml", text: CLEAN },
      { name: "b.yaml", text: "controlPlane: {proxy: {port: 1}}\n" },
    ];
    const { findings } = lint(files, NO_OPTIONS);
    expect(findings.flatMap(({ patch }) => (patch ? [patch.source.name, applyPatch(patch)] : []))).toEqual([
      "b.yaml",
      "controlPlane: {proxy: {port: 8443}}\n",
    ]);
  });
});
