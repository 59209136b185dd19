/** A text as a YAML scalar that any parser reads as this text again, YAML 1.1's included. */
import { booleanOf, isAbsent } from "../lint/tree.ts";

/** Neither a number nor a date nor anything that YAML marks with a sign; true in flow and in block. */
const WORD = /^[A-Za-z_](?:[\w./@:-]*[\w./@-])?$/;
/** "10m", "128Mi". With a plain number's suffixes, "1e3" would become one. */
const AMOUNT = /^[0-9]+(?:m|[KMGT]i?|k)$/;

export function scalarText(text: string): string {
  const isKeyword = booleanOf(text) !== undefined || isAbsent({ t: "scalar", text, isPlain: true });
  if ((WORD.test(text) && !isKeyword) || AMOUNT.test(text)) return text;
  // Between single quotes nothing is special, so that JSON is readable there; JSON's own strings are YAML, too.
  return /^[\x20-\x26\x28-\x7e]*$/.test(text) ? `'${text}'` : JSON.stringify(text);
}
