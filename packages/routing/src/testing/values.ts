/** Values from literals, for tests: a literal that the strict parser refuses is a mistake in the test and throws. */
import { type InterfaceName, parseInterfaceName } from "../values/interface-name.ts";
import { type IpAddress, parseIpAddress } from "../values/ip-address.ts";
import { type IpPrefix, parseIpPrefix } from "../values/ip-prefix.ts";
import { type MacAddress, parseMacAddress } from "../values/mac-address.ts";
import type { Parsed } from "../values/parsed.ts";

export function ip(text: string): IpAddress {
  return must(text, parseIpAddress(text));
}

export function prefix(text: string): IpPrefix {
  return must(text, parseIpPrefix(text));
}

export function mac(text: string): MacAddress {
  return must(text, parseMacAddress(text));
}

export function interfaceName(text: string): InterfaceName {
  return must(text, parseInterfaceName(text));
}

function must<T>(text: string, parsed: Parsed<T>): T {
  if (parsed.t === "invalid") throw new TypeError(`"${text}" ${parsed.reason}`);
  return parsed.value;
}
