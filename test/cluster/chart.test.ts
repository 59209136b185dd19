/** The chart's life on a real API server, by both helms: refused, installed, upgraded, rolled back, removed. */
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { stringify } from "yaml";
import { Pod } from "../bed/pod.ts";
import { RealApi } from "../bed/real-api.ts";
import { podName } from "../bed/release.ts";
import { Segment } from "../bed/segment.ts";
import { ensureHelms } from "../bed/tools.ts";

const CHART = join(import.meta.dirname, "../../charts/vcluster-kube-vip");
/** Everything set that version 0.1.0 knows. */
const VALUES = join(import.meta.dirname, "../fixtures/chart/values-0.1.0.yaml");

/** Of the kinds that Multus and the Prometheus operator bring, without their schemas: only that the server knows them. */
const CRDS = [
  ["k8s.cni.cncf.io", "NetworkAttachmentDefinition", "network-attachment-definitions"],
  ["monitoring.coreos.com", "PodMonitor", "podmonitors"],
  ["monitoring.coreos.com", "PrometheusRule", "prometheusrules"],
].map(([group, kind, plural]) => ({
  apiVersion: "apiextensions.k8s.io/v1",
  kind: "CustomResourceDefinition",
  metadata: { name: `${plural}.${group}` },
  spec: {
    group,
    scope: "Namespaced",
    names: { kind, plural, singular: kind?.toLowerCase() },
    versions: [
      {
        name: "v1",
        served: true,
        storage: true,
        schema: { openAPIV3Schema: { type: "object", "x-kubernetes-preserve-unknown-fields": true } },
      },
    ],
  },
}));

let segment: Segment;
let pod: Pod;
let api: RealApi;
const helms = await ensureHelms();

beforeAll(async () => {
  segment = await Segment.create({ podNetwork: "10.64" });
  pod = await Pod.create(segment, { name: podName(0) });
  api = await RealApi.start(segment, [pod]);
  await kubectl(["create", "namespace", "vcluster-platform"]);
});

afterAll(async () => {
  await api.close();
  await pod.close();
  await segment.close();
});

async function kubectl(argv: readonly string[]): Promise<string> {
  return await api.replica(pod.name).kubectl(argv);
}

describe.each(["helm3", "helm4"] as const)("by %s", (helm) => {
  const namespace = `by-${helm}`;
  const run = async (argv: readonly string[]) => {
    const { kubeconfig } = api.replica(pod.name);
    return await pod.namespace.exec([helms[helm], "--kubeconfig", kubeconfig, "--namespace", namespace, ...argv]);
  };
  const upgrade = async (...more: readonly string[]) =>
    await run(["upgrade", "--install", "--create-namespace", "my-vc-kube-vip", CHART, "-f", VALUES, ...more]);
  const made = async () => {
    const kinds = "podmonitors,prometheusrules,networkpolicies";
    const names = await kubectl(["get", kinds, "-n", namespace, "-o", "name"]);
    return names.split("\n").filter((name) => name !== "");
  };

  test("it is refused before anything is made where the cluster lacks the kinds", async () => {
    await kubectl(["delete", "customresourcedefinitions", "--all"]);
    await expect(upgrade()).rejects.toThrow("expected a cluster that has monitoring.coreos.com/v1/PodMonitor");
    expect(await kubectl(["get", "secrets", "-n", namespace, "-l", "owner=helm", "-o", "name"])).toBe("");
  });

  test("it is installed where the cluster has them", async () => {
    const file = join(api.replica(pod.name).dataFolder, "crds.yaml");
    writeFileSync(file, CRDS.map((crd) => stringify(crd)).join("---\n"));
    await kubectl(["apply", "-f", file]);
    await kubectl(["wait", "--for=condition=Established", "customresourcedefinitions", "--all"]);
    expect(await upgrade()).toContain("For the virtual cluster my-vc, whose VIP is 10.100.0.100:8443 on net1");
    expect(await made()).toHaveLength(3);
    const network = ["get", "network-attachment-definitions", "-n", "vcluster-platform", "-o", "name"];
    expect(await kubectl(network)).toContain("private-vcluster");
  });

  test("an upgrade changes and removes what it is told, and a rollback brings it back", async () => {
    await upgrade("--set", "global.kubeVip.podMonitor.create=false,global.kubeVip.httpPort=2114");
    expect(await made()).toHaveLength(2);
    const port = [
      "get",
      "networkpolicy",
      "-n",
      namespace,
      "my-vc-kube-vip",
      "-o",
      "jsonpath={.spec.ingress[2].ports[0].port}",
    ];
    expect(await kubectl(port)).toBe("2114");
    await run(["rollback", "my-vc-kube-vip", "1"]);
    expect(await made()).toHaveLength(3);
    expect(await kubectl(port)).toBe("2113");
  });

  test("it leaves nothing behind", async () => {
    await run(["uninstall", "my-vc-kube-vip"]);
    expect(await made()).toEqual([]);
    expect(await kubectl(["get", "network-attachment-definitions", "-A", "-o", "name"])).toBe("");
  });
});
