/**
 * The settings' keys as they stand in the merged files, in the form that loadConfig takes: what the sidecar will find in
 * the file that vCluster mounts, with the places in the files that say it.
 */
import type { Problem } from "../config/config.ts";
import { type Origin, quote } from "../config/problem.ts";
import { CHART_KEYS } from "../config/setting.ts";
import { ALL_SETTINGS } from "../config/settings.ts";
import type { FoundValue, YamlKeys } from "../config/vcluster-yaml.ts";
import { unknownKey, wrongType } from "../config/yaml-problems.ts";
import { PATHS } from "./paths.ts";
import { booleanOf, type Entry, entriesAlong, isAbsent, type MapTree, mapAt, type Path, type Tree } from "./tree.ts";

const KEYS = ALL_SETTINGS.flatMap((setting) => setting.keys);
/** Maps in which any other key is a mistake. */
const CLOSED: readonly Path[] = [PATHS.own, PATHS.block];

/** The known names in a closed map. */
export function namesIn(section: Path): readonly string[] {
  const prefix = `${section.join(".")}.`;
  return KEYS.filter((key) => key.startsWith(prefix)).map((key) => key.slice(prefix.length));
}

export function knownKeys(root: MapTree): YamlKeys {
  const values = new Map<string, FoundValue>();
  const problems: Problem[] = CLOSED.flatMap((section) => unknownIn(root, section));
  const refused = new Set<Entry>();
  for (const key of KEYS) {
    const path = key.split(".");
    const chain = entriesAlong(root, path);
    const entry = chain[path.length - 1];
    const text = entry === undefined || isAbsent(entry.value) ? undefined : textOf(entry.value);
    if (entry !== undefined && text !== undefined) values.set(key, { text, origin: originOf(entry, path) });
    const wrong = chain.find(({ value }, index) => !isAbsent(value) && !fits(value, index === path.length - 1));
    if (wrong === undefined || refused.has(wrong)) continue;
    refused.add(wrong);
    problems.push(
      wrongType(
        originOf(wrong, path.slice(0, chain.indexOf(wrong) + 1)),
        expectedOf(chain, wrong, path),
        describe(wrong.value),
      ),
    );
  }
  const readable = !problems.some(({ severity }) => severity === "error");
  return { readable, values, problems };
}

function fits(value: Tree, isLast: boolean): boolean {
  return isLast ? textOf(value) !== undefined : value.t === "map";
}

function expectedOf(chain: readonly Entry[], wrong: Entry, path: Path): string {
  return chain.indexOf(wrong) === path.length - 1 ? "a plain value" : "a map of settings";
}

function unknownIn(root: MapTree, section: Path): readonly Problem[] {
  const known = namesIn(section);
  return [...(mapAt(root, section)?.entries.values() ?? [])].flatMap(({ name, key }) => {
    const field = [...section, name].join(".");
    if (known.includes(name) || CHART_KEYS.includes(field)) return [];
    return [unknownKey({ field, position: key.source.positionAt(key.start) }, name, known)];
  });
}

/** As the chart will print it into the Secret: plain yes and on have become true there. */
function textOf(value: Tree): string | undefined {
  if (value.t === "map") return undefined;
  if (value.t === "scalar") return value.isPlain ? String(booleanOf(value.text) ?? value.text) : value.text;
  const texts = value.items.map((item) => (item.value.t === "scalar" ? item.value.text : undefined));
  return texts.includes(undefined) ? undefined : texts.join(",");
}

function originOf({ written }: Entry, path: Path): Origin {
  return { field: path.join("."), position: written.source.positionAt(written.start) };
}

function describe(value: Tree): string {
  if (value.t === "map") return "a map";
  return value.t === "list" ? "a list" : quote(value.text);
}
