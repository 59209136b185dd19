/**
 * `overlay`: from somebody's values files to the one that goes behind them and adds the sidecar. It says only what must
 * be said: Helm joins maps, so that everything else stays as it is; it replaces lists, so that the items of a list that
 * gets one more are repeated. Pure; never throws on any text.
 */
import type { Problem } from "../config/config.ts";
import { wrongType, type YamlFile } from "../config/yaml-problems.ts";
import { containersOf } from "../lint/containers.ts";
import { mergeTrees } from "../lint/merge.ts";
import { NETWORKS, PATHS } from "../lint/paths.ts";
import { readTree } from "../lint/read-tree.ts";
import { entriesAlong, type Item, isAbsent, listAt, type MapTree, mapAt, type Path, textAt } from "../lint/tree.ts";
import { containerLines, NAME } from "./container.ts";
import { keptItem } from "./kept-item.ts";
import type { OverlayOptions } from "./options.ts";
import { scalarText } from "./scalar-text.ts";

/** Problems of severity "warning" go with a text; one of severity "error" comes instead of it. */
export type Overlay =
  | { readonly t: "made"; readonly text: string; readonly problems: readonly Problem[] }
  | { readonly t: "refused"; readonly problems: readonly Problem[] };

const PULL_SECRETS: Path = [...PATHS.advanced, "serviceAccount", "imagePullSecrets"];

/** @param files in the order in which Helm is given them, so that later ones win; at least one */
export function makeOverlay(files: readonly YamlFile[], options: OverlayOptions): Overlay {
  const trees = files.map(readTree);
  const root = mergeTrees(trees);
  const problems = [...trees.flatMap((tree) => tree.problems), ...misfits(root, options)];
  // Half of what somebody has would be taken for all of it, and the rest of a list be lost.
  if (trees.some((tree) => tree.root === undefined) || problems.some(({ code }) => code === "WRONG_TYPE"))
    return { t: "refused", problems };
  const lines = [
    ...HEADER,
    "controlPlane:",
    ...indented(advanced(root, options)),
    ...indented(statefulSet(root, options)),
  ];
  return { t: "made", text: `${lines.join("\n")}\n`, problems };
}

const HEADER = [
  "# Adds the sidecar that serves controlPlane.advanced.kubeVip in vCluster's stead. Install with both files:",
  "#   helm upgrade --install ... -f vcluster.yaml -f vip.yaml",
];

function advanced(root: MapTree, { pullSecrets }: OverlayOptions): readonly string[] {
  return [
    "advanced:",
    "  kubeVip:",
    "    # vCluster's own implementation stays off; interface and gateway are read from your file.",
    "    enabled: false",
    ...indented(pullSecrets.length === 0 ? [] : serviceAccount(root, pullSecrets)),
  ];
}

function serviceAccount(root: MapTree, pullSecrets: readonly string[]): readonly string[] {
  const others = itemsAt(root, PULL_SECRETS).filter(
    ({ value }) => value.t !== "map" || !pullSecrets.includes(textAt(value, ["name"]) ?? ""),
  );
  const ours = pullSecrets.map((name) => `- name: ${scalarText(name)}`);
  return ["serviceAccount:", "  imagePullSecrets:", ...indented(indented([...others.flatMap(keptItem), ...ours]))];
}

function statefulSet(root: MapTree, { container }: OverlayOptions): readonly string[] {
  const others = itemsAt(root, PATHS.sidecars).filter((item) => containersOf([item])[0]?.name !== NAME);
  const comment =
    others.length === 0 ? [] : ["# With your own, as they were: Helm replaces lists, it does not join them."];
  return [
    "statefulSet:",
    ...indented([
      ...podAnnotations(root),
      ...comment,
      "sidecarContainers:",
      ...indented([...others.flatMap(keptItem), ...containerLines(container)]),
    ]),
  ];
}

/** The chart puts the other annotations on an object that Multus does not read. */
function podAnnotations(root: MapTree): readonly string[] {
  const onObject = textAt(root, [...PATHS.objectAnnotations, NETWORKS]);
  const onPod = textAt(root, [...PATHS.podAnnotations, NETWORKS]);
  // The same text may be there because of an earlier overlay.
  if (onObject === undefined || (onPod !== undefined && onPod !== onObject)) return [];
  return [
    "pods:",
    "  annotations:",
    "    # Copied from controlPlane.statefulSet.annotations, where Multus does not look: it reads the pods'.",
    `    ${NETWORKS}: ${scalarText(onObject)}`,
  ];
}

/** Where something else is than what the overlay has to join. */
function misfits(root: MapTree, { pullSecrets }: OverlayOptions): readonly Problem[] {
  const maps = [PATHS.block, PATHS.objectAnnotations, PATHS.podAnnotations];
  const lists = [PATHS.sidecars, ...(pullSecrets.length === 0 ? [] : [PULL_SECRETS])];
  return [
    ...maps.flatMap((path) => misfitAlong(root, path)),
    ...lists.flatMap((path) => {
      const above = misfitAlong(root, path.slice(0, -1));
      const entry = mapAt(root, path.slice(0, -1))?.entries.get(path.at(-1) ?? "");
      if (above.length > 0 || entry === undefined || isAbsent(entry.value) || entry.value.t === "list") return above;
      return [misfit(path, "a list", entry.written.source.positionAt(entry.written.start), entry.value.t)];
    }),
  ].filter((problem, index, all) => all.findIndex(({ field }) => field === problem.field) === index);
}

function misfitAlong(root: MapTree, path: Path): readonly Problem[] {
  const chain = entriesAlong(root, path);
  const at = chain.findIndex(({ value }) => value.t !== "map" && !isAbsent(value));
  const entry = chain[at];
  if (entry === undefined) return [];
  const position = entry.written.source.positionAt(entry.written.start);
  return [misfit(path.slice(0, at + 1), "a map of settings", position, entry.value.t)];
}

function misfit(
  path: Path,
  expected: string,
  position: Problem["position"],
  found: "map" | "list" | "scalar",
): Problem {
  return wrongType({ field: path.join("."), position }, expected, FOUND[found]);
}

const FOUND = { map: "a map", list: "a list", scalar: "a word" } as const;

function itemsAt(root: MapTree, path: Path): readonly Item[] {
  return listAt(root, path)?.items ?? [];
}

function indented(lines: readonly string[]): readonly string[] {
  return lines.map((line) => (line === "" ? "" : `  ${line}`));
}
