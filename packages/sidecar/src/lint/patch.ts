/**
 * A change of whole lines in one file, and how it is written as a unified diff that `patch -p1` and `git apply` take.
 * Where to change what is edit.ts's matter.
 */
import type { Source } from "./tree.ts";

export interface LineEdit {
  /** The first line that is removed, or before which lines are inserted; counted from 1. */
  readonly line: number;
  readonly removed: number;
  readonly inserted: readonly string[];
}

export interface Patch {
  readonly source: Source;
  /** In the order of lines; no two touch the same one. */
  readonly edits: readonly LineEdit[];
}

/** The file's text with the patch applied. */
export function applyPatch({ source, edits }: Patch): string {
  const lines = linesOf(source.text);
  for (const { line, removed, inserted } of edits.toReversed()) {
    const atEnd = line > lines.length;
    const before = lines[lines.length - 1];
    if (atEnd && before !== undefined && !before.endsWith("\n"))
      lines[lines.length - 1] = `${before}${lineEnd(source)}`;
    lines.splice(line - 1, removed, ...inserted.map((text) => `${text}${lineEnd(source)}`));
  }
  return lines.join("");
}

const CONTEXT_LINES = 3;

/** With `a/` and `b/` before the file's name, as git writes it. */
export function unifiedDiff(patch: Patch): string {
  const name = patch.source.name.replace(/^\/+/, "");
  const lines = linesOf(patch.source.text);
  let shift = 0;
  const hunks = hunksOf(patch.edits).map((edits) => {
    const hunk = hunkText(edits, lines, shift, lineEnd(patch.source));
    shift += hunk.shift;
    return hunk.text;
  });
  return `--- a/${name}\n+++ b/${name}\n${hunks.join("")}`;
}

/** Edits whose contexts meet are one hunk. */
function hunksOf(edits: readonly LineEdit[]): readonly (readonly LineEdit[])[] {
  const hunks: LineEdit[][] = [];
  for (const edit of edits) {
    const last = hunks.at(-1)?.at(-1);
    if (last !== undefined && edit.line - (last.line + last.removed) <= 2 * CONTEXT_LINES) hunks.at(-1)?.push(edit);
    else hunks.push([edit]);
  }
  return hunks;
}

function hunkText(edits: readonly LineEdit[], lines: readonly string[], shift: number, end: string) {
  const first = edits[0]?.line ?? 1;
  const last = edits.at(-1) ?? { line: 1, removed: 0 };
  const from = Math.max(1, first - CONTEXT_LINES);
  const to = Math.min(lines.length, last.line + last.removed - 1 + CONTEXT_LINES);
  const body: string[] = [];
  let at = from;
  const copy = (mark: string, until: number): void => {
    for (; at < until; at++) body.push(marked(mark, lines[at - 1] ?? ""));
  };
  for (const { line, removed, inserted } of edits) {
    copy(" ", Math.min(line, lines.length + 1));
    const before = lines[lines.length - 1];
    // Something is to follow a last line that has no line feed: it gets one, which is a change of it.
    if (line > lines.length && before !== undefined && !before.endsWith("\n")) {
      body.pop();
      body.push(marked("-", before), `+${before}${end}`);
    }
    copy("-", line + removed);
    body.push(...inserted.map((text) => `+${text}${end}`));
  }
  copy(" ", to + 1);
  const count = (marks: string): number => body.filter((line) => marks.includes(line.charAt(0))).length;
  const old = count(" -");
  const now = count(" +");
  const head = `@@ -${old === 0 ? from - 1 : from},${old} +${now === 0 ? from + shift - 1 : from + shift},${now} @@\n`;
  return { text: head + body.join(""), shift: now - old };
}

function marked(mark: string, line: string): string {
  return line.endsWith("\n") ? `${mark}${line}` : `${mark}${line}\n\\ No newline at end of file\n`;
}

/** Each with its line feed; the last may have none. */
function linesOf(text: string): string[] {
  return text.match(/[^\n]*\n|[^\n]+$/g) ?? [];
}

function lineEnd({ text }: Source): string {
  return /^[^\n]*\r\n/.test(text) ? "\r\n" : "\n";
}
