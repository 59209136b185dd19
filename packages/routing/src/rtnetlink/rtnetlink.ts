/** The Kernel port over rtnetlink(7): what is asked is encoded here, and what the kernel answers made a result. */
import { openNetlinkSocket, type RawSocket } from "@vcluster-kube-vip/raw-socket";
import type { Dump, Kernel, Outcome } from "../kernel.ts";
import {
  type Address,
  type ArpSetting,
  type Family,
  isUsable,
  type KernelEvent,
  type Link,
  type Neighbour,
  type NeighbourTable,
  type NextHop,
  type Route,
  type Rule,
} from "../model.ts";
import { optional } from "../netlink/attribute.ts";
import { decodeMessages, NLM_F_CREATE, NLM_F_EXCL, NLM_F_REPLACE } from "../netlink/message.ts";
import { NetlinkConnection } from "../netlink/netlink-connection.ts";
import { RoutingError } from "../routing-error.ts";
import type { IpAddress } from "../values/ip-address.ts";
import { decodeAddress, encodeAddress, encodeAddressDump, encodeAddressKey } from "./address.ts";
import { decodeEvent, EVENT_GROUPS } from "./event.ts";
import { decodeLink, encodeArpSetting, encodeLinkDump } from "./link.ts";
import {
  RTM_DELADDR,
  RTM_DELROUTE,
  RTM_DELRULE,
  RTM_GETADDR,
  RTM_GETLINK,
  RTM_GETNEIGH,
  RTM_GETNEIGHTBL,
  RTM_GETROUTE,
  RTM_GETRULE,
  RTM_NEWADDR,
  RTM_NEWNEIGH,
  RTM_NEWROUTE,
  RTM_NEWRULE,
  RTM_SETLINK,
} from "./message-type.ts";
import { decodeNeighbour, encodeNeighbourDump, encodeNeighbourUse } from "./neighbour.ts";
import { decodeNeighbourTable, encodeNeighbourTableDump } from "./neighbour-table.ts";
import { decodeNextHop, encodeNextHopQuery } from "./next-hop.ts";
import { isNoWay, outcomeOf, refusal } from "./outcome.ts";
import { decodeRoute, encodeRoute, encodeRouteDump } from "./route.ts";
import { decodeRule, encodeRule, encodeRuleDump } from "./rule.ts";

const NETLINK_ROUTE = 0;
/** Of neighbours in one datagram: the kernel queues an answer for each before send() returns. */
const BATCH_NEIGHBOURS = 128;

/**
 * The kernel of the network namespace that this process is in. Reading needs no capability, changing NET_ADMIN. Does
 * not keep the process alive by itself.
 * @throws RawSocketError where no netlink socket can be opened.
 */
export async function openRtNetlink(): Promise<Kernel> {
  return new RtNetlink();
}

