/**
 * Small changes of a YAML file that leave every other line as it is, comments and all. Each answers undefined where it
 * cannot be done line by line (flow maps, anchors, several lines): a person does it better then.
 */
import type { LineEdit, Patch } from "./patch.ts";
import { type Entry, entriesAlong, isAbsent, type MapTree, mapAt, type Path, type Span, type Written } from "./tree.ts";

/** Indentation of what is added below an existing key. */
const STEP = "  ";

/** Other words at the same place, which must be on one line. */
export function replaceSpan({ source, start, end }: Span, text: string): Patch | undefined {
  const { line, column } = source.positionAt(start);
  if (start === end || source.text.slice(start, end).includes("\n")) return undefined;
  const before = lineAt(source.text, start);
  const changed = before.slice(0, column - 1) + text + before.slice(column - 1 + end - start);
  return { source, edits: [{ line, removed: 1, inserted: [changed] }] };
}

/** As replaceSpan, for the value of an entry that nobody else shares. */
export function replaceValue(entry: Entry, text: string): Patch | undefined {
  return entry.shared ? undefined : replaceSpan(entry.written, text);
}

/**
 * Removes an entry, and the maps that would be left empty: the chart's schema refuses `annotations:` with nothing in it.
 * @param keep so many of the path's names stay, even if empty
 */
export function removeEntry(root: MapTree, path: Path, keep = 0): Patch | undefined {
  const chain = entriesAlong(root, path);
  const source = chain[path.length - 1]?.key.source;
  if (source === undefined) return undefined;
  const mapIn = (depth: number) => mapAt(root, path.slice(0, depth))?.written.find((map) => map.source === source);
  let depth = path.length;
  while (depth - 1 > keep && mapIn(depth - 1)?.size === 1 && chain[depth - 2]?.key.source === source) depth--;
  const entry = chain[depth - 1];
  if (entry === undefined || entry.shared || mapIn(depth - 1)?.style !== "block") return undefined;
  const { start } = entry.key;
  const first = source.positionAt(start);
  const before = lineAt(source.text, start).slice(0, first.column - 1);
  if (before.trim() !== "") return undefined;
  const last = source.positionAt(Math.max(start, entry.written.end - 1)).line;
  return { source, edits: [{ line: first.line, removed: last - first.line + 1, inserted: [] }] };
}

/**
 * Adds lines as entries of the map at the path, after its last one; the maps of the path that are missing are made. In
 * the first of several files that has the nearest map: later ones are usually generated.
 */
export function insertInto(root: MapTree, path: Path, lines: readonly string[]): Patch | undefined {
  const chain = entriesAlong(root, path);
  const last = chain.at(-1);
  const rest = path.slice(chain.length);
  if (last !== undefined && last.value.t === "scalar") {
    if (!isAbsent(last.value) || last.value.text !== "" || last.shared) return undefined;
    const { line, column } = last.key.source.positionAt(last.key.start);
    const inserted = nested(rest, lines, " ".repeat(column - 1) + STEP);
    return { source: last.key.source, edits: [{ line: line + 1, removed: 0, inserted }] };
  }
  const map = last === undefined ? root : last.value;
  const place = map.t === "map" ? map.written.find(isOpen) : undefined;
  if (place?.firstKey === undefined) return undefined;
  const indentation = " ".repeat(place.source.positionAt(place.firstKey).column - 1);
  const line = place.source.positionAt(Math.max(place.firstKey, place.end - 1)).line + 1;
  return { source: place.source, edits: [{ line, removed: 0, inserted: nested(rest, lines, indentation) }] };
}

/** An entry's own lines with the comment behind them, as they would stand at the left margin. */
export function linesOfEntry({ key, written, shared }: Entry): readonly string[] | undefined {
  const { source, start } = key;
  const indentation = lineAt(source.text, start).slice(0, source.positionAt(start).column - 1);
  if (shared || indentation.trim() !== "") return undefined;
  const lineEnd = source.text.indexOf("\n", written.end);
  const lines = source.text
    .slice(start, lineEnd === -1 ? undefined : lineEnd)
    .trimEnd()
    .split(/\r?\n/);
  return lines.map((line) => (line.startsWith(indentation) ? line.slice(indentation.length) : line));
}

/** Undefined if one of them is missing, or they are of several files, or in each other's way. */
export function together(...patches: readonly (Patch | undefined)[]): Patch | undefined {
  const known = patches.filter((patch) => patch !== undefined);
  const source = known[0]?.source;
  if (source === undefined || known.length < patches.length) return undefined;
  if (known.some((patch) => patch.source !== source)) return undefined;
  const edits = known.flatMap((patch) => patch.edits).toSorted((a, b) => a.line - b.line || b.removed - a.removed);
  const isClear = edits.every((edit, index) => isAfter(edit, edits[index - 1]));
  return isClear ? { source, edits: edits.map((edit, index) => movedBack(edit, edits[index - 1])) } : undefined;
}

function isAfter(edit: LineEdit, before: LineEdit | undefined): boolean {
  return before === undefined || edit.line >= before.line + before.removed || edit.removed === 0;
}

/** An insertion into the lines that are removed before it goes behind them. */
function movedBack(edit: LineEdit, before: LineEdit | undefined): LineEdit {
  return before === undefined ? edit : { ...edit, line: Math.max(edit.line, before.line + before.removed) };
}

function isOpen({ style, shared }: Written): boolean {
  return style === "block" && !shared;
}

function nested(names: Path, lines: readonly string[], indentation: string): readonly string[] {
  const [name, ...rest] = names;
  if (name === undefined) return lines.map((line) => (line === "" ? "" : indentation + line));
  return [`${indentation}${name}:`, ...nested(rest, lines, indentation + STEP)];
}

/** Without its line feed. */
function lineAt(text: string, offset: number): string {
  const start = text.lastIndexOf("\n", offset - 1) + 1;
  const end = text.indexOf("\n", offset);
  return text.slice(start, end === -1 ? text.length : end).replace(/\r$/, "");
}
