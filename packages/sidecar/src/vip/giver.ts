/** Whether what the Lease says of a giver is somebody to relay to. Any hand may have written it. Pure. */
import { type MacAddress, macAddressBytes, parseMacAddress, ZERO_MAC } from "@vcluster-kube-vip/routing";

/** The bit of a MAC address's first byte that makes it a group's, broadcast among them. */
const GROUP = 0x01;

/** @returns undefined for what is no other host's address: what was for one would go to all, or come back. */
export function giverOf(said: string | undefined, own: string | undefined): MacAddress | undefined {
  const parsed = parseMacAddress(said ?? "");
  if (parsed.t === "invalid" || parsed.value === ZERO_MAC || parsed.value === own) return undefined;
  const [first = GROUP] = macAddressBytes(parsed.value);
  return (first & GROUP) === 0 ? parsed.value : undefined;
}
