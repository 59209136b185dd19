import { readFileSync } from "node:fs";
import { join } from "node:path";
import fc from "fast-check";
import { describe, expect, it, test, vi } from "vitest";
import { parse, stringify } from "yaml";
import { loadConfig } from "../config/load.ts";
import { SETTINGS } from "../config/settings.ts";
import { helmMerge, type Value } from "../testing/helm-merge.ts";
import { CAPABILITIES, MOUNTS, NAME, POD_FIELDS } from "./container.ts";
import { type OverlayFlags, readOptions } from "./options.ts";
import { makeOverlay } from "./overlay.ts";

// The properties take 1 s where nothing else runs.
vi.setConfig({ testTimeout: 60_000 });

const ROOT = join(import.meta.dirname, "../../../..");
const PAGE = readFileSync(join(ROOT, "test/fixtures/config/page.yaml"), "utf8");
const PUBLISHED = readFileSync(join(ROOT, "charts/vcluster-kube-vip/files/vip.yaml"), "utf8");

function overlay(texts: readonly string[], flags: OverlayFlags = {}): string {
  const reading = readOptions(flags);
  if (reading.t === "invalid") throw new Error(reading.sentences.join("\n"));
  const files = texts.map((text, index) => ({ name: `${index}.yaml`, text }));
  const made = makeOverlay(files, reading.options);
  if (made.t === "refused") throw new Error(made.problems.map(({ code }) => code).join());
  return made.text;
}

/** What Helm would install from the texts and the overlay over them. */
function installed(texts: readonly string[], flags?: OverlayFlags): Value {
  return [...texts, overlay(texts, flags)].map((text): Value => parse(text)).reduce(helmMerge);
}

const OWN = `controlPlane:
  statefulSet:
    sidecarContainers:
    # ships the log
    - name: logs  # small
      image: "busybox:1"
      args:
        - |
          tail -f /log

            # part of the text
        - 010
      # raised once

    # talks to nobody
    - {name: quiet, image: busybox}
`;

describe("the overlay of a correct vcluster.yaml", () => {
  it("is the published text (else: vcluster-kube-vip overlay -f test/fixtures/config/page.yaml)", () => {
    expect(overlay([PAGE])).toBe(PUBLISHED);
  });

  it("leaves what the user said, but for who serves the VIP and for the sidecar", () => {
    const user = parse(PAGE);
    const { sidecarContainers } = parse(PUBLISHED).controlPlane.statefulSet;
    user.controlPlane.advanced.kubeVip.enabled = false;
    user.controlPlane.statefulSet.sidecarContainers = sidecarContainers;
    expect(installed([PAGE.replace("enabled: false", "enabled: true")])).toEqual(user);
  });

  it("is served by the sidecar, which finds VIP, interface and gateway where the chart mounts them", () => {
    const text = stringify(installed([PAGE.replace("enabled: false", "enabled: true")]));
    const env = Object.fromEntries(Object.keys(POD_FIELDS).map((name) => [name, "a"]));
    const facts = { hostname: "a", bootId: "b" };
    const file = { name: "config.yaml", text };
    const result = loadConfig({ file, env: { ...env, POD_IP: "10.1.0.5" }, flags: {}, facts });
    expect(result.problems).toEqual([]);
    expect(result).toMatchObject({
      t: "valid",
      config: {
        vip: { address: "10.100.0.100", port: 8443, interfaceName: "net1" },
        kubeApi: { kubeconfigPath: `${MOUNTS.pki.mountPath}/admin.conf`, peersHost: "a-headless.a" },
        http: { addresses: ["127.0.0.1", "10.1.0.5"] },
      },
    });
    expect(SETTINGS.configFile.defaultText).toBe(`${MOUNTS.config.mountPath}/config.yaml`);
  });

  it("asks for two capabilities, no more, and for no probe", () => {
    const [container] = parse(PUBLISHED).controlPlane.statefulSet.sidecarContainers;
    expect(container.name).toBe(NAME);
    expect(container.securityContext).toEqual({
      runAsUser: 0,
      runAsGroup: 0,
      runAsNonRoot: false,
      allowPrivilegeEscalation: false,
      readOnlyRootFilesystem: true,
      capabilities: { drop: ["ALL"], add: [...CAPABILITIES] },
      seccompProfile: { type: "RuntimeDefault" },
    });
    expect(Object.keys(container).filter((key) => key.endsWith("Probe"))).toEqual([]);
  });

  it("tells the sidecar every fact of its pod that the settings know", () => {
    const variables = Object.values(SETTINGS).flatMap(({ env }) => env ?? []);
    const facts = variables.filter((name) => !name.startsWith("VCLUSTER_KUBE_VIP_"));
    // Of the pod's networks only doctor asks.
    expect(Object.keys(POD_FIELDS).toSorted()).toEqual([...facts, "NETWORK_STATUS"].toSorted());
  });
});

