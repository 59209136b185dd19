/** The tables of the chart's README: its own values, vCluster's that it reads, and the sidecar's settings beside them. */
import { OWN_SECTION } from "../../packages/sidecar/src/config/setting.ts";
import type { ValueEntry } from "./values-file.ts";
import { OWN_SETTINGS } from "./values-schema.ts";

/** By the mark that they stand between: `<!-- own -->` to `<!-- /own -->`. */
export function readmeTables(values: readonly ValueEntry[]): Readonly<Record<string, string>> {
  const leaves = values.flatMap(leavesOf);
  const isOwn = ({ path }: ValueEntry) => path.join(".").startsWith(`${OWN_SECTION}.`);
  return {
    own: table(["Value", "Default", "What it is"], leaves.filter(isOwn).map(rowOf)),
    vcluster: table(["Value", "Default", "What it is"], leaves.filter((entry) => !isOwn(entry)).map(rowOf)),
    settings: [...OWN_SETTINGS.keys()].map((name) => code(name)).join(", "),
  };
}

/** A map's description is that of the switch in it. */
function leavesOf(entry: ValueEntry): readonly ValueEntry[] {
  if (entry.inner.length === 0) return [entry];
  return entry.inner
    .map((inner) => {
      const isSwitch = inner.path.at(-1) === "create";
      return isSwitch ? { ...inner, description: entry.description } : inner;
    })
    .flatMap(leavesOf);
}

function rowOf({ path, default: value, description }: ValueEntry): readonly string[] {
  return [code(path.join(".")), code(JSON.stringify(value)), description.replaceAll("|", "\\|")];
}

function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const lines = [head, head.map(() => "---"), ...rows];
  return lines.map((cells) => `| ${cells.join(" | ")} |`).join("\n");
}

function code(text: string): string {
  return `\`${text}\``;
}
