/**
 * The real control plane's programs, and Helm's: found in $KUBEBUILDER_ASSETS (the field's convention), on PATH or in the cache,
 * else built once from the Go modules in tools/ into a cache folder outside the work tree. Starts none of them.
 */
import { spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readFileSync, renameSync } from "node:fs";
import { homedir } from "node:os";
import { delimiter, join } from "node:path";
import { BedError } from "./bed-error.ts";
import { attempt } from "./command.ts";

const CONTROL_PLANE = ["kube-apiserver", "kubeadm", "kubectl", "etcd", "etcdctl"] as const;
/** The two lines of Helm that are maintained; under these names, so that one on PATH is not taken for the other. */
const HELMS = ["helm3", "helm4"] as const;

type ToolName = (typeof CONTROL_PLANE)[number] | (typeof HELMS)[number];

/** Absolute paths. */
export type Tools = Readonly<Record<(typeof CONTROL_PLANE)[number], string>>;
export type Helms = Readonly<Record<(typeof HELMS)[number], string>>;

interface Source {
  /** Folder under tools/ with go.mod and go.sum. */
  readonly module: string;
  readonly package: string;
  readonly ldflags: string;
}

const COMPONENT_BASE = "k8s.io/component-base/version";
/** Without these kube-apiserver calls itself v0.0.0 and kubeadm refuses to compare versions. */
const KUBERNETES_LDFLAGS = `-s -w -X ${COMPONENT_BASE}.gitVersion=v1.34.4 -X ${COMPONENT_BASE}.gitMajor=1 -X ${COMPONENT_BASE}.gitMinor=34`;

const SOURCES: Readonly<Record<ToolName, Source>> = {
  "kube-apiserver": kubernetes("kube-apiserver"),
  kubeadm: kubernetes("kubeadm"),
  kubectl: kubernetes("kubectl"),
  etcd: { module: "etcd", package: "go.etcd.io/etcd/server/v3", ldflags: "-s -w" },
  etcdctl: { module: "etcd", package: "go.etcd.io/etcd/etcdctl/v3", ldflags: "-s -w" },
  helm3: helm("v3", "v3.22.0"),
  helm4: helm("v4", "v4.3.1"),
};

/** A cold build of kube-apiserver takes 4.5 min on 2 cores; a slower machine may take five times that. */
const BUILD_TIMEOUT_MS = 25 * 60_000;

/** One sentence if the tools are neither there nor can be built; undefined otherwise. */
export function toolsObstacle(): string | undefined {
  return obstacleTo(CONTROL_PLANE);
}

/** As toolsObstacle, for what `ensureHelms` answers. */
export function helmsObstacle(): string | undefined {
  return obstacleTo(HELMS);
}

function obstacleTo(names: readonly ToolName[]): string | undefined {
  const missing = names.filter((name) => find(name) === undefined);
  if (missing.length === 0 || goVersion() !== undefined) return undefined;
  return `${missing.join(", ")} are missing and Go is not there to build them; install Go 1.24 or later (https://go.dev/dl), or name a folder that holds them in KUBEBUILDER_ASSETS.`;
}

/** Where each tool is; BED_TOOL_MISSING if one is not: `ensureTools` builds them, outside the sandbox. */
export function findTools(): Tools {
  return collect(CONTROL_PLANE);
}

/** Builds what is missing (needs the network once, prints what it does) and says where each tool is. */
export async function ensureTools(): Promise<Tools> {
  return await ensure(CONTROL_PLANE);
}

/** Helm 3 and 4, built as ensureTools builds. */
export async function ensureHelms(): Promise<Helms> {
  return await ensure(HELMS);
}

async function ensure<T extends ToolName>(names: readonly T[]): Promise<Readonly<Record<T, string>>> {
  for (const name of names) {
    if (find(name) === undefined) await build(name);
  }
  return collect(names);
}

function collect<T extends ToolName>(names: readonly T[]): Readonly<Record<T, string>> {
  return Object.fromEntries(names.map((name) => [name, pathOf(name)])) as Record<T, string>;
}

function pathOf(name: ToolName): string {
  const path = find(name);
  if (path !== undefined) return path;
  throw new BedError("BED_TOOL_MISSING", `${name} was not found; "pnpm test" builds it when Go is installed`);
}

function find(name: ToolName): string | undefined {
  const assets = process.env["KUBEBUILDER_ASSETS"];
  const folders = [
    ...(assets === undefined ? [] : [assets]),
    ...(process.env["PATH"] ?? "").split(delimiter),
    cacheFolder(SOURCES[name]),
  ];
  return folders.map((folder) => join(folder, name)).find((path) => existsSync(path));
}

async function build(name: ToolName): Promise<void> {
  const source = SOURCES[name];
  const folder = cacheFolder(source);
  mkdirSync(folder, { recursive: true });
  say(`building ${name} into ${folder} (once; kube-apiserver takes about 5 minutes on two cores)`);
  const unfinished = join(folder, `.${name}.${process.pid}`);
  const argv = [
    "go",
    "build",
    "-mod=readonly",
    "-trimpath",
    "-ldflags",
    source.ldflags,
    "-o",
    unfinished,
    source.package,
  ];
  const startedAtMs = performance.now();
  const result = await attempt(argv, {
    cwd: moduleFolder(source),
    timeoutMs: BUILD_TIMEOUT_MS,
    // Without cgo the program needs no C compiler, as in the official builds.
    env: { ...process.env, CGO_ENABLED: "0", GOWORK: "off" },
  });
  if (result.status !== 0) {
    throw new BedError(
      "BED_TOOL_MISSING",
      `cannot build ${name} with "${argv.join(" ")}": ${result.stderr.slice(-2_000)}`,
    );
  }
  // Whole or not at all, also when two runs build at once.
  renameSync(unfinished, join(folder, name));
  say(`built ${name} in ${((performance.now() - startedAtMs) / 1000).toFixed(0)} s`);
}

/** One folder per content of go.mod and go.sum: a new version is a new folder. */
function cacheFolder(source: Source): string {
  const key = createHash("sha256").update(process.arch).update(source.module);
  for (const file of ["go.mod", "go.sum"]) key.update(readFileSync(join(moduleFolder(source), file)));
  const root = process.env["XDG_CACHE_HOME"] ?? join(homedir(), ".cache");
  return join(root, "vcluster-kube-vip", key.digest("hex").slice(0, 16));
}

function moduleFolder(source: Source): string {
  return join(import.meta.dirname, "tools", source.module);
}

function goVersion(): string | undefined {
  const result = spawnSync("go", ["version"], { encoding: "utf8", timeout: 10_000 });
  return result.status === 0 ? result.stdout.trim() : undefined;
}

function kubernetes(command: string): Source {
  return { module: "kubernetes", package: `k8s.io/kubernetes/cmd/${command}`, ldflags: KUBERNETES_LDFLAGS };
}

/** Without the version it calls itself v3.0 to charts that ask. */
function helm(line: "v3" | "v4", version: string): Source {
  const module = `helm.sh/helm/${line}`;
  return {
    module: line.replace("v", "helm"),
    package: `${module}/cmd/helm`,
    ldflags: `-s -w -X ${module}/internal/version.version=${version}`,
  };
}

function say(line: string): void {
  process.stderr.write(`test bed: ${line}\n`);
}