class RtNetlink implements Kernel {
  readonly #connection = new NetlinkConnection((receiver) =>
    openNetlinkSocket({ protocol: NETLINK_ROUTE, ...receiver }),
  );
  readonly #subscriptions: RawSocket[] = [];

  links(): Promise<Dump<Link>> {
    return this.#dump(RTM_GETLINK, encodeLinkDump(), decodeLink, "read the links");
  }

  addresses(): Promise<Dump<Address>> {
    return this.#dump(RTM_GETADDR, encodeAddressDump(), decodeAddress, "read the addresses");
  }

  routes(family: Family): Promise<Dump<Route>> {
    return this.#dump(RTM_GETROUTE, encodeRouteDump(family), decodeRoute, `read the IPv${family} routes`);
  }

  rules(family: Family): Promise<Dump<Rule>> {
    return this.#dump(RTM_GETRULE, encodeRuleDump(family), decodeRule, `read the IPv${family} rules`);
  }

  async neighbours(linkIndex: number): Promise<Dump<Neighbour>> {
    const what = `read the neighbours of link ${linkIndex}`;
    const dump = await this.#dump(RTM_GETNEIGH, encodeNeighbourDump(linkIndex), decodeNeighbour, what);
    return { ...dump, items: dump.items.filter((neighbour) => neighbour.linkIndex === linkIndex) };
  }

  async nextHop(address: IpAddress, source: IpAddress): Promise<NextHop | undefined> {
    const what = `find the next hop to ${address} from ${source}`;
    const payload = encodeNextHopQuery(address, source);
    const answer = await this.#connection.verb({ type: RTM_GETROUTE, flags: 0, payload, what });
    if (isNoWay(answer)) return undefined;
    if (answer.errno !== 0) throw refusal(answer, what);
    return optional(answer.messages[0]?.payload, decodeNextHop);
  }

  async neighbourTable(family: Family): Promise<NeighbourTable | undefined> {
    const what = `read the IPv${family} neighbour table`;
    const dump = await this.#dump(RTM_GETNEIGHTBL, encodeNeighbourTableDump(family), decodeNeighbourTable, what);
    return dump.items.find((table) => table.family === family);
  }

  replaceAddress(address: Address): Promise<Outcome> {
    const what = `add ${addressText(address)} to link ${address.linkIndex}`;
    return this.#verb(RTM_NEWADDR, NLM_F_CREATE | NLM_F_REPLACE, encodeAddress(address), what);
  }

  deleteAddress(address: Address): Promise<Outcome> {
    const what = `delete ${addressText(address)} from link ${address.linkIndex}`;
    return this.#verb(RTM_DELADDR, 0, encodeAddressKey(address), what);
  }

  replaceRoute(route: Route): Promise<Outcome> {
    const what = `add the route ${routeText(route)}`;
    return this.#verb(RTM_NEWROUTE, NLM_F_CREATE | NLM_F_REPLACE, encodeRoute(route), what);
  }

  deleteRoute(route: Route): Promise<Outcome> {
    return this.#verb(RTM_DELROUTE, 0, encodeRoute(route), `delete the route ${routeText(route)}`);
  }

  addRule(rule: Rule): Promise<Outcome> {
    return this.#verb(RTM_NEWRULE, NLM_F_CREATE | NLM_F_EXCL, encodeRule(rule), `add the rule ${ruleText(rule)}`);
  }

  deleteRule(rule: Rule): Promise<Outcome> {
    return this.#verb(RTM_DELRULE, 0, encodeRule(rule), `delete the rule ${ruleText(rule)}`);
  }

  setArp(setting: ArpSetting): Promise<Outcome> {
    const what = `set arp_ignore of link ${setting.linkIndex} to ${setting.arpIgnore}`;
    return this.#verb(RTM_SETLINK, 0, encodeArpSetting(setting), what);
  }

  async resolve(linkIndex: number, addresses: readonly IpAddress[]): Promise<readonly IpAddress[]> {
    const what = `resolve neighbours of link ${linkIndex}`;
    const { complete, items } = await this.neighbours(linkIndex);
    // What an interrupted dump does not tell may be there: unknown is not absent.
    if (!complete) return addresses;
    const usable = new Set(items.filter(isUsable).map(({ address }) => address));
    const wanted = addresses.filter((address) => !usable.has(address));
    for (let start = 0; start < wanted.length; start += BATCH_NEIGHBOURS) {
      const batch = wanted.slice(start, start + BATCH_NEIGHBOURS);
      const verbs = batch.map((address) => ({
        type: RTM_NEWNEIGH,
        flags: NLM_F_CREATE,
        payload: encodeNeighbourUse(linkIndex, address),
      }));
      const refused = (await this.#connection.batch(what, verbs)).find(({ errno }) => errno !== 0);
      if (refused !== undefined) throw refusal(refused, what);
    }
    return wanted;
  }

  async subscribe(onEvent: (event: KernelEvent) => void): Promise<void> {
    const socket = openNetlinkSocket({
      protocol: NETLINK_ROUTE,
      groups: EVENT_GROUPS,
      onMessage: (datagram) => {
        for (const event of readEvents(datagram)) onEvent(event);
      },
      // Whatever was lost may have told of a change.
      onError: () => onEvent({ t: "overrun" }),
    });
    this.#subscriptions.push(socket);
  }

  close(): void {
    this.#connection.close();
    for (const socket of this.#subscriptions.splice(0)) socket.close();
  }

  async #dump<T>(
    type: number,
    payload: Uint8Array,
    decode: (payload: Uint8Array) => T | undefined,
    what: string,
  ): Promise<Dump<T>> {
    const answer = await this.#connection.dump({ type, flags: 0, payload, what });
    if (answer.errno !== 0) throw refusal(answer, what);
    const items = answer.messages.map((message) => decode(message.payload)).filter((item) => item !== undefined);
    return { complete: answer.complete, items };
  }

  async #verb(type: number, flags: number, payload: Uint8Array, what: string): Promise<Outcome> {
    return outcomeOf(await this.#connection.verb({ type, flags, payload, what }), what);
  }
}

/** What cannot be read counts as lost. */
function readEvents(datagram: Uint8Array): readonly KernelEvent[] {
  try {
    return decodeMessages(datagram)
      .map(decodeEvent)
      .filter((event) => event !== undefined);
  } catch (error) {
    if (!(error instanceof RoutingError)) throw error;
    return [{ t: "overrun" }];
  }
}

// As `ip` would print them.

function addressText({ address, prefixLength }: Address): string {
  return `${address}/${prefixLength}`;
}

function routeText({ type, destination, gateway, linkIndex, table }: Route): string {
  const kind = type === "unicast" ? "" : `${type} `;
  const via = gateway === undefined ? "" : ` via ${gateway}`;
  const link = linkIndex === undefined ? "" : ` on link ${linkIndex}`;
  return `${kind}${destination ?? "default"}${via}${link} in table ${table}`;
}

function ruleText({ priority, source, table }: Rule): string {
  return `${priority}: from ${source ?? "all"} lookup ${table}`;
}
