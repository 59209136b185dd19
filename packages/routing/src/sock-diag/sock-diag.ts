/**
 * The TCP sockets of this network namespace over NETLINK_SOCK_DIAG. What is written and read is said in socket.ts. Every
 * dump walks the host's whole table of connections, those of other namespaces included.
 */
import { constants } from "node:os";
import { getSystemErrorName } from "node:util";
import { openNetlinkSocket, RawSocketError } from "@vcluster-kube-vip/raw-socket";
import type { Dump } from "../kernel.ts";
import type { Family } from "../model.ts";
import { NetlinkConnection } from "../netlink/netlink-connection.ts";
import type { Connection, SocketTable } from "../sockets.ts";
import { familyOf, type IpAddress } from "../values/ip-address.ts";
import { isDestroyed, socketRefusal, socketsUnsupported } from "./outcome.ts";
import {
  type DiagSocket,
  decodeSocket,
  encodeBothDump,
  encodeDestroy,
  encodeEmptyBothDump,
  encodeEmptyDump,
  encodeSocketDump,
  encodeVainDestroy,
} from "./socket.ts";

const NETLINK_SOCK_DIAG = 4;
const TCPDIAG_GETSOCK = 18;
const SOCK_DIAG_BY_FAMILY = 20;
const SOCK_DESTROY = 21;

/** The kernel sends their resets before send() returns, and queues an answer of about 1 KiB for each. */
const BATCH_SOCKETS = 128;
/** A handshake that ends while others are destroyed makes a new socket, which the next round finds. */
const ROUNDS_MAX = 4;

/**
 * Tries first, with requests that change nothing, whether this kernel lists and destroys TCP sockets. Listing needs no
 * capability, destroying NET_ADMIN. Does not keep the process alive.
 * @throws RoutingError SOCKETS_UNSUPPORTED: do without, and say so once.
 */
export async function openSockDiag(): Promise<SocketTable> {
  const sockets = new SockDiag(connect());
  try {
    await sockets.tryOut();
  } catch (error) {
    sockets.close();
    throw error;
  }
  return sockets;
}

export class SockDiag implements SocketTable {
  readonly #connection: NetlinkConnection;
  #listsBoth = false;

  /** Owns the connection. */
  constructor(connection: NetlinkConnection) {
    this.#connection = connection;
  }

  /** @throws RoutingError SOCKETS_UNSUPPORTED */
  async tryOut(): Promise<void> {
    const { ENOENT } = constants.errno;
    const list = { type: SOCK_DIAG_BY_FAMILY, flags: 0, payload: encodeEmptyDump(), what: "list TCP sockets" };
    const listed = await this.#connection.dump(list);
    if (listed.errno !== 0) throw socketsUnsupported(list.what, getSystemErrorName(-listed.errno));
    const destroy = { type: SOCK_DESTROY, flags: 0, payload: encodeVainDestroy(), what: "destroy TCP sockets" };
    const { errno } = await this.#connection.verb(destroy);
    if (errno !== ENOENT) throw socketsUnsupported(destroy.what, getSystemErrorName(-errno));
    const both = { ...list, type: TCPDIAG_GETSOCK, payload: encodeEmptyBothDump() };
    this.#listsBoth = (await this.#connection.dump(both)).errno === 0;
  }

  async connections(vip: IpAddress): Promise<Dump<Connection>> {
    const { complete, items } = await this.#sockets(vip);
    return {
      complete,
      items: items.map(({ localPort, remoteAddress, remotePort, state }) => ({
        localPort,
        remoteAddress,
        remotePort,
        state,
      })),
    };
  }

  async destroy(vip: IpAddress): Promise<number> {
    let destroyed = 0;
    for (let round = 1; round <= ROUNDS_MAX; round += 1) {
      const { items } = await this.#sockets(vip);
      if (items.length === 0) break;
      for (let start = 0; start < items.length; start += BATCH_SOCKETS)
        destroyed += await this.#destroy(vip, items.slice(start, start + BATCH_SOCKETS));
    }
    return destroyed;
  }

  close(): void {
    this.#connection.close();
  }

  async #sockets(vip: IpAddress): Promise<Dump<DiagSocket>> {
    if (familyOf(vip) === 6) return this.#dump(SOCK_DIAG_BY_FAMILY, encodeSocketDump(6, vip), vip);
    // Connections of an IPv4 VIP are IPv6 sockets where a dual-stack listener took them, as Go's listeners are. Each walk
    // keeps the process for 3 ms on a host of 24 GB, in a move that may have 50.
    if (this.#listsBoth) return this.#dump(TCPDIAG_GETSOCK, encodeBothDump(vip), vip);
    const families: readonly Family[] = [4, 6];
    const dumps: Dump<DiagSocket>[] = [];
    for (const family of families) {
      dumps.push(await this.#dump(SOCK_DIAG_BY_FAMILY, encodeSocketDump(family, vip), vip));
    }
    return { complete: dumps.every(({ complete }) => complete), items: dumps.flatMap(({ items }) => items) };
  }

  async #dump(type: number, payload: Uint8Array, vip: IpAddress): Promise<Dump<DiagSocket>> {
    const what = `list the connections of ${vip}`;
    const answer = await this.#connection.dump({ type, flags: 0, payload, what });
    if (answer.errno !== 0) throw socketRefusal(answer, what);
    const items = answer.messages
      .map((message) => decodeSocket(message.payload))
      // Looked at again: on a filter alone hangs whose connections are destroyed.
      .filter((socket) => socket?.localAddress === vip)
      .filter((socket) => socket !== undefined);
    return { complete: answer.complete, items };
  }

  async #destroy(vip: IpAddress, sockets: readonly DiagSocket[]): Promise<number> {
    const what = `destroy the connections of ${vip}`;
    const verbs = sockets.map((socket) => ({ type: SOCK_DESTROY, flags: 0, payload: encodeDestroy(socket) }));
    const answers = await this.#connection.batch(what, verbs);
    return answers.filter((answer) => isDestroyed(answer, what)).length;
  }
}

function connect(): NetlinkConnection {
  try {
    return new NetlinkConnection((receiver) => openNetlinkSocket({ protocol: NETLINK_SOCK_DIAG, ...receiver }));
  } catch (error) {
    if (!(error instanceof RawSocketError)) throw error;
    if (error.code === "RAW_SOCKET_UNSUPPORTED") throw socketsUnsupported("list TCP sockets", error.message, error);
    throw error;
  }
}
