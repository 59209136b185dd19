/**
 * values.schema.json, from the chart's commented values and the sidecar's table of settings, which share
 * global.kubeVip. Open everywhere else: a whole vcluster.yaml is to pass.
 */
import { OWN_SECTION, type Setting } from "../../packages/sidecar/src/config/setting.ts";
import { ALL_SETTINGS } from "../../packages/sidecar/src/config/settings.ts";
import type { ValueEntry } from "./values-file.ts";

type Schema = Readonly<Record<string, unknown>>;

const DRAFT = "https://json-schema.org/draft/2020-12/schema";

/** The settings that may be said under global.kubeVip, by their names there. */
export const OWN_SETTINGS: ReadonlyMap<string, Setting<unknown>> = new Map(
  ALL_SETTINGS.flatMap((setting) =>
    setting.keys
      .filter((key) => key.startsWith(`${OWN_SECTION}.`))
      .map((key) => [key.slice(OWN_SECTION.length + 1), setting] as const),
  ),
);

export function valuesSchema(values: readonly ValueEntry[]): Schema {
  return {
    $schema: DRAFT,
    $comment: "Made of values.yaml and the sidecar's settings by test/chart; not to be edited.",
    ...mapOf(values, {}, true),
  };
}

function schemaOf(entry: ValueEntry): Schema {
  const name = entry.path.join(".");
  const said = { ...(entry.description === "" ? {} : { description: entry.description }) };
  if (entry.inner.length === 0) return { ...said, ...typeOf(entry.default), ...entry.keywords };
  const isOwn = name === OWN_SECTION;
  const settings = isOwn ? [...OWN_SETTINGS].map(([key, setting]) => [key, settingSchema(setting)] as const) : [];
  return { ...said, ...mapOf(entry.inner, Object.fromEntries(settings), !name.startsWith(OWN_SECTION)) };
}

function mapOf(entries: readonly ValueEntry[], others: Schema, isOpen: boolean): Schema {
  const properties = entries.map((entry) => [entry.path.at(-1) ?? "", schemaOf(entry)] as const);
  const sections = entries.filter(({ inner }) => inner.length > 0).map(({ path }) => path.at(-1));
  return {
    type: "object",
    properties: { ...Object.fromEntries(properties), ...others },
    additionalProperties: isOpen,
    // "kubeVip:" without anything under it is null, which removes the defaults that the templates build on.
    ...(sections.length === 0 ? {} : { required: sections }),
  };
}

function typeOf(value: unknown): Schema {
  if (Array.isArray(value)) return { type: "array" };
  return { type: typeof value };
}

/**
 * Texts pass where numbers do, and nothing where anything does, as in the sidecar: "15" is 15 there, and an empty value
 * says nothing. How values fit together, and most of what
 * addresses are, lint and the sidecar say in sentences.
 */
function settingSchema({ description, kind, defaultText = "" }: Setting<unknown>): Schema {
  const said = { description: withDefault(description, defaultText) };
  if (kind.limits !== undefined) {
    const { min, max, whole } = kind.limits;
    const number = { type: whole ? "integer" : "number", minimum: min, maximum: max };
    return { ...said, anyOf: [number, { type: ["string", "null"], pattern: whole ? "^[0-9]*$" : "^[0-9.]*$" }] };
  }
  if (kind.words !== undefined) return { ...said, enum: [...kind.words, "", null] };
  if (kind.type === "level") return { ...said, type: ["string", "integer", "null"] };
  // The one kind of list.
  if (kind.type === "IP addresses") return { ...said, type: ["string", "array", "null"], items: { type: "string" } };
  return { ...said, type: ["string", "null"] };
}

function withDefault(description: string, defaultText: string): string {
  return defaultText === "" ? description : `${description} Default: ${defaultText.replaceAll(/[<>]/g, "")}.`;
}
