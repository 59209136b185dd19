/**
 * The hold gate in nf_tables, over netlink. Every change is one transaction, and the tables of a level are changed
 * together. What is written is said in gate-table.ts and element.ts, what is read judged in gate-reading.ts.
 */
import { createHash } from "node:crypto";
import { openNetlinkSocket, type RawSocket, RawSocketError } from "@vcluster-kube-vip/raw-socket";
import type { Gate, GateOutcome, GateReading, GateTarget, Opening } from "../gate.ts";
import type { Family } from "../model.ts";
import { text } from "../netlink/attribute.ts";
import { encodeDatagram, type NetlinkPart } from "../netlink/datagram.ts";
import { decodeMessages } from "../netlink/message.ts";
import { NetlinkConnection, type TransactionAnswer } from "../netlink/netlink-connection.ts";
import { RoutingError } from "../routing-error.ts";
import { canonicalIpAddress } from "../values/ip-address.ts";
import { COMMENT_BYTES_MAX } from "./comment.ts";
import { encodeFlush } from "./element.ts";
import { changedTable, EVENT_GROUP } from "./event.ts";
import { foreignTable, LEASE_BYTES_MAX, leaseOf, markOf, readGate } from "./gate-reading.ts";
import { encodeCreation, encodeRemoval, type GateTable, gateTable, OF_TABLE } from "./gate-table.ts";
import { encodeBatch, encodeNft, type GateFamily, NFT_MSG } from "./message.ts";
import { NftRelay } from "./nft-relay.ts";
import { encodeOpening, type OpeningVerb, prepareOpening } from "./opening.ts";
import { gateOutcome, gateRefusal, unsupported } from "./outcome.ts";
import { dumpTables } from "./table-dump.ts";

const NETLINK_NETFILTER = 12;

export interface NftGateOptions {
  readonly level: "nft-egress" | "nft-arp";
  /** The family of the VIPs that it is for. */
  readonly family: Family;
  /** The routing protocol number by which all that is ours is known; in the tables' name. */
  readonly protocol: number;
  /** "namespace/name"; in the tables' mark. */
  readonly lease: string;
  /** Whose openings are prepared with the gate's installation; default: with the first of them. */
  readonly holderIdentity?: string;
}

/**
 * Tries first, in a transaction that changes nothing, whether this kernel has all that the level needs. Needs NET_ADMIN,
 * for reading too. Does not keep the process alive.
 * @throws RoutingError GATE_UNSUPPORTED, KERNEL_PERMISSION
 */
export async function openNftGate(options: NftGateOptions): Promise<Gate> {
  const gate = new NftGate(options, connect());
  try {
    await gate.tryOut();
  } catch (error) {
    gate.end();
    throw error;
  }
  return gate;
}

/** What of a text the kernel keeps: all of it, or, where it is too long, its hash. */
function gateText(whole: string, bytesMax: number = COMMENT_BYTES_MAX): string {
  if (Buffer.byteLength(whole) <= bytesMax) return whole;
  return `sha256:${createHash("sha256").update(whole).digest("hex")}`;
}

interface PreparedOpening {
  readonly tables: readonly GateTable[];
  readonly holderIdentity: string;
  readonly encode: Readonly<Record<OpeningVerb, ReturnType<typeof prepareOpening>>>;
}

class NftGate implements Gate {
  readonly level: NftGateOptions["level"];
  readonly relay: NftRelay | undefined;
  readonly #connection: NetlinkConnection;
  readonly #family: Family;
  readonly #families: readonly GateFamily[];
  readonly #name: string;
  readonly #lease: string;
  readonly #holderIdentity: string | undefined;
  readonly #subscriptions: RawSocket[] = [];
  #last: { readonly target: Partial<GateTarget>; readonly tables: readonly GateTable[] } = { target: {}, tables: [] };
  #opening: PreparedOpening | undefined;

  constructor({ level, family, protocol, lease, holderIdentity }: NftGateOptions, connection: NetlinkConnection) {
    const answers = family === 4 ? "arp" : "ip6";
    this.level = level;
    this.#connection = connection;
    this.#family = family;
    this.#families = level === "nft-egress" ? [answers, "netdev"] : [answers];
    this.#name = `vcluster-kube-vip-${protocol}`;
    this.relay = level === "nft-egress" ? new NftRelay(connection, this.#name) : undefined;
    this.#lease = lease;
    this.#holderIdentity = holderIdentity;
  }

  /** All that a gate consists of, on the loopback link, and at the end a verb that has to fail. */
  async tryOut(): Promise<void> {
    const what = `use ${this.level} gates`;
    const name = `${this.#name}-trial`;
    const vip = canonicalIpAddress(this.#family === 4 ? "0.0.0.0" : "::");
    const opening: Opening = { holderIdentity: "trial", untilWallMs: 1, timeoutMs: 1000 };
    const verbs = this.#tablesFor({ vip, linkName: "lo", linkIndex: 1 }, name).flatMap((table) => [
      ...encodeCreation(table),
      ...encodeOpening(table, opening),
    ]);
    const absent = encodeNft(NFT_MSG.deleteTable, 0, "netdev", [[OF_TABLE, text(`${name}-absent`)]]);
    const parts = encodeBatch([...verbs, absent]);
    const answer = await this.#connection.transaction(what, encodeDatagram(parts));
    if (parts[answer.index]?.type === absent.type) return;
    const refused = gateRefusal(answer, what);
    throw refused.code === "KERNEL_PERMISSION" ? refused : unsupported(what, refused.message, refused);
  }

