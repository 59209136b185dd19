/**
 * The sentences about a file's form, the same whether the sidecar or `lint` says them. Whoever walks the file finds the
 * places; here nothing is parsed.
 */
import type { Problem } from "./config.ts";
import { nearestName } from "./nearest-name.ts";
import { type Origin, problem, quote } from "./problem.ts";

/** A Secret, where vCluster keeps the file, holds no more. Characters; bytes are at least as many. */
export const FILE_CHARACTERS_MAX = 1_048_576;

export interface YamlFile {
  readonly name: string;
  readonly text: string;
}

/** What makes a text unfit for a parser: too much of it, or no text at all. */
export function objectionToText({ name, text }: YamlFile): Problem | undefined {
  const origin = { field: name, position: undefined };
  if (text.length > FILE_CHARACTERS_MAX) {
    const sentence = `expected at most ${FILE_CHARACTERS_MAX} characters, but there are more: this is no vcluster.yaml, mount the right file`;
    return problem("FILE_TOO_LARGE", origin, sentence);
  }
  // U+FFFD is what a decoder makes of bytes that are no UTF-8. Tab, line feed and carriage return are text.
  const odd = /[^\P{Cc}\t\n\r\u0085]|\uFFFD/u.exec(text);
  if (odd !== null) {
    const code = (odd[0].codePointAt(0) ?? 0).toString(16).toUpperCase().padStart(4, "0");
    const before = text.slice(0, odd.index).split("\n");
    const position = { file: name, line: before.length, column: (before.at(-1) ?? "").length + 1 };
    const sentence = `expected UTF-8 text, but found the character U+${code}: this is no vcluster.yaml, mount the right file`;
    return problem("FILE_NOT_TEXT", { field: name, position }, sentence);
  }
  return undefined;
}

/** @param code the parser's own, as in TAB_AS_INDENT */
export function syntaxProblem(origin: Origin, message: string, code: string): Problem {
  const sentence = `expected YAML, but the parser says ${quote(message)} (${code}): correct the file here`;
  return problem("YAML_SYNTAX", origin, sentence);
}

export function emptyFile(name: string): Problem {
  const sentence = "expected a vcluster.yaml, but the file is empty: mount the right file, or none";
  return problem("FILE_EMPTY", { field: name, position: undefined }, sentence);
}

export function duplicateKey(origin: Origin): Problem {
  const sentence = "expected this key once, but it is there again: vCluster reads only one of them, remove the other";
  return problem("YAML_DUPLICATE_KEY", origin, sentence);
}

export function unknownKey(origin: Origin, name: string, known: readonly string[]): Problem {
  const near = nearestName(name, known);
  const cure = near === undefined ? "remove it, or look its name up in docs/configuration.md" : `did you mean ${near}?`;
  return problem(
    "UNKNOWN_SETTING",
    origin,
    `expected a setting's name, but ${quote(name)} is none and has no effect: ${cure}`,
  );
}

/** @param found "a list", or what is written, in quotes */
export function wrongType(origin: Origin, expected: string, found: string): Problem {
  const sentence = `expected ${expected}, but found ${found}: correct the indentation or the value`;
  return problem("WRONG_TYPE", origin, sentence);
}
