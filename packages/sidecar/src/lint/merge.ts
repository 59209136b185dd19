/** Several values files as one, as `helm -f a -f b` merges them: maps are joined, everything else is replaced. */
import type { FileTree } from "./read-tree.ts";
import type { Entry, MapTree, Tree } from "./tree.ts";

/** Later files win. A file that cannot be read says nothing. */
export function mergeTrees(files: readonly FileTree[]): MapTree {
  const nothing: MapTree = { t: "map", entries: new Map(), written: [] };
  return files.reduce((merged, { root }) => (root === undefined ? merged : mergeMaps(merged, root)), nothing);
}

function mergeMaps(earlier: MapTree, later: MapTree): MapTree {
  const entries = new Map(earlier.entries);
  for (const [name, entry] of later.entries) {
    const before = entries.get(name);
    entries.set(name, before === undefined ? entry : mergeEntries(before, entry));
  }
  return { t: "map", entries, written: [...earlier.written, ...later.written] };
}

/** A map that is in several files is at home in the first: there a person looks for it. */
function mergeEntries(earlier: Entry, later: Entry): Entry {
  const value = mergeValues(earlier.value, later.value);
  return value.t === "map" && earlier.value.t === "map" ? { ...earlier, value } : { ...later, value };
}

function mergeValues(earlier: Tree, later: Tree): Tree {
  if (earlier.t === "map" && later.t === "map") return mergeMaps(earlier, later);
  if (earlier.t === "list" && later.t === "list")
    return { ...later, replaced: [...earlier.replaced, { ...earlier, replaced: [] }] };
  return later;
}
