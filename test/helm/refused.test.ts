/** What the chart refuses, each in a sentence that says what to set; and what the schema lets pass. */
import { describe, expect, it } from "vitest";
import { ALL_SETTINGS } from "../../packages/sidecar/src/config/settings.ts";
import { HELM_NAMES, KINDS, PAGE, type Rendering, template } from "./chart.ts";

const block = (kubeVip: object) => ({ controlPlane: { advanced: { kubeVip } } });
const endpoint = (text: string) => ({ controlPlane: { endpoint: text } });
const own = (kubeVip: object) => ({ global: { kubeVip } });
const network = (section: object) =>
  own({ networkAttachmentDefinition: { create: true, bridge: "br-private", ...section } });
const annotated = (text: string, values: object) => ({
  ...values,
  controlPlane: { statefulSet: { pods: { annotations: { "k8s.v1.cni.cncf.io/networks": text } } } },
});

const SIDECAR = { sidecarContainers: [{ name: "vcluster-kube-vip" }] };

type Case = readonly [what: string, values: object, sentence: string, more?: Partial<Rendering>];

const REFUSALS: readonly Case[] = [
  [
    "no endpoint",
    endpoint(""),
    "controlPlane.endpoint: expected the VIP and the port of the control plane's listener, but it is set nowhere: set it, as in 10.100.0.100:8443",
  ],
  [
    "a name as the endpoint",
    endpoint("vip.example.com:8443"),
    'found "vip.example.com:8443", which has no IP address: write the VIP itself',
  ],
  ["an IPv6 endpoint without brackets", endpoint("fd00::64:8443"), 'found "fd00::64:8443", which has no IP address'],
  [
    "an endpoint without a port",
    endpoint("10.100.0.100"),
    'found "10.100.0.100", which has no port: append the listener\'s, :8443 in a vCluster',
  ],
  ["an IPv6 endpoint without a port", endpoint("[fd00::64]"), 'found "[fd00::64]", which has no port'],
  [
    "no interface",
    block({ interface: "" }),
    "controlPlane.advanced.kubeVip.interface: expected the interface that gets the VIP, but it is set nowhere: set it, as in net1",
  ],
  [
    "no gateway",
    block({ gateway: "" }),
    "controlPlane.advanced.kubeVip.gateway: expected the gateway's address with its subnet's length, but it is set nowhere: set it, as in 10.100.0.1/24",
  ],
  [
    "a gateway without its subnet's length",
    block({ gateway: "10.100.0.1" }),
    'found "10.100.0.1", which has no length: append it, as in /24',
  ],
  [
    "vCluster's own kube-vip beside the sidecar",
    { controlPlane: { advanced: { kubeVip: { enabled: true } }, statefulSet: SIDECAR } },
    "expected false where the sidecar vcluster-kube-vip is added, but found true, which gives the VIP two owners: give vip.yaml after vcluster.yaml",
  ],
  [
    "a network without a bridge",
    network({ bridge: "" }),
    "global.kubeVip.networkAttachmentDefinition.bridge: expected the bridge on the hosts that leads to the workers, but it is empty: set it, as in br-private",
  ],
  [
    "a network without a name",
    annotated("", network({})),
    "global.kubeVip.networkAttachmentDefinition.name: expected a name, but it is empty",
  ],
  [
    "a network with a name in JSON only",
    annotated('[{"name": "x"}]', network({})),
    "networkAttachmentDefinition.name: expected a name, but it is empty",
  ],
  [
    "a network on a cluster without Multus",
    network({}),
    "global.kubeVip.networkAttachmentDefinition.create: expected a cluster that has k8s.cni.cncf.io/v1/NetworkAttachmentDefinition, but this one has not: install Multus, or set it to false",
    { kinds: [] },
  ],
  [
    "a PodMonitor on a cluster without the operator",
    own({ podMonitor: { create: true } }),
    "global.kubeVip.podMonitor.create: expected a cluster that has monitoring.coreos.com/v1/PodMonitor, but this one has not: install the Prometheus operator, or set it to false",
    { kinds: [KINDS.network, KINDS.prometheusRule] },
  ],
  [
    "alerts on a cluster without the operator",
    own({ prometheusRule: { create: true } }),
    "global.kubeVip.prometheusRule.create: expected a cluster that has monitoring.coreos.com/v1/PrometheusRule",
    { kinds: [KINDS.network, KINDS.podMonitor] },
  ],
  [
    "a release that does not tell the virtual cluster's name",
    {},
    'global.kubeVip.vclusterName: expected the name of the vCluster\'s Helm release, but it is set nowhere: set it, or give this release that name with -kube-vip behind it; found "observed"',
    { release: "observed" },
  ],
];

