/**
 * What a rule computes, in the kernel's words: values are loaded into registers, compared, looked up. Each is a name and
 * the attributes of its own. Pure. linux/netfilter/nf_tables.h, enum nft_expr_attributes and those after it
 */
import { text } from "../netlink/attribute.ts";
import { type Node, number32 } from "./node.ts";

export type Expression = readonly Node[];

/** A register of 16 bytes, or the first of the four of 4 bytes that it consists of. */
export const REGISTER = 1;
/** The register that follows 4 bytes and 16 bytes in `REGISTER`: a set's key lies in registers one after another. */
export const REGISTER_AFTER = { 4: 9, 16: 2 } as const;

const NETWORK_HEADER = 1;
const TRANSPORT_HEADER = 2;
const META_KEY = { protocol: 1, l4proto: 16, time: 30 } as const;
const COMPARISON = { equal: 0, atMost: 3, atLeast: 5 } as const;
const HTON = 1;
const LOOKUP_INVERTED = 1;
const VERDICT_REGISTER = 0;
const NF_DROP = 0;

export function loadNetwork(offset: number, lengthBytes: number): Expression {
  return load(NETWORK_HEADER, offset, lengthBytes);
}

export function loadTransport(offset: number, lengthBytes: number): Expression {
  return load(TRANSPORT_HEADER, offset, lengthBytes);
}

export function loadMeta(key: keyof typeof META_KEY, register: number = REGISTER): Expression {
  return expression("meta", [
    [2, number32(META_KEY[key])],
    [1, number32(register)],
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

/** Ranges of a set are compared byte by byte: numbers have to be big-endian. */
export function toNetworkOrder(register: number, lengthBytes: number): Expression {
  return expression("byteorder", [
    [1, number32(register)],
    [2, number32(register)],
    [3, number32(HTON)],
    [4, number32(lengthBytes)],
    [5, number32(lengthBytes)],
  ]);
}

/** Goes on with the rule only if the set has not what is in the registers. */
export function notIn(set: string): Expression {
  return expression("lookup", [
    [1, text(set)],
    [2, number32(REGISTER)],
    [5, number32(LOOKUP_INVERTED)],
  ]);
}

export function drop(): Expression {
  return expression("immediate", [
    [1, number32(VERDICT_REGISTER)],
    [2, [[2, [[1, number32(NF_DROP)]]]]],
  ]);
}

function load(header: number, offset: number, lengthBytes: number): Expression {
  return expression("payload", [
    [1, number32(REGISTER)],
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
