/** Which of the kernel's events are about what this replica has there: pure. */
import { isOwnAddress, type KernelEvent, type Owner } from "@vcluster-kube-vip/routing";
import type { Config } from "../config/config.ts";

/** Whether it may have removed something of ours, or put something in its way. */
export function mayUndo(event: KernelEvent, config: Config, owner: Owner): boolean {
  switch (event.t) {
    case "address":
      // Somebody else put it there, or we did: then it is as it should be.
      return event.address.address === config.vip.address && !isOwnAddress(event.address, owner);
    case "address-removed":
      return event.address.address === config.vip.address;
    case "route-removed":
      return event.route.table === config.routing.table;
    case "rule-removed":
      return event.rule.protocol === owner.protocol || event.rule.table === config.routing.table;
    case "link":
      // Down and up again, IPv4 routes are gone without an event of their own.
      return event.link.name === config.vip.interfaceName;
    case "overrun":
      return true;
    default:
      return false;
  }
}
