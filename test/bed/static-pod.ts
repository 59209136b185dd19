/**
 * What a kubelet makes of a static pod's manifest, on a machine of the bed: the container's program with its variables,
 * its mounts and its capabilities, in the machine's network. An image is the program that the bed has for it; its root
 * is the bed's own. Pulls, restarts and watches nothing.
 */
import { existsSync, mkdirSync } from "node:fs";
import { join } from "node:path";
import { parse } from "yaml";
import { BedError } from "./bed-error.ts";
import { bounded, type Namespace } from "./namespace.ts";
import type { BedProcess } from "./process.ts";

export interface Machine {
  readonly name: string;
  readonly address: string;
  readonly namespace: Namespace;
  /** Of its files. */
  readonly root: string;
}

interface Container {
  readonly name: string;
  readonly command?: readonly string[];
  readonly args?: readonly string[];
  readonly env?: readonly Variable[];
  readonly volumeMounts?: readonly { readonly name: string; readonly mountPath: string; readonly readOnly?: boolean }[];
  readonly securityContext?: { readonly capabilities?: { readonly add?: readonly string[] } };
}

interface Variable {
  readonly name: string;
  readonly value?: string;
  readonly valueFrom?: { readonly fieldRef: { readonly fieldPath: string } };
}

interface StaticPod {
  readonly spec: {
    readonly hostNetwork: boolean;
    readonly containers: readonly [Container];
    readonly volumes?: readonly {
      readonly name: string;
      readonly hostPath: { readonly path: string; readonly type?: string };
    }[];
  };
}

/** The container's own /etc and /var, with what is mounted there; then the program in the place of the shell. */
const MOUNTS = `set -e
mount -t tmpfs tmpfs /etc; mount -t tmpfs tmpfs /var
while [ "$1" != -- ]; do
  mkdir -p "$(dirname "$2")"
  if [ -d "$1" ]; then mkdir -p "$2"; else : > "$2"; fi
  mount --bind "$1" "$2"; mount -o "remount,bind,$3" "$2"; shift 3
done
shift; exec "$@"`;

/** @param programs by a command's first word, or by the container's name where its image brings the command */
export function startStaticPod(
  machine: Machine,
  manifest: string,
  programs: Readonly<Record<string, readonly string[]>>,
): BedProcess {
  const { spec } = parse(manifest) as StaticPod;
  if (!spec.hostNetwork) throw new BedError("BED_MISUSED", "a static pod without hostNetwork has no network here");
  const [container] = spec.containers;
  const [word = container.name, ...rest] = container.command ?? [];
  const program = programs[word];
  if (program === undefined) throw new BedError("BED_MISUSED", `no program is known for ${word}`);
  const argv = bounded([...program, ...rest, ...(container.args ?? [])], capabilitiesOf(container));
  return machine.namespace.spawn(
    ["unshare", "--mount", "sh", "-c", MOUNTS, "sh", ...mounts(machine, spec), "--", ...argv],
    {
      name: `${machine.name}-${container.name}`,
      env: { PATH: process.env["PATH"], ...variables(machine, container) },
    },
  );
}

function mounts({ root }: Machine, { containers: [container], volumes = [] }: StaticPod["spec"]): readonly string[] {
  return (container.volumeMounts ?? []).flatMap(({ name, mountPath, readOnly }) => {
    const volume = volumes.find((one) => one.name === name);
    if (volume === undefined) throw new BedError("BED_MISUSED", `no volume ${name}`);
    const { path, type = "" } = volume.hostPath;
    const source = join(root, path);
    if (type === "DirectoryOrCreate") mkdirSync(source, { recursive: true });
    if (!existsSync(source)) throw new BedError("BED_MISUSED", `hostPath type check failed: ${path} is no ${type}`);
    return [source, mountPath, readOnly ? "ro" : "rw"];
  });
}

function capabilitiesOf({ securityContext }: Container): readonly string[] | undefined {
  return securityContext?.capabilities?.add?.map((name) => name.toLowerCase());
}

function variables(machine: Machine, { env = [] }: Container): Record<string, string | undefined> {
  const fields: Readonly<Record<string, string>> = { "spec.nodeName": machine.name, "status.hostIP": machine.address };
  return Object.fromEntries(
    env.map(({ name, value, valueFrom }) => [name, value ?? fields[valueFrom?.fieldRef.fieldPath ?? ""]]),
  );
}
