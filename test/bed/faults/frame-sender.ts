/**
 * Process of a stranger: sends ARP frames about the VIP on net0 at a rate, and tells every 100 ms how many the kernel
 * took, as FramesSent[] lines. Written by hand like the sampler's: it must not share the sidecar's codec.
 */
import { readFileSync } from "node:fs";
import { openPacketSocket } from "@vcluster-kube-vip/raw-socket";
import { monotonicMs } from "../wait.ts";

export interface FrameSenderOptions {
  readonly vip: string;
  /**
   * claim: a gratuitous request, the VIP is at this machine. question: who has it, from ever other made-up neighbours.
   * probe: who has it, from a machine that hides its address (RFC 5227 2.1.1).
   */
  readonly form: "claim" | "question" | "probe";
  readonly perSecond: number;
}

export interface FramesSent {
  readonly fromMs: number;
  readonly toMs: number;
  readonly frames: number;
  readonly refused: number;
}

const REPORT_EVERY_MS = 100;
/** A late turn catches up, but not with what a frozen machine missed. */
const BURST_MAX = 2_000;
/** Made-up neighbours: 10.100.0.128 to .254, less the VIP's own number. */
const [FIRST_NEIGHBOUR, NEIGHBOURS] = [128, 127];

const { vip, form, perSecond } = JSON.parse(process.argv[2] ?? "{}") as FrameSenderOptions;
const vipBytes = Uint8Array.from(vip.split(".").map(Number));
const ownMac = macBytes(readFileSync("/sys/class/net/net0/address", "utf8").trim());
const socket = openPacketSocket({
  linkIndex: Number(readFileSync("/sys/class/net/net0/ifindex", "utf8")),
  etherType: 0,
  onMessage: () => undefined,
  onError: (error) => {
    throw error;
  },
});
const frame = new Uint8Array(42);
const firstMs = monotonicMs();
let due = 0;
let counted = { fromMs: firstMs, frames: 0, refused: 0 };

frame.fill(0xff, 0, 6);
frame.set(ownMac, 6);
frame.set([0x08, 0x06, 0, 1, 0x08, 0, 6, 4, 0, 1], 12);
frame.set(ownMac, 22);
if (form !== "probe") frame.set(vipBytes, 28);
frame.set(vipBytes, 38);
const sending = setInterval(send, Math.max(1, 1_000 / perSecond));
const reporting = setInterval(report, REPORT_EVERY_MS);
process.stdout.write('"ready"\n');
process.on("SIGTERM", () => {
  clearInterval(sending);
  clearInterval(reporting);
  report();
  socket.close();
});

function send(): void {
  const wanted = Math.floor(((monotonicMs() - firstMs) * perSecond) / 1_000) + 1;
  due = Math.max(due, wanted - BURST_MAX);
  for (; due < wanted; due += 1) {
    if (form === "question") beNeighbour(due);
    if (socket.send(frame) === undefined) counted.frames += 1;
    else counted.refused += 1;
  }
}

/** Sender MAC and address of the nth made-up neighbour; its frames come from its MAC, too. */
function beNeighbour(nth: number): void {
  const number = FIRST_NEIGHBOUR + (nth % NEIGHBOURS);
  frame[11] = number;
  frame[27] = number;
  frame[31] = number;
}

function report(): void {
  const toMs = monotonicMs();
  process.stdout.write(`${JSON.stringify([{ ...counted, toMs } satisfies FramesSent])}\n`);
  counted = { fromMs: toMs, frames: 0, refused: 0 };
}

function macBytes(mac: string): Uint8Array {
  return Uint8Array.from(mac.split(":").map((byte) => Number.parseInt(byte, 16)));
}
