/**
 * From one file's text to its tree, as Helm's parser (sigs.k8s.io/yaml, YAML 1.1) would see it: of a key that is there
 * twice the last counts; `<<` merges in the order of the lines, so that it wins over what stands before it (all
 * measured with 1.6.0). Never throws on any text.
 */
import {
  isAlias,
  isMap,
  isPair,
  isScalar,
  isSeq,
  type Node,
  type Pair,
  parseDocument,
  type YAMLMap,
  Scalar as YamlScalar,
} from "yaml";
import type { Problem } from "../config/config.ts";
import {
  duplicateKey,
  emptyFile,
  objectionToText,
  syntaxProblem,
  wrongType,
  type YamlFile,
} from "../config/yaml-problems.ts";
import {
  booleanOf,
  type Entry,
  type MapTree,
  type Path,
  type Scalar,
  type Source,
  type Span,
  type Tree,
} from "./tree.ts";

/** A broken file breaks in many places at once; the first few tell all. */
const PROBLEMS_MAX = 10;

/** A merge key that replaces what an earlier line of the same map says. */
export interface Override {
  readonly path: Path;
  readonly merge: Span;
  readonly replaced: Entry;
}

export interface FileTree {
  readonly source: Source;
  /** Undefined: the file cannot be read, and problems say why. */
  readonly root: MapTree | undefined;
  readonly overrides: readonly Override[];
  readonly problems: readonly Problem[];
}

export function readTree(file: YamlFile): FileTree {
  const source = sourceOf(file);
  const objection = objectionToText(file);
  if (objection !== undefined) return { source, root: undefined, overrides: [], problems: [objection] };
  const document = parseDocument(file.text, { uniqueKeys: false, prettyErrors: false });
  if (document.errors.length > 0) {
    const problems = document.errors
      .slice(0, PROBLEMS_MAX)
      .map(({ code, message, pos }) =>
        syntaxProblem({ field: file.name, position: source.positionAt(pos[0]) }, message, code),
      );
    return { source, root: undefined, overrides: [], problems };
  }
  return new TreeReader(source).readFile(document.contents);
}

/** The library's own LineCounter loses lines in some broken files. */
function sourceOf(file: YamlFile): Source {
  const starts = [0];
  for (let at = file.text.indexOf("\n"); at !== -1; at = file.text.indexOf("\n", at + 1)) starts.push(at + 1);
  const positionAt = (offset: number) => {
    const line = Math.max(1, firstAbove(starts, offset));
    return { file: file.name, line, column: offset - (starts[line - 1] ?? 0) + 1 };
  };
  return { ...file, positionAt };
}

/** The index of the first that is above the limit, in ascending numbers. */
function firstAbove(numbers: readonly number[], limit: number): number {
  let low = 0;
  let high = numbers.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((numbers[middle] ?? limit) > limit) high = middle;
    else low = middle + 1;
  }
  return low;
}

class TreeReader {
  readonly #source: Source;
  readonly #anchors = new Map<string, Tree | "open">();
  readonly #problems: Problem[] = [];
  readonly #overrides: Override[] = [];

  constructor(source: Source) {
    this.#source = source;
  }

  readFile(contents: Node | null): FileTree {
    const nothing: MapTree = { t: "map", entries: new Map(), written: [] };
    if (contents === null || (isScalar(contents) && contents.value === null)) {
      return { ...this.#result(nothing), problems: [emptyFile(this.#source.name)] };
    }
    const tree = this.#read(contents, [], false);
    if (tree.t === "map") return this.#result(tree);
    const found = tree.t === "list" ? "a list" : "a word";
    this.#report(wrongType(this.#origin([], contents.range?.[0] ?? 0), "a map of settings", found));
    return this.#result(undefined);
  }

  #result(root: MapTree | undefined): FileTree {
    const isBroken = this.#problems.some(({ code }) => code === "YAML_SYNTAX");
    return {
      source: this.#source,
      root: isBroken ? undefined : root,
      overrides: this.#overrides,
      problems: this.#problems,
    };
  }

