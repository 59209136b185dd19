/**
 * An item of somebody's list as it is written, comments and all, for a list that will stand in the old one's place.
 * What cannot be taken word for word (anchors, aliases) is written anew from what it says.
 */
import { isMap, isScalar, isSeq, parseDocument } from "yaml";
import { type Item, isAbsent, type Scalar, type Tree } from "../lint/tree.ts";
import { scalarText } from "./scalar-text.ts";

/** Lines of a block sequence at the left margin. */
export function keptItem({ value, written }: Item): readonly string[] {
  const { source, start, end } = written;
  const lines = source.text.split(/\r?\n/);
  const first = source.positionAt(start);
  const before = (lines[first.line - 1] ?? "").slice(0, first.column - 1);
  if (!/^ *- +$/.test(before)) return asWritten(value, source.text.slice(start, end).split(/\r?\n/), first.column - 1);
  const dash = before.indexOf("-");
  const last = lastLine(lines, source.positionAt(Math.max(start, end - 1)).line, dash);
  const body = lines.slice(first.line - 1, last);
  const kept = asWritten(value, [(body[0] ?? "").slice(first.column - 1), ...body.slice(1)], first.column - 1);
  return [...commentsAbove(lines, first.line, dash), ...kept];
}

/** @param column the first line's place; the others have their indentation still */
function asWritten(value: Tree, body: readonly string[], column: number): readonly string[] {
  const [first = "", ...rest] = body;
  const lines = [`- ${first}`, ...rest.map((line) => shifted(line, 2 - column))];
  return saysTheSame(lines.join("\n"), value) ? lines : rewritten(value, "- ");
}

function shifted(line: string, by: number): string {
  if (line.trim() === "") return "";
  if (by >= 0) return " ".repeat(by) + line;
  const indentation = /^ */.exec(line)?.[0].length ?? 0;
  return line.slice(Math.min(indentation, -by));
}

/** Comments below an item that are indented deeper than its dash are about the item. */
function lastLine(lines: readonly string[], end: number, dash: number): number {
  let last = end;
  for (let at = end; at < lines.length; at++) {
    const comment = /^( *)#/.exec(lines[at] ?? "");
    if (comment !== null && (comment[1] ?? "").length > dash) last = at + 1;
    else if ((lines[at] ?? "").trim() !== "") break;
  }
  return last;
}

function commentsAbove(lines: readonly string[], first: number, dash: number): readonly string[] {
  const found: string[] = [];
  for (let at = first - 2; at >= 0; at--) {
    const comment = /^( *)(#.*)$/.exec(lines[at] ?? "");
    if (comment !== null && (comment[1] ?? "").length <= dash) found.unshift(comment[2] ?? "");
    else if ((lines[at] ?? "").trim() !== "") break;
  }
  return found;
}

/** True if the text alone, without the rest of its file, means what the item means there. */
function saysTheSame(text: string, value: Tree): boolean {
  const document = parseDocument(text, { uniqueKeys: false, prettyErrors: false });
  const contents = document.errors.length === 0 ? document.contents : null;
  return isSeq(contents) && contents.items.length === 1 && isSame(contents.items[0], value);
}

function isSame(node: unknown, value: Tree): boolean {
  switch (value.t) {
    case "map": {
      const entries = [...value.entries.values()];
      if (!isMap(node)) return node === null || (isScalar(node) && node.value === null && entries.length === 0);
      return (
        node.items.length === entries.length &&
        node.items.every(({ key, value: child }, index) => {
          const entry = entries[index];
          return entry !== undefined && isScalar(key) && key.source === entry.name && isSame(child, entry.value);
        })
      );
    }
    case "list":
      return (
        isSeq(node) &&
        node.items.length === value.items.length &&
        node.items.every((item, index) => isSame(item, value.items[index]?.value ?? NOTHING))
      );
    case "scalar":
      return node === null ? isAbsent(value) : isScalar(node) && (node.source ?? "") === value.text;
  }
}

const NOTHING: Scalar = { t: "scalar", text: "", isPlain: true };

/** @param lead what the first line begins with; the others are indented as far */
function rewritten(value: Tree, lead: string): readonly string[] {
  const indented = (lines: readonly string[]) =>
    lines.map((line, index) => (index === 0 ? lead : " ".repeat(lead.length)) + line);
  switch (value.t) {
    case "scalar":
      return [lead + scalarOf(value)];
    case "list":
      if (value.items.length === 0) return [`${lead}[]`];
      return indented(value.items.flatMap((item) => rewritten(item.value, "- ")));
    case "map": {
      const entries = [...value.entries.values()];
      if (entries.length === 0) return [`${lead}{}`];
      return indented(entries.flatMap((entry) => entryLines(`${scalarText(entry.name)}:`, entry.value)));
    }
  }
}

function entryLines(key: string, value: Tree): readonly string[] {
  if (value.t === "scalar") return [`${key} ${scalarOf(value)}`];
  const [only = "", ...rest] = rewritten(value, "");
  const isEmpty = rest.length === 0 && (only === "{}" || only === "[]");
  return isEmpty ? [`${key} ${only}`] : [key, ...[only, ...rest].map((line) => `  ${line}`)];
}

/** A plain scalar stays plain: what it is, a number or a truth, is Helm's to say. */
function scalarOf(value: Scalar): string {
  if (!value.isPlain) return JSON.stringify(value.text);
  return isAbsent(value) ? "null" : value.text;
}
