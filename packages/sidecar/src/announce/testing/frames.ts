/** Frames in tests: hexadecimal in and out, and arbitrary addresses. */
import { type IpAddress, ipAddressFromBytes, type MacAddress, macAddressFromBytes } from "@vcluster-kube-vip/routing";
import fc from "fast-check";

/** "0001 0800" */
export function bytesOf(text: string): Uint8Array<ArrayBuffer> {
  const digits = text.replace(/\s/g, "");
  return Uint8Array.from(digits.match(/../g) ?? [], (byte) => Number.parseInt(byte, 16));
}

export function hex(bytes: Uint8Array): string {
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
}

export const arbitraryMac: fc.Arbitrary<MacAddress> = fc
  .uint8Array({ minLength: 6, maxLength: 6 })
  .map(macAddressFromBytes)
  .filter((made) => made !== undefined);

export const arbitraryIpv6: fc.Arbitrary<IpAddress> = fc
  .uint8Array({ minLength: 16, maxLength: 16 })
  .map(ipAddressFromBytes)
  .filter((made) => made !== undefined);
