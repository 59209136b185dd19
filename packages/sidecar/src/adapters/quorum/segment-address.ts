/**
 * The own address on the VIP's interface, to hear the peers there. Multus without IPAM gives net1 no IPv4 address, but the
 * kernel gives it a link-local one, which is of that link alone and needs no route. Where IPv6 is off and no address was
 * given, there is none: node:dgram cannot bind to an interface (SO_BINDTODEVICE), and the pod network has to do.
 */
import type { NetworkInterfaceInfo } from "node:os";

/** Zone included, as bind(2) wants it: "fe80::1%net1". Undefined: there is none that is not the VIP. */
export function segmentAddress(
  addresses: readonly NetworkInterfaceInfo[] | undefined,
  { interfaceName, vip }: { readonly interfaceName: string; readonly vip: string },
): string | undefined {
  const own = (addresses ?? []).map(({ address }) => address).filter((address) => address !== vip);
  const linkLocal = own.find((address) => address.toLowerCase().startsWith("fe80:"));
  return linkLocal === undefined ? own[0] : `${linkLocal}%${interfaceName}`;
}

/** As a peer is told it: its own zones have names that mean nothing here. */
export function withoutZone(address: string): string {
  return address.split("%")[0] ?? address;
}

/** What a peer has told, as a destination on our own interface. */
export function onOwnLink(told: string, ownAddress: string): string {
  const zone = ownAddress.split("%")[1];
  return zone !== undefined && told.toLowerCase().startsWith("fe80:") ? `${told}%${zone}` : told;
}
