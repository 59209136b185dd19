/** Where the VIP belongs in the kernel, as settings and link have it. */
import type { Owner, Placement } from "@vcluster-kube-vip/routing";
import type { Config } from "../config/config.ts";
import { leaseOf } from "./election-settings.ts";
import type { LinkDriver } from "./link-driver.ts";

/** undefined while the link is missing. */
export function placementOf(config: Config, owner: Owner, link: LinkDriver["link"]): Placement | undefined {
  if (link.t === "missing") return undefined;
  const { address: vip, gateway, interfaceName: linkName } = config.vip;
  const { table, rulePriority } = config.routing;
  const { index: linkIndex } = link.link;
  return { vip, gateway, linkName, linkIndex, lease: leaseOf(config), table, rulePriority, owner };
}
