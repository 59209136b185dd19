/**
 * What several values files say together, as Helm sees it, with the place of everything in the file that says it. Made
 * by read-tree.ts from one file and by merge.ts from several; asked by the rules. Knows no key by name.
 */
import type { Problem } from "../config/config.ts";

export type Position = NonNullable<Problem["position"]>;

/** A values file. The text is as long as the sidecar takes it at most; see objectionToText. */
export interface Source {
  readonly name: string;
  readonly text: string;
  /** Of a character, counted from 0. */
  positionAt(offset: number): Position;
}

/** Characters of a file: from `start` to before `end`. */
export interface Span {
  readonly source: Source;
  readonly start: number;
  readonly end: number;
}

export type Tree = MapTree | ListTree | Scalar;

export interface MapTree {
  readonly t: "map";
  readonly entries: ReadonlyMap<string, Entry>;
  /** Where it is written: once for each file that says something in it, strongest last. */
  readonly written: readonly Written[];
}

export interface Written extends Span {
  readonly style: "block" | "flow";
  /** Where the first key is; absent in an empty map. */
  readonly firstKey: number | undefined;
  /** How many entries this file has in it. */
  readonly size: number;
  readonly shared: boolean;
}

export interface Entry {
  readonly name: string;
  readonly key: Span;
  /** As it is written here; of an alias, the alias. */
  readonly written: Span;
  readonly value: Tree;
  /** Reached through an anchor, an alias or a merge key: a change at this place is one elsewhere, too. */
  readonly shared: boolean;
}

export interface ListTree {
  readonly t: "list";
  readonly items: readonly Item[];
  /** Lists of earlier files at the same place: Helm replaces lists, it does not join them. */
  readonly replaced: readonly ListTree[];
}

export interface Item {
  readonly value: Tree;
  readonly written: Span;
}

export interface Scalar {
  readonly t: "scalar";
  /** As it is written, so that 010 stays 010. */
  readonly text: string;
  /** Neither quoted nor tagged: YAML decides what it is. */
  readonly isPlain: boolean;
}

export type Path = readonly string[];

/** Nothing, as YAML 1.1 writes it; an empty text is nothing, too. */
export function isAbsent(tree: Tree): boolean {
  if (tree.t !== "scalar") return false;
  return tree.text === "" || (tree.isPlain && /^(~|null|Null|NULL)$/.test(tree.text));
}

/** The entries from the first name of the path on, as far as there are any. */
export function entriesAlong(root: MapTree, path: Path): readonly Entry[] {
  const found: Entry[] = [];
  let tree: Tree = root;
  for (const name of path) {
    const entry: Entry | undefined = tree.t === "map" ? tree.entries.get(name) : undefined;
    if (entry === undefined) return found;
    found.push(entry);
    tree = entry.value;
  }
  return found;
}

/** Undefined where nothing is said. */
export function entryAt(root: MapTree, path: Path): Entry | undefined {
  const entry = entriesAlong(root, path)[path.length - 1];
  return entry === undefined || isAbsent(entry.value) ? undefined : entry;
}

export function mapAt(root: MapTree, path: Path): MapTree | undefined {
  if (path.length === 0) return root;
  const value = entryAt(root, path)?.value;
  return value?.t === "map" ? value : undefined;
}

export function listAt(root: MapTree, path: Path): ListTree | undefined {
  const value = entryAt(root, path)?.value;
  return value?.t === "list" ? value : undefined;
}

/** The text of a scalar that says something. */
export function textAt(root: MapTree, path: Path): string | undefined {
  const value = entryAt(root, path)?.value;
  return value?.t === "scalar" ? value.text : undefined;
}

/** True only where YAML 1.1, which Helm reads, says true. */
export function isTrueAt(root: MapTree, path: Path): boolean {
  const value = entryAt(root, path)?.value;
  return value?.t === "scalar" && value.isPlain && booleanOf(value.text) === true;
}

/** sigs.k8s.io/yaml takes y, yes and on for true in values and in keys (measured with 1.6.0). */
export function booleanOf(text: string): boolean | undefined {
  if (/^(y|Y|yes|Yes|YES|true|True|TRUE|on|On|ON)$/.test(text)) return true;
  return /^(n|N|no|No|NO|false|False|FALSE|off|Off|OFF)$/.test(text) ? false : undefined;
}

/** Where the path's last name is written, or the last of those before it that are. */
export function nearestPosition(root: MapTree, path: Path, fallback: Source): Position {
  const span = entriesAlong(root, path).at(-1)?.key;
  return (span?.source ?? fallback).positionAt(span?.start ?? 0);
}
