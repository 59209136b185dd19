/** What /proc says about this process and its network namespace. Read only, as /proc/sys is in a pod. */
import { readFile } from "node:fs/promises";
import type { KernelSetting, KernelSettings } from "../looks.ts";

/** Bits of linux/capability.h. */
const CAPABILITY_BITS = { NET_ADMIN: 12n, NET_RAW: 13n } as const;

/** This process has what the container's runtime gives, as the sidecar beside it. */
export async function readCapabilities(): Promise<ReadonlySet<string>> {
  const status = await readFile("/proc/self/status", "utf8");
  const [, digits] = /^CapEff:\s*([0-9a-f]+)$/m.exec(status) ?? [];
  if (digits === undefined) throw new TypeError("/proc/self/status has no line CapEff");
  const effective = BigInt(`0x${digits}`);
  return new Set(
    Object.entries(CAPABILITY_BITS).flatMap(([name, bit]) => (((effective >> bit) & 1n) === 1n ? [name] : [])),
  );
}

export async function readKernelSettings(linkName: string): Promise<KernelSettings> {
  const [rpFilter, arpIgnore, arpAnnounce, arpFilter] = await Promise.all(
    ["rp_filter", "arp_ignore", "arp_announce", "arp_filter"].map((name) => readSetting(name, linkName)),
  );
  if (!rpFilter || !arpIgnore || !arpAnnounce || !arpFilter) throw new TypeError("four were asked for");
  return { rpFilter, arpIgnore, arpAnnounce, arpFilter };
}

/** The link's own name: in a path a dot in it is no separator. */
async function readSetting(name: string, linkName: string): Promise<KernelSetting> {
  const read = async (where: string) => Number(await readFile(`/proc/sys/net/ipv4/conf/${where}/${name}`, "utf8"));
  const [all, link] = await Promise.all([read("all"), read(linkName)]);
  return { all, link };
}
