/**
 * Observer process: asks the segment every 2 ms who has the VIP and tells who answered, as AnswerRun[] lines.
 *
 * Each probe has a sender MAC address of its own, made up, and sender address 0.0.0.0 (an ARP probe, RFC 5227): no
 * neighbour entry is made or healed by it, and an answer's target MAC says which probe it belongs to. The frames are
 * written here by hand, not by the sidecar's codec: the observer must not share the observed's mistakes.
 */
import { readFileSync } from "node:fs";
import { openPacketSocket } from "@vcluster-kube-vip/raw-socket";
import { type AnswerRun, extended } from "./arp-answers.ts";
import { monotonicMs } from "./wait.ts";

export interface ArpSamplerOptions {
  readonly vip: string;
  /** Default net0. */
  readonly link?: string;
  /** Default 2. */
  readonly periodMs?: number;
}

interface Probe {
  readonly sentMs: number;
  readonly macs: Set<string>;
}

const ARP = 0x0806;
/** Answers come within 1 ms; a starved machine gets 100. */
const SETTLED_AFTER_MS = 100;
const REPORT_EVERY_MS = 50;
/** Locally administered; the rest of the address is the probe's number modulo this. */
const MADE_UP_MACS = 0x4000;

const { vip, link = "net0", periodMs = 2 } = JSON.parse(process.argv[2] ?? "{}") as ArpSamplerOptions;
const vipBytes = Uint8Array.from(vip.split(".").map(Number));
/** Probes whose answers may still come, by number; the oldest first. */
const open = new Map<number, Probe>();
let nextNumber = 0;
let run: AnswerRun | undefined;
let finished: AnswerRun[] = [];

const socket = openPacketSocket({
  linkIndex: Number(readFileSync(`/sys/class/net/${link}/ifindex`, "utf8")),
  etherType: ARP,
  onMessage: answered,
  onError: (error) => {
    throw error;
  },
});
const firstMs = monotonicMs();
let probing = setTimeout(probe, 0);
const reporting = setInterval(report, REPORT_EVERY_MS);
process.stdout.write('"ready"\n');
process.on("SIGTERM", () => {
  clearTimeout(probing);
  setTimeout(end, SETTLED_AFTER_MS + 1);
});

function probe(): void {
  const sentMs = monotonicMs();
  // A link that is down is silence, and silence is what is then recorded.
  socket.send(whoHas(nextNumber));
  open.set(nextNumber, { sentMs, macs: new Set() });
  nextNumber += 1;
  const nextMs = firstMs + Math.ceil((sentMs - firstMs) / periodMs + 0.5) * periodMs;
  probing = setTimeout(probe, Math.max(0, nextMs - monotonicMs()));
}

/**
 * Ethernet and ARP (RFC 826), 42 bytes: destination, source, type | 1, 0x0800, 6, 4, operation, sender MAC and IP,
 * target MAC and IP.
 */
function whoHas(number: number): Uint8Array {
  const frame = new Uint8Array(42);
  const source = Uint8Array.of(0x02, 0x50, 0x52, 0x42, (number % MADE_UP_MACS) >> 8, number & 0xff);
  frame.fill(0xff, 0, 6);
  frame.set(source, 6);
  frame.set([0x08, 0x06, 0, 1, 0x08, 0, 6, 4, 0, 1], 12);
  frame.set(source, 22);
  frame.set(vipBytes, 38);
  return frame;
}

function answered(frame: Uint8Array): void {
  const isReply = frame.length >= 42 && frame[20] === 0 && frame[21] === 2;
  const speaksForVip = vipBytes.every((byte, index) => frame[28 + index] === byte);
  const toProbe = frame[32] === 0x02 && frame[33] === 0x50 && frame[34] === 0x52 && frame[35] === 0x42;
  if (!isReply || !speaksForVip || !toProbe) return;
  const low = ((frame[36] ?? 0) << 8) | (frame[37] ?? 0);
  const newest = nextNumber - 1;
  const number = newest - ((newest - low + MADE_UP_MACS) % MADE_UP_MACS);
  open.get(number)?.macs.add(
    Buffer.from(frame.subarray(22, 28))
      .toString("hex")
      .replace(/(..)(?=.)/g, "$1:"),
  );
}

function report(): void {
  settle(monotonicMs() - SETTLED_AFTER_MS);
  // Told in pieces: whoever watches wants to know of a long run before it ends.
  if (run !== undefined) finished.push(run);
  run = undefined;
  if (finished.length > 0) process.stdout.write(`${JSON.stringify(finished)}\n`);
  finished = [];
}

function settle(untilMs: number): void {
  for (const [number, { sentMs, macs }] of open) {
    if (sentMs > untilMs) return;
    open.delete(number);
    const one: AnswerRun = { macs: [...macs].sort(), fromMs: sentMs, toMs: sentMs, probes: 1, longestBlindMs: 0 };
    if (run?.macs.join() === one.macs.join()) {
      run = extended(run, one);
    } else {
      if (run !== undefined) finished.push(run);
      run = one;
    }
  }
}

function end(): void {
  clearInterval(reporting);
  report();
  socket.close();
}