describe("somebody's own containers", () => {
  it("stay as they are written, comments included, before the sidecar", () => {
    const text = overlay([PAGE, OWN]);
    expect(text).toContain(`    sidecarContainers:
      # ships the log
      - name: logs  # small
        image: "busybox:1"
        args:
          - |
            tail -f /log

              # part of the text
          - 010
        # raised once
      # talks to nobody
      - {name: quiet, image: busybox}
      - name: vcluster-kube-vip
`);
  });

  it("stay though they are written with anchors, which a piece of the file would lose", () => {
    const anchored = `x: &env [{name: A, value: ""}, {name: B, value: "yes"}]
controlPlane: {statefulSet: {sidecarContainers: [{name: one, env: *env, args: [], securityContext: {}, stdin: true}]}}
`;
    const containers = parse(overlay([anchored])).controlPlane.statefulSet.sidecarContainers;
    const env = [
      { name: "A", value: "" },
      { name: "B", value: "yes" },
    ];
    expect(containers[0]).toEqual({ name: "one", env, args: [], securityContext: {}, stdin: true });
    expect(containers).toHaveLength(2);
  });

  it("are those of the last file that has any, as Helm takes them", () => {
    const later = "controlPlane: {statefulSet: {sidecarContainers: [{name: later}]}}\n";
    const names = parse(overlay([OWN, later])).controlPlane.statefulSet.sidecarContainers.map(
      ({ name }: { readonly name: string }) => name,
    );
    expect(names).toEqual(["later", NAME]);
  });

  it("lose an earlier container of the sidecar's name, which is written anew", () => {
    const old = `controlPlane: {statefulSet: {sidecarContainers: [{name: ${NAME}, image: old}]}}\n`;
    expect(overlay([PAGE, old])).toBe(PUBLISHED);
  });
});

describe("the networks annotation", () => {
  const misplaced = PAGE.replace("    pods:\n      annotations:\n        k8s", "    annotations:\n      k8s");
  it.each([
    ["is copied from the StatefulSet to the pods", misplaced, "vcluster-platform/private-vcluster"],
    [
      "is copied as JSON, too",
      misplaced.replace(/networks: .*/, `networks: '[{"name":"a","interface":"vip0"}]'`),
      '[{"name":"a","interface":"vip0"}]',
    ],
    ["is left alone where the pods have one of their own", `${PAGE}`, undefined],
  ])("%s", (_, text, copied) => {
    const { pods } = parse(overlay([text])).controlPlane.statefulSet;
    expect(pods?.annotations["k8s.v1.cni.cncf.io/networks"]).toBe(copied);
  });
});

