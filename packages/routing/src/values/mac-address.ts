/**
 * A 48-bit hardware address as a branded string "02:00:00:00:00:01": lower case, colons, compared with `===`.
 * Other lengths (InfiniBand's 20 bytes, tunnels' 4 or none) are no MAC addresses: no ARP as we send it runs there.
 */
import { invalid, type Parsed, valid } from "./parsed.ts";

declare const brand: unique symbol;

export type MacAddress = string & { readonly [brand]: "MacAddress" };

export const BROADCAST_MAC = "ff:ff:ff:ff:ff:ff" as MacAddress;
/** "Not known": the target hardware address of an ARP request. */
export const ZERO_MAC = "00:00:00:00:00:00" as MacAddress;

export function parseMacAddress(text: string): Parsed<MacAddress> {
  if (!/^[0-9a-fA-F]{2}(:[0-9a-fA-F]{2}){5}$/.test(text))
    return invalid("is not 6 hexadecimal bytes with colons between");
  return valid(text.toLowerCase() as MacAddress);
}

/** 6 bytes; any other length is undefined. */
export function macAddressFromBytes(bytes: Uint8Array): MacAddress | undefined {
  if (bytes.length !== 6) return undefined;
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join(":") as MacAddress;
}

export function macAddressBytes(mac: MacAddress): Uint8Array<ArrayBuffer> {
  return Uint8Array.from(mac.split(":"), (byte) => Number.parseInt(byte, 16));
}
