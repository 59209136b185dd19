/** Keys that are almost ours: misspelt, in the wrong map, or overruled by a merge key. */
import { nearestName } from "../../config/nearest-name.ts";
import { quote } from "../../config/problem.ts";
import { insertInto, linesOfEntry, removeEntry, replaceSpan, together } from "../edit.ts";
import { PATHS } from "../paths.ts";
import { type Fault, faultAtKey, type Rule } from "../rule.ts";
import { entriesAlong, entryAt, mapAt, type Path } from "../tree.ts";
import type { Values } from "../values.ts";

/** The maps on the way to what matters, with the names that lead there. Whatever else they have is the chart's. */
const WAYS: readonly { readonly map: Path; readonly names: readonly string[] }[] = [
  { map: [], names: ["controlPlane", "privateNodes", "networking", "global"] },
  { map: PATHS.controlPlane, names: ["endpoint", "advanced", "statefulSet", "proxy", "backingStore"] },
  { map: PATHS.advanced, names: ["kubeVip"] },
  { map: PATHS.statefulSet, names: ["pods", "annotations", "sidecarContainers", "highAvailability"] },
  { map: [...PATHS.statefulSet, "pods"], names: ["annotations"] },
  { map: [...PATHS.statefulSet, "highAvailability"], names: ["replicas"] },
  { map: ["privateNodes"], names: ["enabled"] },
  { map: ["networking"], names: ["podCIDR", "serviceCIDR"] },
];

function findMisspelt(values: Values, map: Path, names: readonly string[]): readonly Fault[] {
  const entries = mapAt(values.root, map)?.entries;
  if (entries === undefined) return [];
  const missing = names.filter((name) => !entries.has(name));
  return [...entries.values()].flatMap(({ name, key, shared }) => {
    const near = names.includes(name) ? undefined : nearestName(name, missing);
    if (near === undefined) return [];
    const message = `expected ${near}, but found ${quote(name)}, which nobody reads: rename it`;
    return [faultAtKey(values, [...map, name], message, shared ? undefined : replaceSpan(key, near))];
  });
}

const misspelt: Rule = {
  code: "KEY_MISSPELT",
  severity: "error",
  summary: "A key is spelt almost like one that matters",
  consequence:
    'The chart\'s schema refuses the file ("additional properties … not allowed"), and Helm installs nothing.',
  find: (values) => WAYS.flatMap(({ map, names }) => findMisspelt(values, map, names)),
};

const ownSectionMisspelt: Rule = {
  code: "OWN_SECTION_MISSPELT",
  severity: "warning",
  summary: "A key of global is spelt almost like kubeVip",
  consequence: "Nothing under it has an effect, and nobody says so: the chart lets everything stand under global.",
  find: (values) => findMisspelt(values, ["global"], ["kubeVip"]),
};

/** Where these names belong; at the places below the chart has no such key. */
const HOMES: Readonly<Record<string, Path>> = {
  kubeVip: PATHS.block,
  endpoint: PATHS.endpoint,
  statefulSet: PATHS.statefulSet,
  sidecarContainers: PATHS.sidecars,
  highAvailability: PATHS.replicas.slice(0, -1),
  backingStore: PATHS.store,
  podCIDR: PATHS.podCidr,
};
const PLACES: readonly Path[] = [
  [],
  PATHS.controlPlane,
  PATHS.advanced,
  PATHS.statefulSet,
  ["privateNodes"],
  ["networking"],
];

const misplaced: Rule = {
  code: "KEY_MISPLACED",
  severity: "error",
  summary: "A key is in the wrong map",
  consequence:
    'The chart\'s schema refuses the file ("additional properties … not allowed"), and Helm installs nothing.',
  find(values) {
    const { root } = values;
    return PLACES.flatMap((place) =>
      Object.entries(HOMES).flatMap(([name, home]) => {
        const path = [...place, name];
        const entry = entriesAlong(root, path)[path.length - 1];
        if (entry === undefined || path.join(".") === home.join(".")) return [];
        const message = `expected ${name} in ${home.slice(0, -1).join(".")}, but found it in ${place.join(".") || "the file's first level"}: move it`;
        const lines = entryAt(root, home) === undefined ? linesOfEntry(entry) : undefined;
        const insertion = lines && insertInto(root, home.slice(0, -1), lines);
        const shared = place.findIndex((part, index) => part !== home[index]);
        const keep = shared === -1 ? place.length : shared;
        return [faultAtKey(values, path, message, together(removeEntry(root, path, keep), insertion))];
      }),
    );
  },
};

const mergeKeyOverrides: Rule = {
  code: "MERGE_KEY_OVERRIDES",
  severity: "warning",
  summary: "A merge key replaces what stands before it",
  consequence:
    "Helm takes the merged value, where YAML's own rule and most other programs take the one that is written out.",
  find: ({ overrides }) =>
    overrides.map(({ path, merge, replaced }) => {
      const { source, start } = replaced.key;
      const { line } = merge.source.positionAt(merge.start);
      const message = `expected << before the keys that are to win over it, but it follows in line ${line} and replaces this one: move it to the map's first line`;
      return { field: path.join("."), position: source.positionAt(start), message, patch: undefined };
    }),
};

export const KEY_RULES: readonly Rule[] = [misspelt, ownSectionMisspelt, misplaced, mergeKeyOverrides];
