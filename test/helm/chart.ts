/** Renders charts/vcluster-kube-vip with one of the two helms, as a person would on the command line. Judges nothing. */
import { spawnSync } from "node:child_process";
import { cpSync, mkdtempSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parse, parseAllDocuments, stringify } from "yaml";
import { ensureHelms, type Helms } from "../bed/tools.ts";

export const ROOT = join(import.meta.dirname, "../..");
export const CHART = join(ROOT, "charts/vcluster-kube-vip");
/** The documented example, as it is given to vCluster's chart. */
export const PAGE = join(ROOT, "test/fixtures/config/page.yaml");

const HELMS = await ensureHelms();

/** What a cluster says that it has, in the form of --api-versions. */
export const KINDS = {
  network: "k8s.cni.cncf.io/v1/NetworkAttachmentDefinition",
  podMonitor: "monitoring.coreos.com/v1/PodMonitor",
  prometheusRule: "monitoring.coreos.com/v1/PrometheusRule",
} as const;

export type HelmName = keyof Helms;
export const HELM_NAMES: readonly HelmName[] = ["helm3", "helm4"];

/** Rendering takes 50 ms; a machine that is busy elsewhere may need seconds. */
const HELM_MAX_MS = 30_000;

export interface Rendering {
  readonly helm: HelmName;
  /** Its folder, where it is not ours. */
  readonly chart?: string;
  readonly release?: string;
  /** Paths of values files, before `values`. */
  readonly files?: readonly string[];
  /** The last values file's content. */
  readonly values?: object;
  readonly kinds?: readonly string[];
  readonly flags?: readonly string[];
}

export interface Ended {
  readonly status: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

export function template(rendering: Rendering): Ended {
  const { release = "my-vc-kube-vip", kinds = Object.values(KINDS), chart = CHART } = rendering;
  const versions = kinds.flatMap((kind) => ["--api-versions", kind]);
  return withValues(rendering, (files) => ["template", release, chart, "--namespace", "team-x", ...versions, ...files]);
}

/** What `helm install` would print in the end, which wants a cluster: the same text, rendered as a ConfigMap's. */
export function notes(rendering: Rendering): string {
  const folder = mkdtempSync(join(tmpdir(), "helm-notes-"));
  try {
    cpSync(CHART, folder, { recursive: true });
    renameSync(join(folder, "templates/NOTES.txt"), join(folder, "notes.tpl"));
    const configMap = '{kind: ConfigMap, data: {notes: {{ tpl (.Files.Get "notes.tpl") . | toJson }}}}';
    writeFileSync(join(folder, "templates/notes.yaml"), configMap);
    const { status, stdout, stderr } = template({ ...rendering, chart: folder, flags: ["-s", "templates/notes.yaml"] });
    if (status !== 0) throw new Error(stderr);
    return (parse(stdout) as Rendered).data?.["notes"] ?? "";
  } finally {
    rmSync(folder, { recursive: true });
  }
}

export function lintChart(rendering: Rendering): Ended {
  return withValues(rendering, (files) => ["lint", "--strict", CHART, ...files]);
}

/** The objects that come out, by kind; throws with helm's words where it refuses. */
export function objects(rendering: Rendering): ReadonlyMap<string, Rendered> {
  const { status, stdout, stderr } = template(rendering);
  if (status !== 0) throw new Error(stderr);
  const rendered = parseAllDocuments(stdout)
    .map((document) => document.toJSON() as Rendered | null)
    .filter((object) => object !== null);
  return new Map(rendered.map((object) => [object.kind, object]));
}

export interface Rendered {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: {
    readonly name: string;
    readonly namespace: string;
    readonly labels: Readonly<Record<string, string>>;
  };
  readonly spec?: unknown;
  readonly data?: Readonly<Record<string, string>>;
}

function withValues(
  { helm, files = [], values, flags = [] }: Rendering,
  argvOf: (files: readonly string[]) => readonly string[],
) {
  const folder = mkdtempSync(join(tmpdir(), "helm-values-"));
  try {
    const own = join(folder, "values.yaml");
    writeFileSync(own, stringify(values ?? {}));
    const argv = argvOf([...files, own].flatMap((file) => ["-f", file]));
    // Without a kubeconfig: nothing here may ask a cluster.
    const env = { ...process.env, KUBECONFIG: join(folder, "none"), HOME: folder };
    const { status, stdout, stderr } = spawnSync(HELMS[helm], [...argv, ...flags], {
      encoding: "utf8",
      timeout: HELM_MAX_MS,
      env,
    });
    return { status, stdout, stderr };
  } finally {
    rmSync(folder, { recursive: true });
  }
}
