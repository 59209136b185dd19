/** What the machine lacks for the demo, each in one sentence that says what to do. */
import { spawnSync } from "node:child_process";
import { sandboxObstacle } from "../bed/sandbox.ts";
import { toolsObstacle } from "../bed/tools.ts";
import type { ApiKind } from "./cast.ts";

/** The first obstacle; undefined: none. */
export function obstacle(api: ApiKind): string | undefined {
  return (
    programObstacle("ip", "iproute2") ??
    programObstacle("setpriv", "util-linux") ??
    sandboxObstacle() ??
    (api === "real" ? toolsObstacle() : undefined)
  );
}

/** One sentence if `name` is no program here. */
export function programObstacle(name: string, packageName: string): string | undefined {
  const { error } = spawnSync(name, ["--version"], { stdio: "ignore", timeout: 5_000 });
  return error === undefined ? undefined : `${name} is missing; install the package ${packageName}.`;
}
