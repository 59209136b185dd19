/**
 * An IPv4 or IPv6 address as a branded string in its one canonical spelling, so that `===`, Map keys and JSON just work.
 * Read strictly: what inet_aton takes (octal, short, hexadecimal forms), zone ids, IPv4-mapped and mixed notation are
 * refused, each with its own reason. Knows no prefixes (ip-prefix.ts) and no ranges.
 * https://www.rfc-editor.org/rfc/rfc4291#section-2.2 · https://www.rfc-editor.org/rfc/rfc5952
 */
import { invalid, type Parsed, valid } from "./parsed.ts";

declare const brand: unique symbol;

/** "10.100.0.100", "fd00::64": canonical (RFC 5952), hence compared with `===`. */
export type IpAddress = string & { readonly [brand]: "IpAddress" };

/** Never throws; a refused text comes back with the reason. */
export function parseIpAddress(text: string): Parsed<IpAddress> {
  if (text === "") return invalid("is empty");
  if (text !== text.trim()) return invalid("has white space around it");
  if (text.includes("/")) return invalid("has a prefix length, but a bare address is needed");
  return text.includes(":") ? parseIpv6(text) : parseIpv4(text);
}

/**
 * The canonical spelling of an address that a library or the kernel wrote: well formed, maybe long or IPv4-mapped (some
 * hosts have a route to ::ffff:0:0/96). Not for what people write: that goes through parseIpAddress.
 */
export function canonicalIpAddress(wellFormed: string): IpAddress {
  return wellFormed.includes(":") ? formatIpv6(expandGroups(wellFormed)) : (wellFormed as IpAddress);
}

/** 4 or 16 bytes in network order; any other length is undefined. */
export function ipAddressFromBytes(bytes: Uint8Array): IpAddress | undefined {
  if (bytes.length === 4) return bytes.join(".") as IpAddress;
  if (bytes.length !== 16) return undefined;
  const groups: number[] = [];
  for (let i = 0; i < 16; i += 2) groups.push(((bytes[i] ?? 0) << 8) | (bytes[i + 1] ?? 0));
  return formatIpv6(groups);
}

/** Network order: 4 bytes for IPv4, 16 for IPv6. */
export function ipAddressBytes(address: IpAddress): Uint8Array<ArrayBuffer> {
  if (familyOf(address) === 4) return Uint8Array.from(address.split("."), Number);
  const bytes = new Uint8Array(16);
  for (const [i, group] of expandGroups(address).entries()) {
    bytes[2 * i] = group >> 8;
    bytes[2 * i + 1] = group & 0xff;
  }
  return bytes;
}

export function familyOf(address: IpAddress): 4 | 6 {
  return address.includes(":") ? 6 : 4;
}

/** The length of a prefix that holds this address alone: 32 or 128. */
export function hostPrefixLength(address: IpAddress): 32 | 128 {
  return familyOf(address) === 4 ? 32 : 128;
}

function parseIpv4(text: string): Parsed<IpAddress> {
  if (!/^[0-9a-fxA-FX.]+$/.test(text)) return invalid("is not an IP address (a DNS name is not accepted here)");
  const parts = text.split(".");
  if (parts.length !== 4) return invalid(`has ${parts.length} parts, but an IPv4 address has 4`);
  for (const part of parts) {
    if (part === "") return invalid("has an empty part");
    if (!/^[0-9]+$/.test(part)) return invalid(`has the part "${part}", which is not a decimal number`);
    // inet_aton reads 010 as 8; some libraries read it as 10. Whoever wrote it meant one of them.
    if (part.length > 1 && part.startsWith("0")) return invalid(`has the octal-looking part "${part}"`);
    if (part.length > 3 || Number(part) > 255) return invalid(`has the part "${part}", which is over 255`);
  }
  return valid(text as IpAddress);
}

function parseIpv6(text: string): Parsed<IpAddress> {
  if (text.includes("%")) return invalid("has a zone id (%), which means something on one host only");
  if (text.includes(".")) return invalid("has an IPv4 tail; write an IPv4 address plainly, or the tail in hexadecimal");
  const bad = /[^0-9a-fA-F:]/.exec(text);
  if (bad !== null) return invalid(`has the character "${bad[0]}", which no IP address has`);
  const halves = text.split("::");
  if (halves.length > 2) return invalid('has "::" more than once');
  const written = halves.flatMap(groupsOf);
  if (written.some((group) => group === "")) return invalid("has an empty group");
  const long = written.find((group) => group.length > 4);
  if (long !== undefined) return invalid(`has the group "${long}" of more than 4 digits`);
  if (halves.length === 1 && written.length !== 8)
    return invalid(`has ${written.length} groups, but an IPv6 address has 8`);
  if (halves.length === 2 && written.length > 7) return invalid('has "::" although all 8 groups are there');
  const groups = expandGroups(text);
  if (isIpv4Mapped(groups)) return invalid("is an IPv4-mapped IPv6 address; write it as the IPv4 address it is");
  return valid(formatIpv6(groups));
}

function groupsOf(half: string): readonly string[] {
  return half === "" ? [] : half.split(":");
}

/** The 8 groups of a text known to be well formed. */
function expandGroups(text: string): readonly number[] {
  const [head = "", tail] = text.split("::");
  const front = groupsOf(head).map(hexadecimal);
  if (tail === undefined) return front;
  const back = groupsOf(tail).map(hexadecimal);
  return [...front, ...new Array<number>(8 - front.length - back.length).fill(0), ...back];
}

function hexadecimal(group: string): number {
  return Number.parseInt(group, 16);
}

function isIpv4Mapped(groups: readonly number[]): boolean {
  return groups.slice(0, 5).every((group) => group === 0) && groups[5] === 0xffff;
}

/** RFC 5952 section 4: lower case, no leading zeros, "::" for the first longest run of at least two zero groups. */
function formatIpv6(groups: readonly number[]): IpAddress {
  const run = longestZeroRun(groups);
  const text = groups.map((group) => group.toString(16));
  if (run.length < 2) return text.join(":") as IpAddress;
  return `${text.slice(0, run.start).join(":")}::${text.slice(run.start + run.length).join(":")}` as IpAddress;
}

function longestZeroRun(groups: readonly number[]): { readonly start: number; readonly length: number } {
  let best = { start: 0, length: 0 };
  let start = 0;
  for (const [i, group] of groups.entries()) {
    if (group !== 0) start = i + 1;
    else if (i + 1 - start > best.length) best = { start, length: i + 1 - start };
  }
  return best;
}
