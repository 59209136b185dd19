/**
 * What a rule computes, in the kernel's words: values are loaded into registers, compared, looked up. Each is a name and
 * the attributes of its own. Pure. linux/netfilter/nf_tables.h, enum nft_expr_attributes and those after it
 */
import { decodeAttributes, text } from "../netlink/attribute.ts";
import { type Node, number32, readNumber64 } from "./node.ts";

export type Expression = readonly Node[];

/** The one of 16 bytes that every value goes through, or begins at. */
const REGISTER = 1;
/** What comes behind a value in a key of two: registers of 4 bytes are numbered from 8 on, over those of 16. */
const REGISTER_BEHIND = { 4: 9, 16: 2 } as const;
const LINK_HEADER = 0;
const NETWORK_HEADER = 1;
const TRANSPORT_HEADER = 2;
const META_KEY = { protocol: 1, iif: 4, iiftype: 8, nfproto: 15, l4proto: 16, pkttype: 19, time: 30 } as const;
const COMPARISON = { equal: 0, unequal: 1, atMost: 3, atLeast: 5 } as const;
const ADD = 0;
const HTON = 1;
const LOOKUP_INVERTED = 1;
const VERDICT_REGISTER = 0;
const NF_DROP = 0;
const NF_ACCEPT = 1;
const DESTINATION_NAT = 1;
const NFPROTO = { 4: 2, 6: 10 } as const;
/** NFT_JUMP (-3): verdicts of nf_tables' own are negative. */
const JUMP = 0xff_ff_ff_fd;

export function loadLink(offset: number, lengthBytes: number): Expression {
  return load(LINK_HEADER, offset, lengthBytes);
}

export function loadNetwork(offset: number, lengthBytes: number): Expression {
  return load(NETWORK_HEADER, offset, lengthBytes);
}

export function loadTransport(offset: number, lengthBytes: number): Expression {
  return load(TRANSPORT_HEADER, offset, lengthBytes);
}

/** The second value of a key. @param lengthBytesBefore - of the first, which is loaded already. */
export function loadTransportBehind(lengthBytesBefore: 4 | 16, offset: number, lengthBytes: number): Expression {
  return load(TRANSPORT_HEADER, offset, lengthBytes, REGISTER_BEHIND[lengthBytesBefore]);
}

export function loadMeta(key: keyof typeof META_KEY): Expression {
  return expression("meta", [
    [2, number32(META_KEY[key])],
    [1, number32(REGISTER)],
  ]);
}

/** Goes on with the rule only if the register's value compares so. */
export function compare(comparison: keyof typeof COMPARISON, value: Uint8Array): Expression {
  return expression("cmp", [
    [1, number32(REGISTER)],
    [2, number32(COMPARISON[comparison])],
    [3, [[1, value]]],
  ]);
}

/** What a comparison compares with, where that is a number of 64 bits. @throws RoutingError KERNEL_ANSWER_MALFORMED */
export function comparedNumber64(comparison: Uint8Array): bigint | undefined {
  const within = decodeAttributes(comparison).get(2);
  const data = within === undefined ? undefined : decodeAttributes(within).get(3);
  const value = data === undefined ? undefined : decodeAttributes(data).get(1);
  return value?.length === 8 ? readNumber64(value) : undefined;
}

/** Registers are compared byte by byte: numbers have to be big-endian. */
export function toNetworkOrder(lengthBytes: number): Expression {
  return expression("byteorder", [
    [1, number32(REGISTER)],
    [2, number32(REGISTER)],
    [3, number32(HTON)],
    [4, number32(lengthBytes)],
    [5, number32(lengthBytes)],
  ]);
}

/** Leaves of the register's value the bits that the mask has. */
export function mask(bits: Uint8Array): Expression {
  return expression("bitwise", [
    [1, number32(REGISTER)],
    [2, number32(REGISTER)],
    [3, number32(bits.length)],
    [4, [[1, bits]]],
    [5, [[1, new Uint8Array(bits.length)]]],
  ]);
}

/** Goes on with the rule only if the set has what is in the register. */
export function isIn(set: string): Expression {
  return lookup(set, 0);
}

/** Goes on with the rule only if the set has not what is in the register. */
export function notIn(set: string): Expression {
  return lookup(set, LOOKUP_INVERTED);
}

function lookup(set: string, flags: number): Expression {
  return expression("lookup", [
    [1, text(set)],
    [2, number32(REGISTER)],
    [5, number32(flags)],
  ]);
}

/** Puts what is in the register into the set, with the set's own timeout, if it is not there; ends the rule if that is full. */
export function addTo(set: string): Expression {
  return expression("dynset", [
    [4, number32(REGISTER)],
    [3, number32(ADD)],
    [1, text(set)],
  ]);
}

/** At most 16 bytes, as they are. */
export function loadValue(bytes: Uint8Array): Expression {
  return expression("immediate", [
    [1, number32(REGISTER)],
    [2, [[1, bytes]]],
  ]);
}

/** At most 4 bytes, behind a value of that length. */
export function loadValueBehind(lengthBytesBefore: 4 | 16, bytes: Uint8Array): Expression {
  return expression("immediate", [
    [1, number32(REGISTER_BEHIND[lengthBytesBefore])],
    [2, [[1, bytes]]],
  ]);
}

/** The connection goes to the address in the register and the port behind it; its answers come from where it was sent. */
export function translateDestination(family: 4 | 6): Expression {
  const behind = REGISTER_BEHIND[family === 4 ? 4 : 16];
  return expression("nat", [
    [1, number32(DESTINATION_NAT)],
    [2, number32(NFPROTO[family])],
    [3, number32(REGISTER)],
    [5, number32(behind)],
  ]);
}

/** Writes what is in the register over that part of the frame's link header. */
export function storeLink(offset: number, lengthBytes: number): Expression {
  return expression("payload", [
    [5, number32(REGISTER)],
    [2, number32(LINK_HEADER)],
    [3, number32(offset)],
    [4, number32(lengthBytes)],
  ]);
}

/** The frame leaves by the link whose number is in the register, in the byte order of this machine. */
export function forward(): Expression {
  return expression("fwd", [[1, number32(REGISTER)]]);
}

export function accept(): Expression {
  return verdict([[1, number32(NF_ACCEPT)]]);
}

export function drop(): Expression {
  return verdict([[1, number32(NF_DROP)]]);
}

/** Asks that chain too, and goes on behind the rule if it drops nothing. */
export function jump(chain: string): Expression {
  return verdict([
    [1, number32(JUMP)],
    [2, text(chain)],
  ]);
}

function verdict(nodes: readonly Node[]): Expression {
  return expression("immediate", [
    [1, number32(VERDICT_REGISTER)],
    [2, [[2, nodes]]],
  ]);
}

function load(header: number, offset: number, lengthBytes: number, register: number = REGISTER): Expression {
  return expression("payload", [
    [1, number32(register)],
    [2, number32(header)],
    [3, number32(offset)],
    [4, number32(lengthBytes)],
  ]);
}

function expression(name: string, attributes: readonly Node[]): Expression {
  return [
    [1, text(name)],
    [2, attributes],
  ];
}
