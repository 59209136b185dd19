/**
 * TCP sockets on the wire: struct inet_diag_req_v2, struct inet_diag_msg (linux/inet_diag.h) and the kernel's filter by
 * local address. Pure. Ports and addresses are in network order, everything else in the host's.
 *
 *   request    0        1          2            3     4        8
 *              | family | protocol | extensions | pad | states | id |
 *   answer     0        1       2       3            4    52        56           60           64    68
 *              | family | state | timer | retransmits | id | expires | read queue | write queue | uid | inode |
 *   id         0             2              4               20               36     40
 *              | source port | destination  | source (16)   | destination    | link | cookie (8) |
 */
import type { Family } from "../model.ts";
import { encodePayload } from "../netlink/attribute.ts";
import { fixedPart, malformed } from "../netlink/message.ts";
import { familyNumber, familyOfNumber } from "../rtnetlink/family.ts";
import type { Connection, TcpState } from "../sockets.ts";
import {
  familyOf,
  hostPrefixLength,
  type IpAddress,
  ipAddressBytes,
  ipAddressFromBytes,
} from "../values/ip-address.ts";

/** A connection, and the kernel's own handle of its socket. */
export interface DiagSocket extends Connection {
  /** Of the socket: a dual-stack listener's connections are IPv6 ones, also where their addresses are IPv4. */
  readonly family: Family;
  readonly localAddress: IpAddress;
  /** As the kernel sent it. The cookie in it tells this very socket from a later one of the same four numbers. */
  readonly id: Uint8Array;
}

const REQUEST_BYTES = 56;
const BOTH_REQUEST_BYTES = 60;
const ANSWER_BYTES = 72;
const ID = 4;
const ID_BYTES = 48;
const IPPROTO_TCP = 6;
/** The `timer` of a socket that is in time-wait, whatever its state is said to be. */
const TIME_WAIT_TIMER = 3;
const INET_DIAG_REQ_BYTECODE = 1;
const INET_DIAG_BC_S_COND = 7;
const ANY_PORT = -1;

/** net/tcp_states.h. Not among them: time-wait (6), close (7) and listen (10). */
const STATES: ReadonlyMap<number, TcpState> = new Map([
  [1, "established"],
  [2, "syn-sent"],
  [3, "syn-recv"],
  [4, "fin-wait-1"],
  [5, "fin-wait-2"],
  [8, "close-wait"],
  [9, "last-ack"],
  [11, "closing"],
]);
const STATE_BITS = [...STATES.keys()].reduce((bits, state) => bits | (1 << state), 0);

/** All connections of a local address among the sockets of one family. */
export function encodeSocketDump(family: Family, local: IpAddress): Uint8Array<ArrayBuffer> {
  return encodePayload(request(family, STATE_BITS), [[INET_DIAG_REQ_BYTECODE, localAddressFilter(local)]]);
}

/**
 * The same of both families in one walk of the host's table, by the request of before there were families in it
 * (TCPDIAG_GETSOCK, struct inet_diag_req): 0 lengths, 4 id, 52 states, 56 dbs.
 */
export function encodeBothDump(local: IpAddress): Uint8Array<ArrayBuffer> {
  return encodePayload(bothRequest(STATE_BITS), [[INET_DIAG_REQ_BYTECODE, localAddressFilter(local)]]);
}

export function encodeEmptyBothDump(): Uint8Array<ArrayBuffer> {
  return encodePayload(bothRequest(0), []);
}

/** A dump of no state at all: answered with nothing, by a kernel that can list TCP sockets. */
export function encodeEmptyDump(): Uint8Array<ArrayBuffer> {
  return encodePayload(request(4, 0), []);
}

/**
 * Without the cookie the kernel would look for the four numbers alone, and where that connection is gone, find the
 * listener of its port and destroy that.
 */
export function encodeDestroy({ family, id }: Pick<DiagSocket, "family" | "id">): Uint8Array<ArrayBuffer> {
  const payload = encodePayload(request(family, STATE_BITS), []);
  payload.set(id, REQUEST_BYTES - ID_BYTES);
  return payload;
}

/** Names no socket: no port and no cookie is 0. */
export function encodeVainDestroy(): Uint8Array<ArrayBuffer> {
  return encodeDestroy({ family: 4, id: new Uint8Array(ID_BYTES) });
}

/** @returns undefined for what is no connection (listening, in time-wait). @throws RoutingError KERNEL_ANSWER_MALFORMED */
export function decodeSocket(payload: Uint8Array): DiagSocket | undefined {
  const fixed = fixedPart(payload, ANSWER_BYTES);
  const family = familyOfNumber(fixed.getUint8(0));
  const state = STATES.get(fixed.getUint8(1));
  if (family === undefined || state === undefined || fixed.getUint8(2) === TIME_WAIT_TIMER) return undefined;
  return {
    family,
    state,
    localAddress: readAddress(family, payload.subarray(ID + 4, ID + 20)),
    localPort: fixed.getUint16(ID),
    remoteAddress: readAddress(family, payload.subarray(ID + 20, ID + 36)),
    remotePort: fixed.getUint16(ID + 2),
    id: payload.slice(ID, ID + ID_BYTES),
  };
}

function bothRequest(states: number): DataView<ArrayBuffer> {
  const fixed = new DataView(new ArrayBuffer(BOTH_REQUEST_BYTES));
  fixed.setUint32(ID + ID_BYTES, states, true);
  return fixed;
}

function request(family: Family, states: number): DataView<ArrayBuffer> {
  const fixed = new DataView(new ArrayBuffer(REQUEST_BYTES));
  fixed.setUint8(0, familyNumber(family));
  fixed.setUint8(1, IPPROTO_TCP);
  fixed.setUint32(4, states, true);
  return fixed;
}

/**
 * One instruction of the kernel's filter language: S_COND with its host condition. Asked for an IPv4 address it takes
 * the IPv4-mapped one of an IPv6 socket, too. Past the end is acceptance, 4 bytes further rejection.
 *
 *   0        1              2             4        5             6     8      12
 *   | S_COND | to if so     | to if not   | family | prefix bits | pad | port | address |
 */
function localAddressFilter(local: IpAddress): Uint8Array {
  const address = ipAddressBytes(local);
  const bytes = new Uint8Array(12 + address.length);
  const view = new DataView(bytes.buffer);
  view.setUint8(0, INET_DIAG_BC_S_COND);
  view.setUint8(1, bytes.length);
  view.setUint16(2, bytes.length + 4, true);
  view.setUint8(4, familyNumber(familyOf(local)));
  view.setUint8(5, hostPrefixLength(local));
  view.setInt32(8, ANY_PORT, true);
  bytes.set(address, 12);
  return bytes;
}

/** 16 bytes, of which IPv4 takes the first 4, or, mapped, the last. */
function readAddress(family: Family, bytes: Uint8Array): IpAddress {
  const address = ipAddressFromBytes(
    family === 4 ? bytes.subarray(0, 4) : isMapped(bytes) ? bytes.subarray(12) : bytes,
  );
  if (address === undefined) throw malformed(`an IP address of ${bytes.length} bytes`);
  return address;
}

/** ::ffff:0:0/96 (RFC 4291 section 2.5.5.2). */
function isMapped(bytes: Uint8Array): boolean {
  return bytes.subarray(0, 10).every((byte) => byte === 0) && bytes[10] === 0xff && bytes[11] === 0xff;
}
