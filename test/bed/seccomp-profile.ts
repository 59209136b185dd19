/**
 * The profile that "RuntimeDefault" stands for, as the runtime gets it: the installed one of Podman and CRI-O
 * (containers-common), which, as containerd's own, is Docker's with small differences. Resolved here for one set of
 * capabilities, as those programs do before they call runc. Has no rule of its own.
 */
import { readFileSync } from "node:fs";

export const SECCOMP_PROFILE = "/usr/share/containers/seccomp.json";

/** containers-common, pkg/seccomp/types.go */
interface Profile {
  readonly defaultAction: string;
  readonly defaultErrnoRet: number;
  readonly archMap: readonly { readonly architecture: string; readonly subArchitectures: readonly string[] }[];
  readonly syscalls: readonly Rule[];
}

interface Rule {
  readonly names: readonly string[];
  readonly action: string;
  readonly args: readonly object[] | null;
  readonly errnoRet?: number;
  readonly includes?: Condition;
  readonly excludes?: Condition;
}

interface Condition {
  readonly caps?: readonly string[];
  /** Go's words. */
  readonly arches?: readonly string[];
}

/** By Node's word Go's and libseccomp's. */
const ARCHES: Readonly<Record<string, { readonly go: string; readonly scmp: string }>> = {
  x64: { go: "amd64", scmp: "SCMP_ARCH_X86_64" },
  arm64: { go: "arm64", scmp: "SCMP_ARCH_AARCH64" },
};

/** linux.seccomp of a runtime-spec config. `capabilities` as in CAP_NET_ADMIN. */
export function seccompProfile(capabilities: readonly string[]): object {
  const profile = JSON.parse(readFileSync(SECCOMP_PROFILE, "utf8")) as Profile;
  const arch = ARCHES[process.arch];
  const applies = ({ includes = {}, excludes = {} }: Rule): boolean =>
    (includes.caps ?? []).every((name) => capabilities.includes(name)) &&
    !(excludes.caps ?? []).some((name) => capabilities.includes(name)) &&
    (includes.arches?.includes(arch?.go ?? "") ?? true);
  return {
    defaultAction: profile.defaultAction,
    defaultErrnoRet: profile.defaultErrnoRet,
    // libseccomp refuses a mixture of byte orders: the machine's own and those that it runs besides.
    architectures: profile.archMap
      .filter(({ architecture }) => architecture === arch?.scmp)
      .flatMap(({ architecture, subArchitectures }) => [architecture, ...subArchitectures]),
    syscalls: profile.syscalls.filter(applies).map(({ names, action, args, errnoRet }) => ({
      names,
      action,
      args: args ?? [],
      ...(errnoRet === undefined ? {} : { errnoRet }),
    })),
  };
}
