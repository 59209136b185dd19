/**
 * Gathers what loadConfig is told from where it lies: the mounted vcluster.yaml, the environment, the machine. Judges
 * nothing: what cannot be read goes to loadConfig as a reason.
 */
import { readFileSync } from "node:fs";
import { hostname } from "node:os";
import type { ConfigInput } from "../config/load.ts";
import { SETTINGS } from "../config/settings.ts";
import { Reader } from "../config/sources.ts";
import { readTextFile } from "./text-file.ts";

/** Reads once; a changed file is read by the next process (vCluster rolls its pods on every change). */
export function gatherSettings(flags: ConfigInput["flags"], env: ConfigInput["env"] = process.env): ConfigInput {
  const { value, place } = new Reader({ flags, env, file: new Map() }).readOrDefault(SETTINGS.configFile);
  const file = readConfigFile(value, { mayBeMissing: place === "default" });
  return { file, flags, env, facts: { hostname: hostname(), bootId: bootId() } };
}

function readConfigFile(name: string, { mayBeMissing }: { readonly mayBeMissing: boolean }): ConfigInput["file"] {
  try {
    return { name, text: readTextFile(name) };
  } catch (cause) {
    if (mayBeMissing && cause instanceof Error && "code" in cause && cause.code === "ENOENT") return undefined;
    return { name, unreadable: cause instanceof Error ? cause.message : String(cause) };
  }
}

/** The same in every container of the machine until it boots again. */
function bootId(): string {
  return readFileSync("/proc/sys/kernel/random/boot_id", "utf8").trim();
}
