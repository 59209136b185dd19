/** The chart takes the files that people have: their vcluster.yaml, the overlay's, and those of earlier versions. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { parse } from "yaml";
import { CHART, HELM_NAMES, notes, objects, PAGE, ROOT, template } from "./chart.ts";

const OVERLAY = join(CHART, "files/vip.yaml");
/** Everything that version 0.1.0 knows, each set to something. */
const FIRST = join(ROOT, "test/fixtures/chart/values-0.1.0.yaml");
/** A whole vcluster.yaml as vCluster mounts it, with everything in it that is not ours. */
const MOUNTED = join(ROOT, "test/fixtures/config/pod.yaml");

describe.each(HELM_NAMES)("by %s", (helm) => {
  it.each([
    ["the documented vcluster.yaml", [PAGE]],
    ["the same with the overlay behind it", [PAGE, OVERLAY]],
    ["a whole vcluster.yaml with vCluster's other values", [MOUNTED]],
  ])("%s passes as it is", (_, files) => {
    expect(template({ helm, files })).toMatchObject({ status: 0, stderr: "" });
  });

  it("the example of the chart's README makes what it says", () => {
    const [, yaml = ""] = /```yaml\n([\s\S]*?)```/.exec(readFileSync(join(CHART, "README.md"), "utf8")) ?? [];
    const made = objects({ helm, files: [PAGE], values: parse(yaml) as object });
    expect([...made.keys()].toSorted()).toEqual([
      "ConfigMap",
      "NetworkAttachmentDefinition",
      "PodMonitor",
      "PrometheusRule",
    ]);
  });

  it("two owners are told where the overlay comes before the file that it is to correct", () => {
    const asWritten = { controlPlane: { advanced: { kubeVip: { enabled: true } } } };
    expect(template({ helm, files: [PAGE, OVERLAY], values: asWritten }).stderr).toContain("two owners");
  });

  // There is no earlier package to upgrade from. When there is one, its values file is added here.
  it("values written for the first version, 0.1.0, stay valid and make everything that they made", () => {
    const upgrade = { helm, files: [FIRST], flags: ["--is-upgrade"] };
    expect([...objects(upgrade).keys()].toSorted()).toEqual([
      "ConfigMap",
      "NetworkAttachmentDefinition",
      "NetworkPolicy",
      "PodMonitor",
      "PrometheusRule",
    ]);
  });

  it("an upgrade changes nothing in an object's selector or name, which Kubernetes would refuse or lose", () => {
    const names = (flags: readonly string[]) =>
      [...objects({ helm, files: [FIRST], flags }).values()].map(({ kind, metadata }) => `${kind} ${metadata.name}`);
    expect(names(["--is-upgrade"])).toEqual(names([]));
    expect(names([])).toContain("PodMonitor my-vc-kube-vip");
  });

  it("its notes say what was made, what comes next and how to look at it", () => {
    const text = notes({
      helm,
      files: [PAGE],
      values: { global: { kubeVip: { dashboard: { create: true }, httpPort: 2113 } } },
    });
    expect(text).toContain("For the virtual cluster my-vc, whose VIP is 10.100.0.100:8443 on net1:");
    expect(text).toContain("made: dashboard");
    expect(text).toContain("vcluster-kube-vip overlay -f vcluster.yaml > vip.yaml");
    expect(text).toContain("-n team-x -f vcluster.yaml -f vip.yaml");
    expect(text).toContain("http://127.0.0.1:2113/status");
    expect(text).not.toContain("Nothing attaches");
  });

  it("its notes say that nothing was asked for, that nothing attaches the pods, and that another network was made", () => {
    const key = "k8s.v1.cni.cncf.io/networks";
    const annotations = (text: string) => ({ statefulSet: { pods: { annotations: { [key]: text } } } });
    expect(notes({ helm, files: [PAGE] })).toContain("made: nothing yet. Set global.kubeVip.<what>.create");
    expect(notes({ helm, files: [PAGE], values: { controlPlane: annotations("") } })).toContain(
      "Nothing attaches net1",
    );
    const network = { networkAttachmentDefinition: { create: true, bridge: "br-private", name: "mine" } };
    expect(notes({ helm, files: [PAGE], values: { global: { kubeVip: network } } })).toContain(
      "attached to vcluster-platform/private-vcluster, which is not the network made here\n(vcluster-platform/mine)",
    );
  });
});

it("the chart's version is the project's", () => {
  const chart = readFileSync(join(CHART, "Chart.yaml"), "utf8");
  const { version } = JSON.parse(readFileSync(join(ROOT, "package.json"), "utf8")) as { version: string };
  expect(chart).toContain(`\nversion: ${version}\n`);
  expect(chart).toContain(`\nappVersion: ${version}\n`);
});
