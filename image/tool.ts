/** Runs a build tool to its end. */
import { spawnSync } from "node:child_process";
import { ImageError } from "./image-error.ts";

const TIMEOUT_MS = 120_000;

/** Its standard output. `cure`: what to do where it is missing, as a sentence. */
export function runTool([file = "", ...args]: readonly string[], cure: string, env: NodeJS.ProcessEnv = {}): string {
  const { status, stdout, stderr, error } = spawnSync(file, args, {
    encoding: "utf8",
    timeout: TIMEOUT_MS,
    env: { ...process.env, ...env, LC_ALL: "C" },
  });
  if (status === 0) return stdout;
  const reason = error?.message ?? (stderr.trim() || `status ${status}`);
  throw new ImageError("IMAGE_TOOL_FAILED", `"${[file, ...args].join(" ")}" failed: ${reason}. ${cure}`, {
    cause: error,
  });
}
