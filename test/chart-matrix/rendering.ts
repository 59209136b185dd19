/**
 * Renders vCluster's chart with real helm 3 and 4, from somebody's values with our overlay over them, and says what came
 * out of each. What is right is rendered-pod.ts's matter.
 */
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { lint } from "../../packages/sidecar/src/lint/lint.ts";
import { NAME } from "../../packages/sidecar/src/overlay/container.ts";
import { type OverlayFlags, readOptions } from "../../packages/sidecar/src/overlay/options.ts";
import { makeOverlay } from "../../packages/sidecar/src/overlay/overlay.ts";
import { attempt } from "../bed/command.ts";
import { HOST_NAMESPACE, RELEASE } from "../bed/release.ts";
import type { Helms } from "../bed/tools.ts";
import { type Kind, objectionsTo, readObjects } from "./rendered-pod.ts";

export interface Row {
  readonly chart: string;
  readonly helm: string;
  readonly name: string;
  readonly outcome: string;
  /** Sentences; empty: as it should be. */
  readonly objections: readonly string[];
}

interface Case {
  readonly name: string;
  readonly kind: Kind;
  readonly values: string;
  readonly flags: OverlayFlags;
  readonly own: readonly string[];
  readonly networks: string;
}

const NETWORKS = "vcluster-platform/private-vcluster";

/** The documented block as its page has it: enabled, and with the annotation on the wrong object. */
function page(rest: string): string {
  return `privateNodes:
  enabled: true
networking:
  podCIDR: 10.64.0.0/16
  serviceCIDR: 10.128.0.0/16
controlPlane:
  endpoint: 10.100.0.100:8443
  advanced:
    kubeVip: {enabled: true, interface: net1, gateway: 10.100.0.1/24}
  statefulSet:
    annotations:
      k8s.v1.cni.cncf.io/networks: ${NETWORKS}
    highAvailability: {replicas: 3}
${rest}`;
}

const EMBEDDED = "  backingStore: {etcd: {embedded: {enabled: true}}}\n";
const ROOTLESS = `    security:
      podSecurityContext: {fsGroup: 12345, runAsNonRoot: true}
      containerSecurityContext: {runAsUser: 12345, runAsNonRoot: true, allowPrivilegeEscalation: false}
`;
const OWN = `    # ours
    sidecarContainers:
      - name: logs # shipped
        image: busybox
`;

const PLAIN = { flags: {}, own: [], networks: NETWORKS };
const CASES: readonly Case[] = [
  { ...PLAIN, name: "embedded etcd", kind: "StatefulSet", values: page(EMBEDDED) },
  {
    ...PLAIN,
    name: "deployed etcd",
    kind: "Deployment",
    values: page("  backingStore: {etcd: {deploy: {enabled: true}}}\n"),
  },
  {
    name: "rootless, own sidecar",
    kind: "StatefulSet",
    values: page(`${OWN}${ROOTLESS}${EMBEDDED}`),
    flags: { image: "10.0.0.5:5000/kube-vip:1", imagePullSecret: ["pull"], limits: "cpu=1,memory=128Mi" },
    own: ["logs"],
    networks: NETWORKS,
  },
];

/** What the chart of a clone calls itself: its releases get their version from the tag. */
const UNRELEASED = "0.0.1";

/** @param folder of the chart */
export async function renderAll(folder: string, chart: string, helms: Helms): Promise<readonly Row[]> {
  const rows: Row[] = [];
  for (const [helm, program] of Object.entries(helms))
    for (const wanted of CASES)
      rows.push({ chart, helm, name: wanted.name, ...(await judge(folder, chart, program, wanted)) });
  return rows;
}

async function judge(folder: string, chart: string, program: string, wanted: Case) {
  const overlay = overlayOf(wanted);
  const { status, stdout, stderr } = await render(folder, program, [wanted.values, overlay]);
  const chartVersion = chart === UNRELEASED ? undefined : chart;
  const { findings } = lint([{ name: "vcluster.yaml", text: wanted.values }], { chartVersion });
  const isTooOld = findings.some(({ code }) => code === "CHART_TOO_OLD");
  if (status !== 0) {
    const isForeseen = isTooOld && stderr.includes("sidecarContainers");
    return { outcome: "refused by helm and lint", objections: isForeseen ? [] : [`helm refused it: ${stderr}`] };
  }
  const { kind, own, flags, networks } = wanted;
  const objections = objectionsTo(readObjects(stdout), {
    kind,
    containers: ["syncer", ...own, NAME],
    networks,
    pullSecrets: flags.imagePullSecret ?? [],
    overlay,
  });
  return { outcome: kind, objections: isTooOld ? [...objections, "lint says that helm refuses it"] : objections };
}

function overlayOf({ values, flags }: Case): string {
  const reading = readOptions(flags);
  const files = [{ name: "vcluster.yaml", text: values }];
  const overlay = reading.t === "valid" ? makeOverlay(files, reading.options) : reading;
  if (overlay.t !== "made") throw new Error(`no overlay for ${values}`);
  return overlay.text;
}

const RENDER_TIMEOUT_MS = 120_000;

/** Equivalent to: helm template RELEASE CHART -n NAMESPACE -f … -f … */
export async function render(folder: string, program: string, texts: readonly string[]) {
  const work = mkdtempSync(join(tmpdir(), "chart-matrix-"));
  try {
    const files = texts.map((text, index) => {
      const file = join(work, `${index}.yaml`);
      writeFileSync(file, text);
      return file;
    });
    const argv = [program, "template", RELEASE, folder, "--namespace", HOST_NAMESPACE, "--kube-version", "1.34.4"];
    // Nothing of the person's own Helm: no plugins, no repositories.
    const env = { ...process.env, HELM_CONFIG_HOME: work, HELM_DATA_HOME: work, HELM_CACHE_HOME: work };
    return await attempt([...argv, ...files.flatMap((file) => ["-f", file])], { env, timeoutMs: RENDER_TIMEOUT_MS });
  } finally {
    rmSync(work, { recursive: true });
  }
}
