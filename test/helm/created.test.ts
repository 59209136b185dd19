/** What the chart creates when it is asked to, object by object, by both helms. */
import { describe, expect, it } from "vitest";
import { HELM_NAMES, lintChart, objects, PAGE, type Rendered, type Rendering, template } from "./chart.ts";

const OPT_INS = {
  networkAttachmentDefinition: { create: true, bridge: "br-private" },
  podMonitor: { create: true, interval: "15s", labels: { team: "x" } },
  prometheusRule: { create: true, labels: { team: "x" } },
  dashboard: { create: true },
  networkPolicy: { create: true },
} as const;

const NONE: object = {};

function own(kubeVip: object) {
  return { global: { kubeVip } };
}

/** Required by the CustomResourceDefinitions of Multus 4 and the Prometheus operator 0.80, and by Kubernetes 1.34. */
const REQUIRED: Readonly<Record<string, { readonly apiVersion: string; readonly has: (object: Rendered) => unknown }>> =
  {
    NetworkAttachmentDefinition: {
      apiVersion: "k8s.cni.cncf.io/v1",
      has: ({ spec }) => JSON.parse((spec as { config: string }).config),
    },
    PodMonitor: {
      apiVersion: "monitoring.coreos.com/v1",
      has: ({ spec }) => (spec as { selector?: object; podMetricsEndpoints?: object[] }).selector,
    },
    PrometheusRule: {
      apiVersion: "monitoring.coreos.com/v1",
      has: ({ spec }) => (spec as { groups: { name: string; rules: object[] }[] }).groups[0]?.rules,
    },
    NetworkPolicy: {
      apiVersion: "networking.k8s.io/v1",
      has: ({ spec }) => (spec as { podSelector?: object }).podSelector,
    },
    ConfigMap: { apiVersion: "v1", has: ({ data }) => data },
  };

describe.each(HELM_NAMES)("by %s", (helm) => {
  const render = (values: object, more: Partial<Rendering> = {}) => objects({ helm, files: [PAGE], values, ...more });

  it("nothing is made of the documented vcluster.yaml alone", () => {
    expect(template({ helm, files: [PAGE] })).toMatchObject({ status: 0, stdout: expect.stringMatching(/^\s*$/) });
  });

  it.each(Object.entries(OPT_INS))("%s makes one object, and no other", (name, section) => {
    expect([...render(own({ [name]: section })).keys()]).toHaveLength(1);
  });

  it("every object has its API's version and required fields, our labels, and a place", () => {
    const all = render(own(OPT_INS));
    expect([...all.keys()].toSorted()).toEqual(Object.keys(REQUIRED).toSorted());
    for (const [kind, object] of all) {
      expect(object.apiVersion).toBe(REQUIRED[kind]?.apiVersion);
      expect(REQUIRED[kind]?.has(object)).toBeTruthy();
      expect(object.metadata.labels).toMatchObject({
        "app.kubernetes.io/name": "vcluster-kube-vip",
        "app.kubernetes.io/instance": "my-vc-kube-vip",
        "app.kubernetes.io/managed-by": "Helm",
      });
      expect(object.metadata.namespace).toBe(kind === "NetworkAttachmentDefinition" ? "vcluster-platform" : "team-x");
    }
  });

  it("passes helm lint --strict, as it is and with everything asked for", () => {
    expect(lintChart({ helm, files: [PAGE], values: NONE }).status).toBe(0);
    const { status, stdout } = lintChart({ helm, files: [PAGE], values: own(OPT_INS) });
    expect(`${status} ${stdout}`).not.toContain("[ERROR]");
    expect(status).toBe(0);
  });

  it("lints with its default values, which only lack what no default can say", () => {
    expect(lintChart({ helm }).status).toBe(0);
  });
});

