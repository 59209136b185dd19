/**
 * The name of a network interface, as the kernel takes it (dev_valid_name, net/core/dev.c): 1 to 15 bytes, no "/" or
 * ":", no white space, not "." or "..". Stricter in one thing: printable ASCII only, as every CNI plugin makes them.
 */
import { invalid, type Parsed, valid } from "./parsed.ts";

declare const brand: unique symbol;

export type InterfaceName = string & { readonly [brand]: "InterfaceName" };

/** IFNAMSIZ (16) less the closing zero. */
const LONGEST = 15;

export function parseInterfaceName(text: string): Parsed<InterfaceName> {
  if (text === "") return invalid("is empty");
  if (text === "." || text === "..") return invalid(`is "${text}", which the kernel refuses`);
  const bad = /[^!-~]|[/:]/u.exec(text);
  if (bad !== null) return invalid(`has the character ${JSON.stringify(bad[0])}, which an interface name cannot have`);
  if (text.length > LONGEST)
    return invalid(`is ${text.length} characters long, but the kernel takes at most ${LONGEST}`);
  return valid(text as InterfaceName);
}
