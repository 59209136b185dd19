/**
 * Classic BPF for packet sockets: the kernel hands over only what can be about the VIP, so that ARP about others (10,000
 * frames a second on a large segment) does not wake the process. Coarser than listen.ts, which decides. Questions for the
 * VIP, which anybody may ask at any rate, are told from claims and answers, so that they can wait in another queue.
 * Offsets are of the whole frame (SOCK_RAW). https://docs.kernel.org/networking/filter.html
 */
import { familyOf, type IpAddress, ipAddressBytes, macAddressBytes } from "@vcluster-kube-vip/routing";
import { ETHER_TYPE_ARP, ETHER_TYPE_IPV6, viewOf } from "./ethernet.ts";
import type { Claim } from "./forms.ts";

/** struct sock_filter of linux/filter.h. */
export interface FilterInstruction {
  readonly code: number;
  readonly jumpTrue: number;
  readonly jumpFalse: number;
  readonly k: number;
}

/** A program as it is read: jumps go forward, to labels. */
type Line =
  | { readonly t: "load"; readonly bytes: 1 | 2 | 4; readonly at: number }
  | { readonly t: "unless"; readonly equals: number; readonly goTo: string }
  | { readonly t: "if"; readonly equals: number; readonly goTo: string }
  | { readonly t: "return"; readonly bytes: number }
  | { readonly t: "label"; readonly name: string };

/** BPF_LD | BPF_ABS and the size. A load past the frame's end drops it. */
const LOAD = { 1: 0x30, 2: 0x28, 4: 0x20 } as const;
const JUMP_IF_EQUAL = 0x15;
const RETURN = 0x06;
/** The whole frame, however long. */
const WHOLE = 0x4_0000;
const ARP_REQUEST = 1;
const ARP_REPLY = 2;
/** More than that are not told apart by the kernel. */
const REQUESTED_MAX = 200;
const NEXT_HEADER_ICMPV6 = 58;
const NEIGHBOUR_SOLICITATION = 135;
const NEIGHBOUR_ADVERTISEMENT = 136;

const drop: Line = { t: "return", bytes: 0 };
const take: Line = { t: "return", bytes: WHOLE };
/** Leaves the message's type in the accumulator. */
const icmpv6: readonly Line[] = [
  load(2, 12),
  unless(ETHER_TYPE_IPV6, "drop"),
  load(1, 20),
  unless(NEXT_HEADER_ICMPV6, "drop"),
  load(1, 54),
];

/** Claims of the VIP and answers to us, of `self.vip`'s family: ARP frames (0x0806) or IPv6 frames (0x86dd). */
export function claimFilter(self: Claim): readonly FilterInstruction[] {
  return assemble(familyOf(self.vip) === 4 ? arpClaims(self) : neighbourClaims(self));
}

/** Questions for the VIP, of its family, that claim nothing. */
export function questionFilter({ vip }: Claim): readonly FilterInstruction[] {
  return assemble(familyOf(vip) === 4 ? arpQuestions(vip) : neighbourQuestions(vip));
}

/** ARP requests for one of these IPv4 addresses: what the responder (answer.ts) has to answer. */
export function requestFilter(addresses: readonly IpAddress[]): readonly FilterInstruction[] {
  // A jump reaches 255 instructions.
  const anyTarget = addresses.length > REQUESTED_MAX;
  const targets = anyTarget ? [] : [load(4, 38), ...addresses.map(targetIs), drop];
  return assemble([
    load(2, 12),
    unless(ETHER_TYPE_ARP, "drop"),
    load(2, 20),
    unless(ARP_REQUEST, "drop"),
    ...targets,
    { t: "label", name: "asked" },
    take,
    { t: "label", name: "drop" },
    drop,
  ]);
}

function targetIs(address: IpAddress): Line {
  return { t: "if", equals: viewOf(ipAddressBytes(address)).getUint32(0), goTo: "asked" };
}

/** The sender is the VIP, or a reply about it or to us alone. */
function arpClaims({ vip, mac }: Claim): readonly Line[] {
  return [
    load(2, 12),
    unless(ETHER_TYPE_ARP, "drop"),
    ...takenIf(28, ipAddressBytes(vip), "sender is other"),
    load(2, 20),
    unless(ARP_REPLY, "drop"),
    ...takenIf(38, ipAddressBytes(vip), "target is other"),
    ...takenIf(0, macAddressBytes(mac), "drop"),
    drop,
  ];
}

