/**
 * The image as a container in a pod, by runc: with the overlay's own securityContext and mounts, in the network namespace
 * of the pod. What Kubernetes and containerd add to that is said here; what the sidecar does is the test's matter.
 */
import { copyFileSync, mkdirSync, mkdtempSync, readFileSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { parse } from "yaml";
import { containerLines, MOUNTS, NAME } from "../../packages/sidecar/src/overlay/container.ts";
import { BedError } from "./bed-error.ts";
import { run } from "./command.ts";
import type { Pod } from "./pod.ts";
import { BedProcess } from "./process.ts";
import { seccompProfile } from "./seccomp-profile.ts";
import { environment, type Launch, PAGE_FILE, type SidecarOptions } from "./sidecar-process.ts";

/** Of the overlay's item of sidecarContainers. */
interface Container {
  readonly args: readonly string[];
  readonly securityContext: SecurityContext;
  readonly volumeMounts: readonly { readonly mountPath: string; readonly readOnly?: boolean }[];
}

/** All of its keys: another one in the overlay fails the bed, since nothing here would obey it. */
interface SecurityContext {
  readonly runAsUser: number;
  readonly runAsGroup: number;
  readonly runAsNonRoot: false;
  readonly allowPrivilegeEscalation: false;
  readonly readOnlyRootFilesystem: true;
  readonly capabilities: { readonly drop: readonly ["ALL"]; readonly add: readonly string[] };
  readonly seccompProfile: { readonly type: "RuntimeDefault" };
}

/** runtime-spec's config.json, as far as it is changed here. */
interface RuntimeConfig {
  readonly process: { readonly args: readonly string[]; readonly env: readonly string[] };
  readonly mounts: readonly { readonly destination: string; readonly options?: readonly string[] }[];
  readonly linux: { readonly namespaces: readonly { readonly type: string }[] };
}

/** An unpacked image. */
export interface Bundle {
  readonly rootfs: string;
  readonly config: RuntimeConfig;
}

const UNDERSTOOD = [
  ...["runAsUser", "runAsGroup", "runAsNonRoot", "allowPrivilegeEscalation", "readOnlyRootFilesystem"],
  ...["capabilities", "seccompProfile"],
];

let containers = 0;

/** The archive of `pnpm image`, unpacked by umoci on the sandbox's tmpfs. */
export async function unpackImage(archive: string, name: string): Promise<Bundle> {
  const folder = mkdtempSync(join(tmpdir(), "image-"));
  const [layout, bundle] = [join(folder, "layout"), join(folder, "bundle")];
  mkdirSync(layout);
  await run(["tar", "--extract", "--file", archive, "--directory", layout]);
  await run(["umoci", "unpack", "--image", `${layout}:${name}`, bundle], { timeoutMs: 60_000 });
  await withoutCgroups();
  const config = JSON.parse(readFileSync(join(bundle, "config.json"), "utf8")) as RuntimeConfig;
  return { rootfs: join(bundle, "rootfs"), config };
}

/** The container of a sidecar. `without`: a capability that somebody has left out. */
export function inContainer(bundle: Bundle, without?: string): Launch {
  return (pod, options, onLine) => {
    const { args } = overlayContainer();
    const folder = prepare(bundle, pod, { options, args: [...args, ...(options.flags ?? [])], without });
    return BedProcess.start([...RUNC, "run", "--bundle", folder, nextId(pod)], {
      name: `${pod.name}-container`,
      onLine,
    });
  };
}

/** `kubectl exec POD -c vcluster-kube-vip -- ARGV`, in the pod's newest container. */
export function execInContainer(pod: Pod, argv: readonly string[]): readonly string[] {
  return [...RUNC, "exec", `${pod.name}-${containers}`, ...argv];
}

/** Cgroups that cannot be made are no error. */
const RUNC = ["runc", "--rootless=true"];

function nextId(pod: Pod): string {
  containers += 1;
  return `${pod.name}-${containers}`;
}

interface Preparation {
  readonly options: SidecarOptions;
  readonly args: readonly string[];
  readonly without: string | undefined;
}

/** A bundle of its own for each container, all of one read-only root. */
function prepare({ rootfs, config }: Bundle, pod: Pod, { options, args, without }: Preparation): string {
  const { securityContext, volumeMounts } = overlayContainer();
  const { runAsUser: uid, runAsGroup: gid, capabilities } = securityContext;
  const folder = mkdtempSync(join(tmpdir(), "container-"));
  const sources: Readonly<Record<string, string>> = {
    [MOUNTS.config.mountPath]: configFolder(folder, options),
    [MOUNTS.pki.mountPath]: dirname(options.kubeconfig),
  };
  const kept = capabilities.add.filter((name) => name !== without).map((name) => `CAP_${name}`);
  const container = {
    ...config,
    process: {
      ...config.process,
      terminal: false,
      user: { uid, gid },
      args: [...config.process.args, ...args],
      env: [...config.process.env, ...containerEnvironment(pod, options)],
      capabilities: { bounding: kept, effective: kept, permitted: kept, inheritable: [], ambient: [] },
      noNewPrivileges: !securityContext.allowPrivilegeEscalation,
    },
    root: { path: rootfs, readonly: securityContext.readOnlyRootFilesystem },
    mounts: [
      // Without cgroups, and without the group of terminals, which an ordinary user's namespace has not.
      ...config.mounts
        .filter(({ destination }) => destination !== "/sys/fs/cgroup")
        .map((mount) => ({ ...mount, options: (mount.options ?? []).filter((option) => option !== "gid=5") })),
      ...volumeMounts.map(({ mountPath, readOnly = false }) => bind(sources[mountPath], mountPath, readOnly)),
      // The kubelet's own.
      bind("/etc/hosts", "/etc/hosts", false),
    ],
    linux: {
      ...config.linux,
      // Its resources would be a cgroup's.
      resources: {},
      namespaces: config.linux.namespaces.map(({ type }) =>
        type === "network" ? { type, path: pod.namespace.path } : { type },
      ),
      seccomp: seccompProfile(kept),
    },
  };
  writeFileSync(join(folder, "config.json"), JSON.stringify(container));
  return folder;
}

function overlayContainer(): Container {
  const lines = containerLines({ image: NAME, pullPolicy: undefined, requests: {}, limits: {} });
  const [container] = parse(lines.join("\n")) as readonly Container[];
  if (container === undefined) throw new BedError("BED_MISUSED", "the overlay adds no container");
  const unknown = Object.keys(container.securityContext).filter((key) => !UNDERSTOOD.includes(key));
  if (unknown.length > 0)
    throw new BedError("BED_MISUSED", `securityContext has ${unknown}, which no container here obeys`);
  return container;
}

/** As the Secret is mounted. */
function configFolder(folder: string, { configFile = PAGE_FILE }: SidecarOptions): string {
  const mounted = join(folder, "vcluster-config");
  mkdirSync(mounted);
  copyFileSync(configFile, join(mounted, "config.yaml"));
  return mounted;
}

/** PATH is the image's; the two files are where they are mounted. */
function containerEnvironment(pod: Pod, options: SidecarOptions): readonly string[] {
  const image = { PATH: undefined, VCLUSTER_KUBE_VIP_CONFIG_FILE: undefined, VCLUSTER_KUBE_VIP_KUBECONFIG: undefined };
  const variables = environment(pod, { ...options, env: { ...options.env, ...image } });
  return Object.entries(variables).map(([name, value]) => `${name}=${value}`);
}

function bind(source: string | undefined, destination: string, readOnly: boolean): object {
  if (source === undefined)
    throw new BedError("BED_MISUSED", `the overlay mounts ${destination}, and the bed has nothing for it`);
  return { destination, source, type: "bind", options: ["rbind", "rprivate", readOnly ? "ro" : "rw"] };
}

/** The machine's cgroups are not the sandbox's: what runc made there would stay behind when the sandbox is killed. */
async function withoutCgroups(): Promise<void> {
  const mounts = readFileSync("/proc/self/mounts", "utf8")
    .split("\n")
    .map((line) => line.split(" "));
  const folders = mounts.flatMap(([, folder = "", type = ""]) => (/^cgroup2?$/.test(type) ? [folder] : []));
  for (const folder of new Set(folders)) await run(["mount", "-o", "remount,bind,ro", folder]);
}
