/**
 * net1 of a pod: made by the real bridge CNI plugin from the page's NetworkAttachmentDefinition, or, for the demo on a
 * machine without the plugin, the same veth made by iproute2; or a macvlan on a NIC of the pod's node.
 */
import { existsSync } from "node:fs";
import { join } from "node:path";
import type { Namespace } from "./namespace.ts";

/** The page's `spec.config` as the plugin gets it: Multus fills in the name, without which the plugin refuses. */
const PAGE_NETWORK = {
  cniVersion: "0.3.1",
  name: "private-vcluster",
  type: "bridge",
  bridge: "br-private",
} as const;

export interface Attachment {
  readonly mac: string;
  /** The port of the host's bridge: set it down or delete it to cut the pod off. */
  readonly hostLink: string;
}

/** Where the plugin is: $CNI_PATH's folders, then the packages' usual ones; undefined: not installed. */
export function bridgePlugin(env: NodeJS.ProcessEnv = process.env): string | undefined {
  const folders = [...(env["CNI_PATH"]?.split(":") ?? []), "/usr/lib/cni", "/opt/cni/bin", "/usr/libexec/cni"];
  return folders.map((folder) => join(folder, "bridge")).find((path) => existsSync(path));
}

/** Runs the plugin's ADD on the host, as Multus does. */
export async function attachByPlugin(plugin: string, host: Namespace, pod: Namespace): Promise<Attachment> {
  const answer = await host.exec([plugin], {
    input: JSON.stringify(PAGE_NETWORK),
    env: {
      ...process.env,
      CNI_COMMAND: "ADD",
      CNI_CONTAINERID: pod.name,
      CNI_NETNS: pod.path,
      CNI_IFNAME: "net1",
      CNI_PATH: plugin.slice(0, plugin.lastIndexOf("/")),
    },
  });
  const result = JSON.parse(answer) as { interfaces: readonly { name: string; mac: string; sandbox?: string }[] };
  const inside = result.interfaces.find((link) => link.name === "net1");
  const outside = result.interfaces.find((link) => link.name.startsWith("veth"));
  if (inside === undefined || outside === undefined) throw new TypeError(`the bridge plugin answered ${answer}`);
  return { mac: inside.mac, hostLink: outside.name };
}

/** What the plugin does without IPAM, by hand: a veth with a random MAC, up, one end on br-private. */
export async function attachByHand(host: Namespace, pod: Namespace, podNumber: number): Promise<Attachment> {
  const hostLink = `veth-net1-${podNumber}`;
  await host.ip(
    [
      `link add ${hostLink} type veth peer name net1 netns ${pod.name}`,
      `link set ${hostLink} master br-private up`,
    ].join("\n"),
  );
  return { mac: await bringUp(pod), hostLink };
}

/** As the macvlan plugin does it on a node whose NIC (a veth's end) hangs on br-private, a switch: mode bridge. */
export async function attachMacvlan(host: Namespace, pod: Namespace, podNumber: number): Promise<Attachment> {
  const [nic, port] = [`nic-${podNumber}`, `port-${podNumber}`];
  await host.ip(
    [
      `link add ${nic} type veth peer name ${port}`,
      `link set ${port} master br-private up`,
      `link set ${nic} up`,
      `link add link ${nic} name net1 netns ${pod.name} type macvlan mode bridge`,
    ].join("\n"),
  );
  return { mac: await bringUp(pod), hostLink: port };
}

/** Returns the MAC address. */
async function bringUp(pod: Namespace): Promise<string> {
  await pod.ip("link set net1 up");
  const [link] = JSON.parse(await pod.exec(["ip", "-json", "link", "show", "net1"])) as { address: string }[];
  return link?.address ?? "";
}