function arpQuestions(vip: IpAddress): readonly Line[] {
  return [
    load(2, 12),
    unless(ETHER_TYPE_ARP, "drop"),
    load(2, 20),
    unless(ARP_REQUEST, "drop"),
    ...goOnIf(38, ipAddressBytes(vip), "drop"),
    ...droppedIf(28, ipAddressBytes(vip), "sender is other"),
    take,
    { t: "label", name: "drop" },
    drop,
  ];
}

/** A solicitation from the VIP; an advertisement with the VIP as target, or as destination (an answer to us). */
function neighbourClaims({ vip }: Claim): readonly Line[] {
  return [
    ...icmpv6,
    { t: "if", equals: NEIGHBOUR_SOLICITATION, goTo: "solicitation" },
    unless(NEIGHBOUR_ADVERTISEMENT, "drop"),
    ...takenIf(62, ipAddressBytes(vip), "target is other"),
    ...takenIf(38, ipAddressBytes(vip), "destination is other"),
    drop,
    { t: "label", name: "solicitation" },
    ...takenIf(22, ipAddressBytes(vip), "drop"),
    drop,
  ];
}

function neighbourQuestions(vip: IpAddress): readonly Line[] {
  return [
    ...icmpv6,
    unless(NEIGHBOUR_SOLICITATION, "drop"),
    ...goOnIf(62, ipAddressBytes(vip), "drop"),
    ...droppedIf(22, ipAddressBytes(vip), "source is other"),
    take,
    { t: "label", name: "drop" },
    drop,
  ];
}

/** Takes the frame when these bytes stand there; goes on behind the label when not. */
function takenIf(at: number, bytes: Uint8Array, otherwise: string): readonly Line[] {
  return [...goOnIf(at, bytes, otherwise), take, { t: "label", name: otherwise }];
}

function droppedIf(at: number, bytes: Uint8Array, otherwise: string): readonly Line[] {
  return [...goOnIf(at, bytes, otherwise), drop, { t: "label", name: otherwise }];
}

function goOnIf(at: number, bytes: Uint8Array, otherwise: string): readonly Line[] {
  const view = viewOf(bytes);
  const lines: Line[] = [];
  for (let offset = 0; offset < bytes.length; ) {
    const size = bytes.length - offset >= 4 ? 4 : 2;
    lines.push(load(size, at + offset));
    lines.push(unless(size === 4 ? view.getUint32(offset) : view.getUint16(offset), otherwise));
    offset += size;
  }
  return lines;
}

function load(bytes: 1 | 2 | 4, at: number): Line {
  return { t: "load", bytes, at };
}

function unless(equals: number, goTo: string): Line {
  return { t: "unless", equals, goTo };
}

/** Labels take no instruction; jumps are relative to the instruction behind them. */
function assemble(lines: readonly Line[]): readonly FilterInstruction[] {
  const places = new Map<string, number>();
  const instructions: Exclude<Line, { t: "label" }>[] = [];
  for (const line of lines) {
    if (line.t === "label") places.set(line.name, instructions.length);
    else instructions.push(line);
  }
  return instructions.map((line, index) => instructionOf(line, (label) => distance(places, label, index)));
}

function instructionOf(line: Exclude<Line, { t: "label" }>, jump: (label: string) => number): FilterInstruction {
  switch (line.t) {
    case "load":
      return { code: LOAD[line.bytes], jumpTrue: 0, jumpFalse: 0, k: line.at };
    case "return":
      return { code: RETURN, jumpTrue: 0, jumpFalse: 0, k: line.bytes };
    case "if":
      return { code: JUMP_IF_EQUAL, jumpTrue: jump(line.goTo), jumpFalse: 0, k: line.equals };
    case "unless":
      return { code: JUMP_IF_EQUAL, jumpTrue: 0, jumpFalse: jump(line.goTo), k: line.equals };
  }
}

function distance(places: ReadonlyMap<string, number>, label: string, from: number): number {
  const place = places.get(label);
  if (place === undefined || place <= from) throw new TypeError(`label "${label}" is not behind instruction ${from}`);
  return place - from - 1;
}
