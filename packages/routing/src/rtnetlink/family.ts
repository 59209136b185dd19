/** The kernel's numbers for the two address families, and addresses as attribute values. Pure. */
import type { Family } from "../model.ts";
import { malformed } from "../netlink/message.ts";
import { type IpAddress, ipAddressFromBytes } from "../values/ip-address.ts";

const AF_INET = 2;
const AF_INET6 = 10;

export function familyNumber(family: Family): number {
  return family === 4 ? AF_INET : AF_INET6;
}

/** undefined for every other family: bridges and MPLS share some of our messages. */
export function familyOfNumber(number: number): Family | undefined {
  if (number === AF_INET) return 4;
  return number === AF_INET6 ? 6 : undefined;
}

/** @throws RoutingError KERNEL_ANSWER_MALFORMED */
export function readIpAddress(value: Uint8Array): IpAddress {
  const address = ipAddressFromBytes(value);
  if (address === undefined) throw malformed(`an IP address of ${value.length} bytes`);
  return address;
}
