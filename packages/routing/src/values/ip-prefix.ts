/**
 * An IP prefix as a branded string "10.100.0.0/24" in canonical spelling: host bits zero, compared with `===`.
 * The arithmetic is ip-cidr's. It and the library below it are lenient readers ("::ffff:10.0.0.1/120" becomes a network
 * of one address there), so only what the strict parsers here let through reaches them.
 */
import IPCIDR from "ip-cidr";
import { canonicalIpAddress, familyOf, hostPrefixLength, type IpAddress, parseIpAddress } from "./ip-address.ts";
import { invalid, type Parsed, valid } from "./parsed.ts";

declare const brand: unique symbol;

/** "10.100.0.0/24", "fd00:100::/64": host bits are zero. */
export type IpPrefix = string & { readonly [brand]: "IpPrefix" };

/** An address as it is configured on an interface: itself, and the subnet it is in. "10.100.0.1/24" */
export interface InterfaceAddress {
  readonly address: IpAddress;
  readonly subnet: IpPrefix;
}

/** Reads "10.100.0.0/24"; a host bit that is set is refused, since nobody can tell which of the two was meant. */
export function parseIpPrefix(text: string): Parsed<IpPrefix> {
  const parsed = parseInterfaceAddress(text);
  if (parsed.t === "invalid") return parsed;
  const { address, subnet } = parsed.value;
  if (networkAddress(subnet) !== address) return invalid(`has host bits set; the prefix is ${subnet}`);
  return valid(subnet);
}

/** Reads "10.100.0.1/24": the address with its host bits, and the subnet around it. */
export function parseInterfaceAddress(text: string): Parsed<InterfaceAddress> {
  const slash = text.indexOf("/");
  if (slash === -1) return invalid("has no prefix length (as in 10.100.0.1/24)");
  const address = parseIpAddress(text.slice(0, slash));
  if (address.t === "invalid") return address;
  const length = text.slice(slash + 1);
  // "+24", "024", "24 " and "255.255.255.0" are read by lenient libraries, each in its own way.
  if (!/^(0|[1-9][0-9]{0,2})$/.test(length))
    return invalid(`has the prefix length "${length}", which is not a decimal number`);
  const longest = hostPrefixLength(address.value);
  if (Number(length) > longest) return invalid(`has the prefix length ${length}, but at most ${longest} is possible`);
  return valid({ address: address.value, subnet: ipPrefix(address.value, Number(length)) });
}

/** The prefix of that length around the address. lengthBits is 0..32 or 0..128; anything else is a mistake of the caller's. */
export function ipPrefix(address: IpAddress, lengthBits: number): IpPrefix {
  return `${canonicalIpAddress(new IPCIDR(`${address}/${lengthBits}`).start<string>())}/${lengthBits}` as IpPrefix;
}

/** The prefix that holds this address alone. */
export function hostPrefix(address: IpAddress): IpPrefix {
  return `${address}/${hostPrefixLength(address)}` as IpPrefix;
}

/** The first address of the prefix. */
export function networkAddress(prefix: IpPrefix): IpAddress {
  return prefix.slice(0, prefix.indexOf("/")) as IpAddress;
}

/** In bits. */
export function prefixLength(prefix: IpPrefix): number {
  return Number(prefix.slice(prefix.indexOf("/") + 1));
}

/** The directed broadcast address; undefined where there is none: IPv6, /31 (RFC 3021) and /32. */
export function broadcastAddress(prefix: IpPrefix): IpAddress | undefined {
  if (familyOf(networkAddress(prefix)) === 6 || prefixLength(prefix) > 30) return undefined;
  return canonicalIpAddress(new IPCIDR(prefix).end<string>());
}

/** False across families. */
export function prefixContains(prefix: IpPrefix, address: IpAddress): boolean {
  return familyOf(networkAddress(prefix)) === familyOf(address) && new IPCIDR(prefix).contains(address);
}
