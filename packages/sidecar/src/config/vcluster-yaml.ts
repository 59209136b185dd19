/**
 * Finds known keys in a vcluster.yaml, each with its line and column. Whatever else is in the file is somebody else's
 * and is not looked at. Knows no settings and judges no values. Never throws on any text.
 */
import { isAlias, isMap, isScalar, isSeq, LineCounter, type Node, parseDocument, type YAMLMap } from "yaml";
import type { Problem } from "./config.ts";
import { type Origin, quote } from "./problem.ts";
import {
  duplicateKey,
  emptyFile,
  objectionToText,
  syntaxProblem,
  unknownKey,
  wrongType,
  type YamlFile,
} from "./yaml-problems.ts";

/** A broken file breaks in many places at once; the first few tell all. */
const PROBLEMS_PER_CODE_MAX = 10;
/** Resolving an alias walks the whole file, so a list of aliases must end somewhere. */
const LIST_ITEMS_MAX = 64;

export interface FoundValue {
  readonly text: string;
  readonly origin: Origin;
}

export interface YamlKeys {
  /** False: nothing can be said about what is missing in the file. */
  readonly readable: boolean;
  readonly values: ReadonlyMap<string, FoundValue>;
  readonly problems: readonly Problem[];
}

export interface Sections {
  /** "global.kubeVip": maps in which any other key is a mistake, and warned about. */
  readonly closed: readonly string[];
  /** "global.kubeVip.podMonitor": keys in them that somebody else reads. */
  readonly foreign: readonly string[];
}

/** @param keys "controlPlane.endpoint": keys of scalars. An empty one counts as absent, a list as its items with commas. */
export function findYamlKeys(file: YamlFile, keys: readonly string[], sections: Sections): YamlKeys {
  const objection = objectionToText(file);
  if (objection !== undefined) return { readable: false, values: new Map(), problems: [objection] };
  const lines = new LineCounter();
  // uniqueKeys compares each key with all others of its map: a second for 100,000 of them. See entries() instead.
  const document = parseDocument(file.text, { lineCounter: lines, uniqueKeys: false, prettyErrors: false });
  const at = (field: string, offset: number): Origin => ({ field, position: positionOf(file, lines, offset) });
  if (document.errors.length > 0) {
    const problems = document.errors
      .slice(0, PROBLEMS_PER_CODE_MAX)
      .map(({ code, message, pos }) => syntaxProblem(at(file.name, pos[0]), message, code));
    return { readable: false, values: new Map(), problems };
  }
  const finder = new KeyFinder(keys, sections, at, (node) => (isAlias(node) ? node.resolve(document) : node));
  if (isAbsent(document.contents)) return { readable: true, values: new Map(), problems: [emptyFile(file.name)] };
  finder.descend(document.contents, "");
  const readable = !finder.problems.some((problem) => problem.severity === "error");
  return { readable, values: finder.values, problems: finder.problems };
}

function positionOf(file: YamlFile, lines: LineCounter, offset: number): Problem["position"] {
  const { line, col } = lines.linePos(offset);
  return { file: file.name, line, column: col };
}

function isAbsent(node: unknown): boolean {
  return node === null || (isScalar(node) && (node.value === null || node.value === ""));
}

interface Entry {
  readonly key: Node;
  readonly value: unknown;
}

/** Walks down the maps that known keys are in; the depth is that of the longest key, whatever the file is like. */
class KeyFinder {
  readonly values = new Map<string, FoundValue>();
  readonly problems: Problem[] = [];
  readonly #keys: readonly string[];
  readonly #sections: Sections;
  readonly #at: (field: string, offset: number) => Origin;
  readonly #resolve: (node: unknown) => unknown;

  constructor(
    keys: readonly string[],
    sections: Sections,
    at: (field: string, offset: number) => Origin,
    resolve: (node: unknown) => unknown,
  ) {
    this.#keys = keys;
    this.#sections = sections;
    this.#at = at;
    this.#resolve = resolve;
  }

  descend(unresolved: unknown, section: string): void {
    const node = this.#resolve(unresolved);
    if (isAbsent(node)) return;
    const field = section === "" ? "the file" : section;
    if (!isMap(node)) return this.#reportType(field, "a map of settings", unresolved);
    const known = this.#namesIn(section);
    const entries = this.#entries(node, section, known);
    for (const name of known) {
      const entry = entries.get(name);
      if (entry === undefined) continue;
      const key = section === "" ? name : `${section}.${name}`;
      if (this.#keys.includes(key)) this.#take(key, entry.value);
      else this.descend(entry.value, key);
    }
  }

  /** The first parts of known keys, as they follow the section. */
  #namesIn(section: string): readonly string[] {
    const prefix = section === "" ? "" : `${section}.`;
    const inside = this.#keys.filter((key) => key.startsWith(prefix));
    return [...new Set(inside.map((key) => key.slice(prefix.length).split(".", 1)[0] ?? ""))];
  }

  #entries(map: YAMLMap, section: string, known: readonly string[]): ReadonlyMap<string, Entry> {
    const entries = new Map<string, Entry>();
    for (const { key, value } of map.items) {
      if (!isScalar(key)) continue;
      const name = String(key.value);
      const field = section === "" ? name : `${section}.${name}`;
      const origin = this.#at(field, key.range?.[0] ?? 0);
      if (known.includes(name) && entries.has(name)) this.#report(duplicateKey(origin));
      const isSomebodys = known.includes(name) || this.#sections.foreign.includes(field);
      if (!isSomebodys && this.#sections.closed.includes(section)) this.#report(unknownKey(origin, name, known));
      entries.set(name, { key, value });
    }
    return entries;
  }

  #take(key: string, unresolved: unknown): void {
    const node = this.#resolve(unresolved);
    if (isAbsent(node)) return;
    const text = isSeq(node) ? this.#listText(node.items) : scalarText(node);
    if (text === undefined) return this.#reportType(key, "a plain value", unresolved);
    this.values.set(key, { text, origin: this.#at(key, offsetOf(unresolved)) });
  }

  #listText(items: readonly unknown[]): string | undefined {
    if (items.length > LIST_ITEMS_MAX) return undefined;
    const texts = items.map((item) => scalarText(this.#resolve(item)));
    return texts.includes(undefined) ? undefined : texts.join(",");
  }

  #reportType(field: string, expected: string, node: unknown): void {
    this.#report(wrongType(this.#at(field, offsetOf(node)), expected, describe(this.#resolve(node))));
  }

  #report(problem: Problem): void {
    const alike = this.problems.filter(({ code }) => code === problem.code).length;
    if (alike < PROBLEMS_PER_CODE_MAX) this.problems.push(problem);
  }
}

/** As it is written, so that 010 stays 010 and 1e3 stays 1e3. */
function scalarText(node: unknown): string | undefined {
  return isScalar(node) ? (node.source ?? String(node.value)) : undefined;
}

function offsetOf(node: unknown): number {
  return isAlias(node) || isMap(node) || isSeq(node) || isScalar(node) ? (node.range?.[0] ?? 0) : 0;
}

function describe(node: unknown): string {
  if (isMap(node)) return "a map";
  if (isSeq(node)) return "a list";
  return isScalar(node) ? quote(String(node.source ?? node.value)) : "an alias of nothing";
}
