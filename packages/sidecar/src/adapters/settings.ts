/**
 * Gathers what loadConfig is told from where it lies: the mounted vcluster.yaml, the environment, the machine. Judges
 * nothing: what cannot be read goes to loadConfig as a reason.
 */
import { closeSync, openSync, readFileSync, readSync } from "node:fs";
import { hostname } from "node:os";
import type { ConfigInput } from "../config/load.ts";
import { SETTINGS } from "../config/settings.ts";
import { Reader } from "../config/sources.ts";
import { FILE_CHARACTERS_MAX } from "../config/yaml-problems.ts";

// UTF-8 has at most 3 bytes per character as JavaScript counts them: a file beyond this is too large in any case.
const READ_BYTES_MAX = 3 * FILE_CHARACTERS_MAX + 1;
const CHUNK_BYTES = 65_536;

/** Reads once; a changed file is read by the next process (vCluster rolls its pods on every change). */
export function gatherSettings(flags: ConfigInput["flags"], env: ConfigInput["env"] = process.env): ConfigInput {
  const { value, place } = new Reader({ flags, env, file: new Map() }).readOrDefault(SETTINGS.configFile);
  const file = readConfigFile(value, { mayBeMissing: place === "default" });
  return { file, flags, env, facts: { hostname: hostname(), bootId: bootId() } };
}

function readConfigFile(name: string, { mayBeMissing }: { readonly mayBeMissing: boolean }): ConfigInput["file"] {
  try {
    return { name, text: readText(name) };
  } catch (cause) {
    if (mayBeMissing && cause instanceof Error && "code" in cause && cause.code === "ENOENT") return undefined;
    return { name, unreadable: cause instanceof Error ? cause.message : String(cause) };
  }
}

function readText(name: string): string {
  const file = openSync(name, "r");
  try {
    const chunks: Buffer[] = [];
    for (let total = 0; total < READ_BYTES_MAX; ) {
      const chunk = Buffer.allocUnsafe(CHUNK_BYTES);
      const length = readSync(file, chunk);
      if (length === 0) break;
      chunks.push(chunk.subarray(0, length));
      total += length;
    }
    return Buffer.concat(chunks).toString("utf8");
  } finally {
    closeSync(file);
  }
}

/** The same in every container of the machine until it boots again. */
function bootId(): string {
  return readFileSync("/proc/sys/kernel/random/boot_id", "utf8").trim();
}
