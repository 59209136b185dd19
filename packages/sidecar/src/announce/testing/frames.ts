/** Frames in tests: hexadecimal in and out, a worker's request, and arbitrary addresses. */
import { type IpAddress, ipAddressFromBytes, type MacAddress, macAddressFromBytes } from "@vcluster-kube-vip/routing";
import { ip, mac } from "@vcluster-kube-vip/routing/testing";
import fc from "fast-check";
import type { ArpFrame } from "../arp.ts";

const WORKER = mac("02:00:00:00:00:09");

/** Who has the VIP? Asked of everybody. */
export const WORKERS_REQUEST: ArpFrame = {
  t: "arp",
  to: mac("ff:ff:ff:ff:ff:ff"),
  from: WORKER,
  operation: "request",
  senderMac: WORKER,
  senderAddress: ip("10.100.0.50"),
  targetMac: mac("00:00:00:00:00:00"),
  targetAddress: ip("10.100.0.100"),
};

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
