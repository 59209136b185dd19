/**
 * Random documents that a JSON schema accepts, as far as the vCluster chart's schema goes: it has $ref, type,
 * properties, additionalProperties, items, enum, oneOf and anyOf. Its two patterns are of
 * Kubernetes' names, which "a" is.
 */
import fc from "fast-check";

export interface Schema {
  readonly $ref?: string;
  readonly $defs?: Readonly<Record<string, Schema>>;
  readonly type?: string | readonly string[];
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly additionalProperties?: boolean | Schema;
  readonly patternProperties?: Readonly<Record<string, Schema>>;
  readonly required?: readonly string[];
  readonly items?: boolean | Schema;
  readonly enum?: readonly unknown[];
  readonly oneOf?: readonly Schema[];
  readonly anyOf?: readonly Schema[];
  readonly pattern?: string;
}

/** Documents are to be read by a person when one fails. */
const KEYS_MAX = 5;
const DEPTH_MAX = 9;

/** @param roots so many of the first level's keys are chosen from; those of no interest left out */
export function documentsOf(schema: Schema, roots?: readonly string[]): fc.Arbitrary<unknown> {
  const kept = Object.entries(schema.properties ?? {}).filter(([name]) => roots?.includes(name) ?? true);
  return valuesOf({ ...schema, properties: Object.fromEntries(kept) }, schema.$defs ?? {}, 0);
}

type Definitions = Readonly<Record<string, Schema>>;

function valuesOf(schema: Schema, definitions: Definitions, depth: number): fc.Arbitrary<unknown> {
  const { $ref, type, items } = schema;
  if ($ref !== undefined) return valuesOf(definitions[$ref.replace(/^#\/\$defs\//, "")] ?? {}, definitions, depth);
  if (schema.enum !== undefined) return fc.constantFrom(...schema.enum);
  // Of maps, the choices in this schema only repeat what additionalProperties say.
  const choices = typeof schema.additionalProperties === "object" ? undefined : (schema.oneOf ?? schema.anyOf);
  if (choices !== undefined) return fc.oneof(...choices.map((choice) => valuesOf(choice, definitions, depth)));
  switch (typeof type === "string" ? type : type?.[0]) {
    case "string":
      return schema.pattern === undefined ? texts : fc.constant("a");
    case "boolean":
      return fc.boolean();
    case "integer":
    case "number":
      return fc.integer({ min: 0, max: 9000 });
    case "array":
      return depth >= DEPTH_MAX ? fc.constant([]) : fc.array(itemsOf(items, definitions, depth + 1), { maxLength: 3 });
    default:
      // Without a type anything goes. Of `global`, which is one of these, Helm itself asks for a map.
      return mapsOf(schema, definitions, depth + 1);
  }
}

function itemsOf(items: boolean | Schema | undefined, definitions: Definitions, depth: number): fc.Arbitrary<unknown> {
  return typeof items === "object" ? valuesOf(items, definitions, depth) : fc.oneof(texts, fc.dictionary(words, texts));
}

function mapsOf(schema: Schema, definitions: Definitions, depth: number): fc.Arbitrary<unknown> {
  const { properties = {}, additionalProperties = true, required = [] } = schema;
  const optional = Object.keys(properties).filter((name) => !required.includes(name));
  const names = depth > DEPTH_MAX ? [] : optional;
  if (optional.length + required.length > 0) {
    return fc.subarray(names, { maxLength: Math.min(KEYS_MAX, names.length) }).chain((chosen) => {
      const all = [...required, ...chosen].map(
        (name) => [name, valuesOf(properties[name] ?? {}, definitions, depth)] as const,
      );
      return fc.record(Object.fromEntries(all));
    });
  }
  const [ofPattern] = Object.values(schema.patternProperties ?? {});
  if (ofPattern !== undefined) return fc.dictionary(words, valuesOf(ofPattern, definitions, depth), { maxKeys: 3 });
  if (additionalProperties === false) return fc.constant({});
  const others = typeof additionalProperties === "object" ? valuesOf(additionalProperties, definitions, depth) : texts;
  return fc.dictionary(words, others, { maxKeys: 3 });
}

const words = fc.stringMatching(/^[a-z][a-zA-Z0-9./-]{0,12}$/);
const texts = fc.oneof(
  words,
  fc.string({ maxLength: 12, unit: fc.constantFrom(..."abz09 .:/-_#'\"{}[],&*!|>%@é\n\t") }),
  fc.constantFrom("", "yes", "null", "~", "10.100.0.100:8443", "10.100.0.1/24", "net1", "a/b"),
);