describe.each(HELM_NAMES)("by %s", (helm) => {
  const refusals = REFUSALS.map(([what, values, sentence, more = {}]) => ({
    what,
    sentence,
    rendering: { values, ...more },
  }));
  it.each(refusals)("$what is refused in a sentence", ({ sentence, rendering }) => {
    const { status, stderr } = template({ helm, files: [PAGE], ...rendering });
    expect(stderr).toContain(sentence);
    expect(stderr.split("\n").filter((line) => line.startsWith("  "))).toHaveLength(1);
    expect(status).toBe(1);
  });

  it("everything that is missing is said at once", () => {
    const { stderr } = template({ helm, values: network({ bridge: "" }), kinds: [], release: "observed" });
    expect(stderr.match(/^ {2}\S+: expected /gm)).toHaveLength(7);
  });

  it("what is said under global.kubeVip instead is enough", () => {
    const said = own({ endpoint: "[fd00:100::64]:8443", interface: "net1", gateway: "fd00:100::1/64" });
    expect(template({ helm, values: said })).toMatchObject({ status: 0, stderr: "" });
  });

  it("vCluster's own kube-vip without the sidecar is a vcluster.yaml as it was written, and passes", () => {
    expect(template({ helm, files: [PAGE], values: block({ enabled: true }) }).status).toBe(0);
  });

  it("a misspelt key under global.kubeVip is refused by the schema", () => {
    const { status, stderr } = template({ helm, files: [PAGE], values: own({ leaseDuration: 15 }) });
    expect(stderr).toContain("leaseDuration");
    expect(status).toBe(1);
    expect(template({ helm, files: [PAGE], values: own({ podMonitor: { enabled: true } }) }).status).toBe(1);
  });

  it.each([
    ["an endpoint with a scheme", endpoint("https://10.100.0.100:8443"), "/controlPlane/endpoint"],
    ["a gateway that is a name", block({ gateway: "router" }), "/controlPlane/advanced/kubeVip/gateway"],
    ["a time out of its range", own({ leaseDurationSeconds: 600 }), "/global/kubeVip/leaseDurationSeconds"],
    ["our section without anything in it", { global: { kubeVip: null } }, "'/global': missing property 'kubeVip'"],
    ["a switch's section without anything in it", own({ podMonitor: null }), "missing property 'podMonitor'"],
    ["a fence level that is none", own({ fenceLevel: "iptables" }), "/global/kubeVip/fenceLevel"],
  ])("%s is refused by the schema, with its place", (_, values, place) => {
    const { status, stderr } = template({ helm, files: [PAGE], values });
    expect(stderr).toContain(place);
    expect(status).toBe(1);
  });

  it("every setting of the sidecar passes with its default, as a number and as a text, and empty", () => {
    const settings = ALL_SETTINGS.filter(({ keys }) => keys.some((key) => key.startsWith("global.kubeVip.")));
    const constant = settings.filter(({ defaultText = "<" }) => !defaultText.startsWith("<"));
    const numbers = constant.map(
      ({ name, defaultText = "" }) =>
        [name, Number.isNaN(Number(defaultText)) ? defaultText : Number(defaultText)] as const,
    );
    expect(numbers.length).toBeGreaterThan(10);
    for (const values of [
      numbers,
      constant.map(({ name, defaultText }) => [name, defaultText]),
      settings.map(({ name }) => [name, ""]),
      settings.map(({ name }) => [name, null]),
    ]) {
      expect(template({ helm, files: [PAGE], values: own(Object.fromEntries(values)) }).stderr).toBe("");
    }
  });

  it("keys without a value say nothing, and are missing where they are needed", () => {
    const empty = { controlPlane: { statefulSet: { annotations: null, sidecarContainers: null } } };
    expect(template({ helm, files: [PAGE], values: empty })).toMatchObject({ status: 0, stderr: "" });
    expect(template({ helm, files: [PAGE], values: { controlPlane: { endpoint: null } } }).stderr).toContain(
      "but it is set nowhere: set it, as in 10.100.0.100:8443",
    );
  });

  it("several addresses of the pages pass as a list", () => {
    const values = own({ httpAddresses: ["127.0.0.1", "10.64.1.2"] });
    expect(template({ helm, files: [PAGE], values }).stderr).toBe("");
  });
});
