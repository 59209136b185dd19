import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { NAME } from "../packages/sidecar/src/overlay/container.ts";
import { PUBLISHED_OVERLAY, readFixture } from "./chart-matrix/fixture.ts";
import { objectionsToPod, type Workload } from "./chart-matrix/rendered-pod.ts";

const EXPECTED = {
  kind: "StatefulSet",
  containers: ["syncer", NAME],
  networks: "vcluster-platform/private-vcluster",
  pullSecrets: [],
  overlay: readFileSync(PUBLISHED_OVERLAY, "utf8"),
} as const;

function objectionsTo(workload: Workload) {
  return objectionsToPod(workload, EXPECTED);
}

describe("the pod that helm renders", () => {
  it("has the published overlay's container, its volumes and its annotation (else: pnpm chart:matrix --fixture)", () => {
    expect(objectionsTo(readFixture())).toEqual([]);
  });

  it.each<[string, RegExp, (pod: Workload["spec"]["template"]) => object]>([
    [
      "another image",
      /^our container: /,
      (pod) => ({ spec: { ...pod.spec, containers: changed(pod, NAME, { image: "x" }) } }),
    ],
    [
      "a syncer with capabilities",
      /^capabilities of the syncer: /,
      (pod) => ({
        spec: {
          ...pod.spec,
          containers: changed(pod, "syncer", { securityContext: { capabilities: { add: ["NET_RAW"] } } }),
        },
      }),
    ],
    [
      "no Secret with the values",
      /^volumes that are missing: .*vcluster-config/,
      (pod) => ({
        spec: { ...pod.spec, volumes: pod.spec.volumes.filter(({ name }) => name !== "vcluster-config") },
      }),
    ],
    ["no network", /^networks of the pod: /, (pod) => ({ metadata: { ...pod.metadata, annotations: {} } })],
    ["no release", /^label release: /, (pod) => ({ metadata: { ...pod.metadata, labels: {} } })],
  ])("is objected to with %s", (_, sentence, change) => {
    const workload = readFixture();
    const template = { ...workload.spec.template, ...change(workload.spec.template) };
    const said = objectionsTo({ ...workload, spec: { ...workload.spec, template } });
    expect(said[0]).toMatch(sentence);
  });
});

function changed({ spec }: Workload["spec"]["template"], name: string, by: object) {
  return spec.containers.map((container) => (container.name === name ? { ...container, ...by } : container));
}