describe.each(HELM_NAMES)("the NetworkAttachmentDefinition, by %s", (helm) => {
  function network(section: object, annotations?: object) {
    const pods = annotations === undefined ? {} : { controlPlane: { statefulSet: annotations } };
    const values = {
      ...pods,
      ...own({ networkAttachmentDefinition: { ...OPT_INS.networkAttachmentDefinition, ...section } }),
    };
    const { metadata, spec } = objects({ helm, files: [PAGE], values }).get("NetworkAttachmentDefinition") as Rendered;
    return {
      name: `${metadata.namespace}/${metadata.name}`,
      config: JSON.parse((spec as { config: string }).config) as unknown,
    };
  }
  const key = "k8s.v1.cni.cncf.io/networks";
  const bridge = { cniVersion: "0.3.1", type: "bridge", bridge: "br-private" };

  it("is the documented one, by the name in the pods' annotation", () => {
    expect(network({})).toEqual({ name: "vcluster-platform/private-vcluster", config: bridge });
  });

  it.each([
    [
      "in the release's namespace where the annotation has none",
      { pods: { annotations: { [key]: "private" } } },
      "team-x/private",
    ],
    [
      "the first of several, without its interface's name",
      { pods: { annotations: { [key]: "a/b@net7, c/d" } } },
      "a/b",
    ],
    [
      "by the misplaced annotation, which the overlay copies",
      { pods: { annotations: { [key]: "" } }, annotations: { [key]: "e/f" } },
      "e/f",
    ],
  ])("is %s", (_, statefulSet, name) => {
    expect(network({}, statefulSet).name).toBe(name);
  });

  it("has the name, namespace, VLAN and MTU that it is given", () => {
    expect(network({ name: "lan", namespace: "ns", vlan: 7, mtu: 9000 })).toEqual({
      name: "ns/lan",
      config: { ...bridge, vlan: 7, mtu: 9000 },
    });
  });
});

describe.each(HELM_NAMES)("what watches, by %s", (helm) => {
  const spec = (kind: string, values: object, release?: string) =>
    objects({ helm, files: [PAGE], values, ...(release === undefined ? {} : { release }) }).get(kind) as Rendered;

  it("the PodMonitor scrapes httpPort of the sidecars, of this virtual cluster's pods only", () => {
    const { metadata, ...monitor } = spec("PodMonitor", own({ podMonitor: OPT_INS.podMonitor, httpPort: 2113 }));
    expect(metadata.labels["team"]).toBe("x");
    expect(monitor.spec).toMatchObject({
      selector: { matchLabels: { app: "vcluster", release: "my-vc" } },
      podTargetLabels: ["release"],
      podMetricsEndpoints: [
        {
          path: "/metrics",
          interval: "15s",
          relabelings: [
            { sourceLabels: ["__meta_kubernetes_pod_container_name"], action: "keep", regex: "vcluster-kube-vip" },
            { regex: "([^:]+)", targetLabel: "__address__", replacement: "$1:2113" },
            { regex: "(.*:.*)", targetLabel: "__address__", replacement: "[$1]:2113" },
          ],
        },
      ],
    });
  });

  it("the virtual cluster is named by vclusterName whatever the release is called", () => {
    const monitor = spec("PodMonitor", own({ podMonitor: { create: true }, vclusterName: "other" }), "observed");
    expect(monitor.spec).toMatchObject({ selector: { matchLabels: { release: "other" } } });
    expect(monitor.metadata.name).toBe("other-kube-vip");
  });

  it("the dashboard is the file, with the label that Grafana's sidecar looks for", () => {
    const { metadata, data } = spec("ConfigMap", own({ dashboard: OPT_INS.dashboard }));
    expect(metadata.labels["grafana_dashboard"]).toBe("1");
    expect(JSON.parse(data?.["vcluster-kube-vip.json"] ?? "")).toMatchObject({ uid: "vcluster-kube-vip" });
  });
});

describe.each(HELM_NAMES)("the NetworkPolicy, by %s", (helm) => {
  const replicas = { matchLabels: { app: "vcluster", release: "my-vc" } };
  const policy = (section: object) =>
    objects({ helm, files: [PAGE], values: own({ networkPolicy: { create: true, ...section } }) }).get("NetworkPolicy")
      ?.spec;

  it("leaves open the listener to all, everything between the replicas, and the pages; nothing is said of egress", () => {
    expect(policy({})).toEqual({
      podSelector: replicas,
      policyTypes: ["Ingress"],
      ingress: [
        { ports: [{ port: 8443, protocol: "TCP" }] },
        { from: [{ podSelector: replicas }] },
        { from: [{ namespaceSelector: {} }], ports: [{ port: 2112, protocol: "TCP" }] },
      ],
    });
  });

  it("closes the pages to all but whom it is told, and opens what it is told", () => {
    const monitoring = { namespaceSelector: { matchLabels: { "kubernetes.io/metadata.name": "monitoring" } } };
    const extra = { ports: [{ port: 1053, protocol: "UDP" }] };
    const { ingress } = policy({ metricsFrom: [monitoring], extraIngress: [extra] }) as { ingress: object[] };
    expect(ingress.slice(2)).toEqual([{ from: [monitoring], ports: [{ port: 2112, protocol: "TCP" }] }, extra]);
    expect((policy({ metricsFrom: [] }) as { ingress: object[] }).ingress).toHaveLength(2);
  });
});
