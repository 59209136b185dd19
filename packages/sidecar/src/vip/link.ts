/**
 * The link that the VIP belongs on, followed by name: it may come late (Multus attaches it), vanish and come back with
 * another index and MAC address. Pure: kernel events in, what is known of the link out.
 */
import type { KernelEvent, Link } from "@vcluster-kube-vip/routing";

export type LinkState =
  | { readonly t: "missing" }
  /** There, but nobody can be reached by it: administratively down, or without carrier. */
  | { readonly t: "down"; readonly link: Link; readonly why: "not up" | "no carrier" | "no MAC address" }
  | { readonly t: "up"; readonly link: Link; readonly mac: NonNullable<Link["mac"]> };

/** What a complete dump says. */
export function linkAmong(links: readonly Link[], name: string): LinkState {
  const link = links.find((candidate) => candidate.name === name);
  return link === undefined ? { t: "missing" } : judge(link);
}

export function afterKernelEvent(state: LinkState, event: KernelEvent, name: string): LinkState {
  if (event.t === "link") {
    if (event.link.name === name) return judge(event.link);
    // The same device under another name is no longer ours to use.
    return isSameDevice(state, event.link.index) ? { t: "missing" } : state;
  }
  if (event.t === "link-removed" && isSameDevice(state, event.linkIndex)) return { t: "missing" };
  return state;
}

function judge(link: Link): LinkState {
  if (!link.up) return { t: "down", link, why: "not up" };
  if (!link.carrier) return { t: "down", link, why: "no carrier" };
  if (link.mac === undefined) return { t: "down", link, why: "no MAC address" };
  return { t: "up", link, mac: link.mac };
}

function isSameDevice(state: LinkState, linkIndex: number): boolean {
  return state.t !== "missing" && state.link.index === linkIndex;
}

/** One sentence for log, status and the election's reason not to take part. */
export function describeLink(state: LinkState, name: string): string {
  switch (state.t) {
    case "missing":
      return `interface ${name} is missing: is the pod attached to its network (annotation k8s.v1.cni.cncf.io/networks under statefulSet.pods.annotations)?`;
    case "down":
      return `interface ${name} is there but unusable: ${state.why}`;
    case "up":
      return `interface ${name} is up`;
  }
}