  async read(target: GateTarget): Promise<GateReading> {
    const found = await dumpTables(this.#connection, this.#name);
    const lease = gateText(this.#lease, LEASE_BYTES_MAX);
    const reading = readGate(found, { lease, vip: target.vip, tables: this.#tables(target) });
    return "lease" in reading && reading.lease === lease ? { ...reading, lease: this.#lease } : reading;
  }

  async install(target: GateTarget, opening: Opening | undefined): Promise<void> {
    const what = `install the gate for ${target.vip} on ${target.linkName}`;
    const found = await dumpTables(this.#connection, this.#name);
    const tables = this.#tables(target);
    const foreign = foreignTable(found, tables);
    if (foreign !== undefined) {
      const advice = `Remove it, or choose another protocol number.`;
      throw new RoutingError("GATE_FOREIGN", `cannot ${what}: ${foreign}. ${advice}`);
    }
    // Of another level or address family: nothing of an earlier life stays.
    const left = found.filter((table) => leaseOf(table) !== undefined).map(({ family }) => family);
    const families = [...new Set([...this.#families, ...left])];
    const answer = await this.#transaction(what, [
      ...families.flatMap((family) => encodeRemoval(family, this.#name)),
      ...tables.flatMap(encodeCreation),
      ...(opening === undefined ? [] : tables.flatMap((table) => encodeOpening(table, kept(opening)))),
    ]);
    if (answer.errno !== 0) throw gateRefusal(answer, what);
    if (this.#holderIdentity !== undefined) this.#prepared(target, { holderIdentity: this.#holderIdentity });
  }

  async open(target: GateTarget, opening: Opening): Promise<GateOutcome> {
    const what = `open the gate for ${target.vip}`;
    return gateOutcome(await this.#connection.transaction(what, this.#prepared(target, opening).open(opening)), what);
  }

  /** The kernel compares no deadline: `from` is whatever is open and has not lapsed. */
  async refresh(target: GateTarget, _from: Opening, to: Opening): Promise<GateOutcome> {
    const what = `refresh the gate for ${target.vip}`;
    return gateOutcome(await this.#connection.transaction(what, this.#prepared(target, to).refresh(to)), what);
  }

  close(target: GateTarget): Promise<GateOutcome> {
    return this.#change("close", target, ({ family, name }) => [encodeFlush(family, name)]);
  }

  async remove(): Promise<GateOutcome> {
    const found = await dumpTables(this.#connection, this.#name);
    const ours = found.filter((table) => leaseOf(table) !== undefined);
    if (ours.length === 0) return "missing";
    const what = "remove the gate";
    const verbs = ours.flatMap(({ family }) => encodeRemoval(family, this.#name));
    return gateOutcome(await this.#transaction(what, verbs), what);
  }

  async subscribe(onChanged: () => void): Promise<void> {
    const own = this.#connection.portId;
    const socket = openNetlinkSocket({
      protocol: NETLINK_NETFILTER,
      groups: EVENT_GROUP,
      onMessage: (datagram) => {
        if (tellsOf(this.#name, datagram, own)) onChanged();
      },
      // Whatever was lost may have told of a change.
      onError: onChanged,
    });
    this.#subscriptions.push(socket);
  }

  end(): void {
    this.#connection.close();
    for (const socket of this.#subscriptions.splice(0)) socket.close();
  }

  /** As last time, if the target is the same: every renewal asks for them. */
  #tables(target: GateTarget): readonly GateTable[] {
    const { vip, linkName, linkIndex } = this.#last.target;
    if (vip !== target.vip || linkName !== target.linkName || linkIndex !== target.linkIndex)
      this.#last = { target, tables: this.#tablesFor(target, this.#name) };
    return this.#last.tables;
  }

  #tablesFor(target: GateTarget, name: string): readonly GateTable[] {
    const mark = markOf(gateText(this.#lease, LEASE_BYTES_MAX));
    return this.#families.map((family) => gateTable(family, name, mark, target));
  }

  /** As last time, if target and holder are the same. */
  #prepared(target: GateTarget, { holderIdentity }: Pick<Opening, "holderIdentity">): PreparedOpening["encode"] {
    const tables = this.#tables(target);
    if (this.#opening?.tables !== tables || this.#opening.holderIdentity !== holderIdentity) {
      const identity = gateText(holderIdentity);
      const [open, refresh] = [prepareOpening("open", tables, identity), prepareOpening("refresh", tables, identity)];
      this.#opening = { tables, holderIdentity, encode: { open, refresh } };
    }
    return this.#opening.encode;
  }

  async #change(
    verb: string,
    target: GateTarget,
    verbs: (table: GateTable) => readonly NetlinkPart[],
  ): Promise<GateOutcome> {
    const what = `${verb} the gate for ${target.vip}`;
    return gateOutcome(await this.#transaction(what, this.#tables(target).flatMap(verbs)), what);
  }

  #transaction(what: string, verbs: readonly NetlinkPart[]): Promise<TransactionAnswer> {
    return this.#connection.transaction(what, encodeDatagram(encodeBatch(verbs)));
  }
}

/** As the kernel keeps it. */
function kept(opening: Opening): Opening {
  return { ...opening, holderIdentity: gateText(opening.holderIdentity) };
}

function connect(): NetlinkConnection {
  try {
    return new NetlinkConnection((receiver) => openNetlinkSocket({ protocol: NETLINK_NETFILTER, ...receiver }));
  } catch (error) {
    if (!(error instanceof RawSocketError)) throw error;
    if (error.code === "RAW_SOCKET_UNSUPPORTED") throw unsupported("use nft gates", error.message, error);
    throw error;
  }
}

/** Of a change by another hand to the table; what cannot be read may be one. */
function tellsOf(name: string, datagram: Uint8Array, ownPortId: number): boolean {
  try {
    return decodeMessages(datagram).some((message) => message.portId !== ownPortId && changedTable(message) === name);
  } catch (error) {
    if (!(error instanceof RoutingError)) throw error;
    return true;
  }
}
