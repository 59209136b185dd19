/** What the suites need from the machine, and one sentence per missing thing. Decides nothing: run.ts does. */
import { existsSync } from "node:fs";
import { delimiter, join } from "node:path";
import { bridgePlugin } from "./bed/attachment.ts";
import { sandboxObstacle, systemPath } from "./bed/sandbox.ts";
import { SECCOMP_PROFILE } from "./bed/seccomp-profile.ts";
import { helmsObstacle, toolsObstacle } from "./bed/tools.ts";

export type Suite = "unit" | "simulation" | "helm" | "kernel" | "cluster" | "image";

export const SUITES: readonly Suite[] = ["unit", "simulation", "helm", "kernel", "cluster", "image"];

interface Requirement {
  readonly suites: readonly Suite[];
  /** What is missing and what to install; undefined when nothing is. */
  readonly obstacle: () => string | undefined;
}

const REQUIREMENTS: readonly Requirement[] = [
  { suites: ["kernel", "cluster", "image"], obstacle: sandboxObstacle },
  { suites: ["kernel", "cluster", "image"], obstacle: () => program("ip", "iproute2") },
  { suites: ["kernel", "cluster", "image"], obstacle: () => program("nft", "nftables") },
  { suites: ["kernel", "cluster", "image"], obstacle: () => program("tcpdump", "tcpdump") },
  {
    suites: ["kernel", "cluster", "image"],
    obstacle: () =>
      bridgePlugin() === undefined
        ? "the bridge CNI plugin is missing; install containernetworking-plugins, or name its folder in CNI_PATH."
        : undefined,
  },
  { suites: ["cluster", "image"], obstacle: () => program("curl", "curl") },
  { suites: ["helm", "cluster"], obstacle: () => program("promtool", "prometheus") },
  { suites: ["cluster", "image"], obstacle: toolsObstacle },
  { suites: ["image"], obstacle: () => program("strip", "binutils") },
  { suites: ["image"], obstacle: () => program("runc", "runc") },
  { suites: ["image"], obstacle: () => program("umoci", "umoci") },
  { suites: ["image"], obstacle: () => program("skopeo", "skopeo") },
  {
    suites: ["image"],
    obstacle: () =>
      existsSync(SECCOMP_PROFILE)
        ? undefined
        : `${SECCOMP_PROFILE} is missing; install the package golang-github-containers-common.`,
  },
  { suites: ["helm", "cluster"], obstacle: helmsObstacle },
];

/** Sentences, one per missing thing, for the suites that cannot run. */
export function missingFor(suite: Suite): readonly string[] {
  return REQUIREMENTS.filter((requirement) => requirement.suites.includes(suite)).flatMap(
    ({ obstacle }) => obstacle() ?? [],
  );
}

/** True if the sandbox will find the program. */
function onPath(name: string): boolean {
  return systemPath()
    .split(delimiter)
    .some((folder) => existsSync(join(folder, name)));
}

function program(name: string, debianPackage: string): string | undefined {
  return onPath(name)
    ? undefined
    : `${name} is missing; install the package ${debianPackage} (apt-get install ${debianPackage}).`;
}
