/** Notifications of the kernel, read. Pure. */
import type { KernelEvent } from "../model.ts";
import type { NetlinkMessage } from "../netlink/message.ts";
import { decodeAddress } from "./address.ts";
import { decodeLink } from "./link.ts";
import {
  RTM_DELADDR,
  RTM_DELLINK,
  RTM_DELROUTE,
  RTM_DELRULE,
  RTM_NEWADDR,
  RTM_NEWLINK,
  RTM_NEWROUTE,
  RTM_NEWRULE,
} from "./message-type.ts";
import { decodeRoute } from "./route.ts";
import { decodeRule } from "./rule.ts";

/** RTNLGRP_LINK, _IPV4_IFADDR, _IPV4_ROUTE, _IPV4_RULE, _IPV6_IFADDR, _IPV6_ROUTE, _IPV6_RULE, as bits of nl_groups. */
export const EVENT_GROUPS = [1, 5, 7, 8, 9, 11, 19].reduce((bits, group) => bits | (1 << (group - 1)), 0);

/** @returns undefined for what this project's words cannot say. @throws RoutingError KERNEL_ANSWER_MALFORMED */
export function decodeEvent({ type, payload }: NetlinkMessage): KernelEvent | undefined {
  switch (type) {
    case RTM_NEWLINK:
      return as(decodeLink(payload), (link) => ({ t: "link", link }));
    case RTM_DELLINK:
      return as(decodeLink(payload), ({ index, name }) => ({ t: "link-removed", linkIndex: index, name }));
    case RTM_NEWADDR:
      return as(decodeAddress(payload), (address) => ({ t: "address", address }));
    case RTM_DELADDR:
      return as(decodeAddress(payload), (address) => ({ t: "address-removed", address }));
    case RTM_NEWROUTE:
      return as(decodeRoute(payload), (route) => ({ t: "route-changed", route }));
    case RTM_DELROUTE:
      return as(decodeRoute(payload), (route) => ({ t: "route-removed", route }));
    case RTM_NEWRULE:
      return as(decodeRule(payload), (rule) => ({ t: "rule-changed", rule }));
    case RTM_DELRULE:
      return as(decodeRule(payload), (rule) => ({ t: "rule-removed", rule }));
    default:
      return undefined;
  }
}

function as<T>(object: T | undefined, event: (object: T) => KernelEvent): KernelEvent | undefined {
  return object === undefined ? undefined : event(object);
}