  #read(node: unknown, path: Path, shared: boolean): Tree {
    if (isAlias(node)) return this.#resolve(node.source, path, node.range?.[0] ?? 0);
    if (!isMap(node) && !isSeq(node)) return isScalar(node) ? this.#remember(node, readScalar(node)) : NOTHING;
    if (node.anchor !== undefined) this.#anchors.set(node.anchor, "open");
    const isShared = shared || node.anchor !== undefined;
    if (isMap(node)) return this.#remember(node, this.#readMap(node, path, isShared));
    const items = node.items.map((item, index) => ({
      value: this.#read(item, [...path, String(index)], isShared),
      written: this.#span(item),
    }));
    return this.#remember(node, { t: "list", items, replaced: [] });
  }

  #remember(node: Node, tree: Tree): Tree {
    if ("anchor" in node && typeof node.anchor === "string") this.#anchors.set(node.anchor, tree);
    return tree;
  }

  #resolve(name: string, path: Path, offset: number): Tree {
    const tree = this.#anchors.get(name);
    if (tree !== undefined && tree !== "open") return tree;
    const message = tree === "open" ? `anchor ${name} contains itself` : `unknown anchor ${name}`;
    this.#report(syntaxProblem(this.#origin(path, offset), message, "BAD_ALIAS"));
    return NOTHING;
  }

  #readMap(map: YAMLMap, path: Path, shared: boolean): MapTree {
    const entries = new Map<string, Entry>();
    const said = new Set<string>();
    for (const pair of map.items) {
      if (isMergeKey(pair.key)) {
        this.#mergeInto(entries, pair, path);
        continue;
      }
      const name = this.#nameOf(pair.key, path);
      if (name === undefined) continue;
      const key = this.#span(pair.key);
      if (said.has(name)) this.#report(duplicateKey(this.#origin([...path, name], key.start)));
      said.add(name);
      const value = this.#read(pair.value, [...path, name], shared);
      const written = pair.value === null ? { ...key, start: key.end } : this.#span(pair.value);
      entries.set(name, { name, key, written, value, shared });
    }
    const firstKey = map.items.length === 0 ? undefined : this.#span(map.items[0]?.key).start;
    const style = map.flow ? "flow" : "block";
    return { t: "map", entries, written: [{ ...this.#span(map), style, firstKey, size: map.items.length, shared }] };
  }

  /** Of several maps the first wins, and all of them over what this map has said before. */
  #mergeInto(entries: Map<string, Entry>, pair: Pair, path: Path): void {
    const value = this.#read(pair.value, [...path, "<<"], true);
    const maps = value.t === "list" ? value.items.map((item) => item.value) : [value];
    const merge = this.#span(pair.key);
    for (const map of maps.toReversed()) {
      if (map.t !== "map") {
        this.#report(syntaxProblem(this.#origin(path, merge.start), "map merge requires maps", "BAD_MERGE"));
        continue;
      }
      for (const [name, entry] of map.entries) {
        const replaced = entries.get(name);
        if (replaced !== undefined && !replaced.shared)
          this.#overrides.push({ path: [...path, name], merge, replaced });
        entries.set(name, { ...entry, shared: true });
      }
    }
  }

  #nameOf(key: unknown, path: Path): string | undefined {
    const resolved = isAlias(key)
      ? this.#read(key, path, true)
      : isScalar(key)
        ? this.#remember(key, readScalar(key))
        : NOTHING;
    if (resolved.t !== "scalar" || (resolved.isPlain && /^(|~|null|Null|NULL)$/.test(resolved.text))) {
      this.#report(syntaxProblem(this.#origin(path, this.#span(key).start), "a key must be one word", "BAD_KEY"));
      return undefined;
    }
    return resolved.isPlain ? String(booleanOf(resolved.text) ?? resolved.text) : resolved.text;
  }

  #span(node: unknown): Span {
    const start = startOf(node) ?? 0;
    let end = Math.max(endOf(node) ?? start, start);
    // A block scalar's range ends behind its line feed.
    while (end > start && /\s/.test(this.#source.text.charAt(end - 1))) end--;
    return { source: this.#source, start, end };
  }

  #origin(path: Path, offset: number) {
    return { field: path.length === 0 ? "the file" : path.join("."), position: this.#source.positionAt(offset) };
  }

  #report(problem: Problem): void {
    const alike = this.#problems.filter(({ code }) => code === problem.code).length;
    if (alike < PROBLEMS_MAX) this.#problems.push(problem);
  }
}

const NOTHING: Scalar = { t: "scalar", text: "", isPlain: true };

function readScalar(node: YamlScalar): Scalar {
  const isPlain = (node.type === undefined || node.type === YamlScalar.PLAIN) && node.tag === undefined;
  return { t: "scalar", text: node.source ?? String(node.value ?? ""), isPlain };
}

function isMergeKey(key: unknown): boolean {
  return isScalar(key) && key.type === YamlScalar.PLAIN && key.source === "<<" && key.tag === undefined;
}

function startOf(node: unknown): number | undefined {
  if (isPair(node)) return startOf(node.key);
  return isAlias(node) || isMap(node) || isSeq(node) || isScalar(node) ? node.range?.[0] : undefined;
}

/** Comments behind a block's last line belong to nobody: its end is that of its last value. */
function endOf(node: unknown): number | undefined {
  if (isPair(node)) return endOf(node.value) ?? endOf(node.key);
  if ((isMap(node) || isSeq(node)) && !node.flow && node.items.length > 0) return endOf(node.items.at(-1));
  return isAlias(node) || isMap(node) || isSeq(node) || isScalar(node) ? node.range?.[1] : undefined;
}
