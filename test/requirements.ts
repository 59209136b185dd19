/** What the suites need from the machine, and one sentence per missing thing. Decides nothing: run.ts does. */
import { existsSync } from "node:fs";
import { delimiter, join } from "node:path";
import { bridgePlugin } from "./bed/attachment.ts";
import { sandboxObstacle, systemPath } from "./bed/sandbox.ts";
import { helmsObstacle, toolsObstacle } from "./bed/tools.ts";

export type Suite = "unit" | "simulation" | "helm" | "kernel" | "cluster";

export const SUITES: readonly Suite[] = ["unit", "simulation", "helm", "kernel", "cluster"];

interface Requirement {
  readonly suites: readonly Suite[];
  /** What is missing and what to install; undefined when nothing is. */
  readonly obstacle: () => string | undefined;
}

const REQUIREMENTS: readonly Requirement[] = [
  { suites: ["kernel", "cluster"], obstacle: sandboxObstacle },
  { suites: ["kernel", "cluster"], obstacle: () => program("ip", "iproute2") },
  { suites: ["kernel", "cluster"], obstacle: () => program("nft", "nftables") },
  { suites: ["kernel", "cluster"], obstacle: () => program("tcpdump", "tcpdump") },
  {
    suites: ["kernel", "cluster"],
    obstacle: () =>
      bridgePlugin() === undefined
        ? "the bridge CNI plugin is missing; install containernetworking-plugins, or name its folder in CNI_PATH."
        : undefined,
  },
  { suites: ["cluster"], obstacle: () => program("curl", "curl") },
  { suites: ["helm", "cluster"], obstacle: () => program("promtool", "prometheus") },
  { suites: ["cluster"], obstacle: toolsObstacle },
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