describe("flags", () => {
  const flags = {
    image: "10.0.0.5:5000/team/vcluster-kube-vip:1",
    imagePullPolicy: "Always",
    imagePullSecret: ["mine", "b"],
    requests: "cpu=1,memory=1e8",
    limits: "",
  };

  it("set image, pull policy and resources, as texts where YAML would see numbers", () => {
    const { controlPlane } = parse(overlay([PAGE], flags));
    expect(controlPlane.statefulSet.sidecarContainers[0]).toMatchObject({
      image: flags.image,
      imagePullPolicy: "Always",
      resources: { requests: { cpu: "1", memory: "1e8" } },
    });
    expect(controlPlane.statefulSet.sidecarContainers[0].resources.limits).toBeUndefined();
  });

  it("add pull secrets to those of the control plane's service account, each once", () => {
    const own = "controlPlane: {advanced: {serviceAccount: {imagePullSecrets: [{name: a}, {name: b}]}}}\n";
    const secrets = parse(overlay([own], flags)).controlPlane.advanced.serviceAccount.imagePullSecrets;
    expect(secrets).toEqual([{ name: "a" }, { name: "mine" }, { name: "b" }]);
    expect(parse(overlay([own])).controlPlane.advanced.serviceAccount).toBeUndefined();
  });

  it.each<[OverlayFlags, RegExp]>([
    [{ image: "my image" }, /^--image: expected an image, as in .*; found "my image": correct it$/],
    [{ image: "" }, /^--image: expected/],
    [{ imagePullSecret: ["A_b"] }, /^--image-pull-secret: expected a Secret's name; found "A_b"/],
    [{ requests: "cpu" }, /^--requests: expected amounts, as in .*; found "cpu=?"/],
    [{ limits: "memory=many" }, /^--limits: expected amounts.*found "memory=many"/],
    [{ limits: "memory=1Mi,memory=2Mi" }, /^--limits: expected amounts.*once for each/],
  ])("that make no sense (%j) are answered in a sentence", (wrong, sentence) => {
    const reading = readOptions(wrong);
    expect(reading.t === "invalid" && reading.sentences).toEqual([expect.stringMatching(sentence)]);
  });
});

describe("what cannot be joined is refused", () => {
  it.each([
    ["no YAML", "a: [\n", "YAML_SYNTAX"],
    ["two documents", "a: 1\n---\nb: 2\n", "YAML_SYNTAX"],
    ["a list", "- a\n", "WRONG_TYPE"],
    ["a word", "hello\n", "WRONG_TYPE"],
    ["bytes", "a\u0000b\n", "FILE_NOT_TEXT"],
    ["containers by name", "controlPlane: {statefulSet: {sidecarContainers: {a: {}}}}\n", "WRONG_TYPE"],
    ["a control plane in one word", "controlPlane: ha\n", "WRONG_TYPE"],
    ["annotations in a list", "controlPlane: {statefulSet: {pods: {annotations: [a]}}}\n", "WRONG_TYPE"],
    ["a block in one word", "controlPlane: {advanced: {kubeVip: true}}\n", "WRONG_TYPE"],
  ])("%s", (_, text, code) => {
    expect(() => overlay([PAGE, text])).toThrow(new Error(code));
  });
});

/** With quotes around what YAML 1.1 would not take for a text. */
const AS_HELM_READS = { version: "1.1", aliasDuplicateObjects: false } as const;

/** Anything, but where the overlay writes it must be what the chart's schema takes there. */
const values = fc.letrec<{ any: unknown }>((tie) => ({
  any: fc.oneof(
    { depthSize: "small" },
    fc.constantFrom<unknown>("", "yes", "null", "010", "a: b", "# no", "é\n\tx ", "1e3", true, null, 8443, 0.5),
    fc.string(),
    fc.array(tie("any"), { maxLength: 3 }),
    fc.dictionary(fc.constantFrom("name", "image", "a b", "yes", "0", "#", "k:"), tie("any"), { maxKeys: 3 }),
  ),
})).any;
const maps = fc.dictionary(fc.constantFrom("a", "b", "c"), values, { maxKeys: 3 });
const containers = fc.array(
  fc.record({ name: fc.constantFrom("one", "two", NAME), env: values, args: values }, { requiredKeys: ["name"] }),
  { maxLength: 3 },
);
const documents = fc.record(
  {
    privateNodes: maps,
    controlPlane: fc.record(
      {
        endpoint: fc.string(),
        advanced: fc.record({ kubeVip: maps, serviceAccount: maps }, { requiredKeys: [] }),
        statefulSet: fc.record({ labels: maps, sidecarContainers: containers, pods: fc.record({ labels: maps }) }),
      },
      { requiredKeys: [] },
    ),
  },
  { requiredKeys: [] },
);

test("Helm's merge of any file with its overlay differs from the file only in the places named", () => {
  fc.assert(
    fc.property(documents, fc.constantFrom(2, 4), fc.boolean(), (document, indent, indentSeq) => {
      const text = stringify(document, { indent, indentSeq, ...AS_HELM_READS });
      const user = parse(text);
      const sidecars = user.controlPlane?.statefulSet?.sidecarContainers ?? [];
      const own = sidecars.filter(({ name }: { readonly name: string }) => name !== NAME);
      const named = {
        controlPlane: {
          advanced: { kubeVip: { enabled: false } },
          statefulSet: { sidecarContainers: [...own, ...parse(PUBLISHED).controlPlane.statefulSet.sidecarContainers] },
        },
      };
      expect(installed([text])).toEqual(helmMerge(user, named));
    }),
  );
});

test("an overlay over the file and its overlay is the same again", () => {
  const misplaced = "controlPlane: {statefulSet: {annotations: {k8s.v1.cni.cncf.io/networks: 'a/b,c'}}}\n";
  for (const texts of [[PAGE], [PAGE, OWN], [misplaced, OWN]])
    for (const flags of [{}, { imagePullSecret: ["a"], limits: "cpu=1" }])
      expect(overlay([...texts, overlay(texts, flags)], flags)).toBe(overlay(texts, flags));
  fc.assert(
    fc.property(documents, (document) => {
      const text = stringify(document, AS_HELM_READS);
      expect(overlay([text, overlay([text])])).toBe(overlay([text]));
    }),
  );
});
