/**
 * Reads the chart's commented values.yaml: for each value its comment, its default and what a line "# @schema {…}" adds.
 * Knows neither JSON Schema's rules nor the README's form.
 */
import { isMap, isScalar, type Pair, parseDocument, type YAMLMap } from "yaml";

export interface ValueEntry {
  /** ["global", "kubeVip", "vclusterName"] */
  readonly path: readonly string[];
  /** The comment above it as one line; "" where there is none. */
  readonly description: string;
  readonly default: unknown;
  /** Keywords of JSON Schema that win over what the default tells. */
  readonly keywords: Readonly<Record<string, unknown>>;
  /** Of a map whose keys are values themselves. */
  readonly inner: readonly ValueEntry[];
}

const KEYWORDS = "@schema ";

export function readValues(text: string): readonly ValueEntry[] {
  const document = parseDocument(text);
  const [error] = document.errors;
  if (error !== undefined) throw error;
  if (!isMap(document.contents)) throw new TypeError("values.yaml is not a map");
  return entriesOf(document.contents, []);
}

function entriesOf(map: YAMLMap, above: readonly string[]): readonly ValueEntry[] {
  return map.items.map((pair, index) => {
    // A map's own comment is kept with the map where its first key has none of its own.
    const comment = commentOf(pair) ?? (index === 0 ? (map.commentBefore ?? "") : "");
    return entryOf(pair, above, comment);
  });
}

function entryOf({ key, value }: Pair, above: readonly string[], comment: string): ValueEntry {
  const path = [...above, isScalar(key) ? String(key.value) : ""];
  const lines = comment.split("\n").map((line) => line.trim());
  const keywords = lines.filter((line) => line.startsWith(KEYWORDS)).map((line) => keywordsOf(line, path));
  const isOpen = keywords.some((words) => "additionalProperties" in words);
  return {
    path,
    description: lines.filter((line) => line !== "" && !line.startsWith(KEYWORDS)).join(" "),
    default: isMap(value) || !isScalar(value) ? (value as YAMLMap).toJSON() : value.value,
    keywords: Object.assign({}, ...keywords) as Readonly<Record<string, unknown>>,
    inner: isMap(value) && !isOpen ? entriesOf(value, path) : [],
  };
}

function commentOf({ key }: Pair): string | undefined {
  return isScalar(key) ? (key.commentBefore ?? undefined) : undefined;
}

function keywordsOf(line: string, path: readonly string[]): Record<string, unknown> {
  const document = parseDocument(line.slice(KEYWORDS.length));
  const keywords: unknown = document.toJSON();
  if (document.errors.length > 0 || typeof keywords !== "object" || keywords === null)
    throw new TypeError(`values.yaml, ${path.join(".")}: "${line}" is not a map of keywords`);
  return keywords as Record<string, unknown>;
}
