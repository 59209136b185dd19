/**
 * Asks for one address many times and tells how many answers came, and how soon, as one JSON line. For measurements:
 * who asks is not the one who answers, and has a process and a namespace of its own.
 */
import { readFileSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";
import { openPacketSocket } from "@vcluster-kube-vip/raw-socket";
import { ip, mac } from "../../packages/routing/src/testing/index.ts";
import { decodeArp, encodeArp } from "../../packages/sidecar/src/announce/arp.ts";
import { monotonicMs } from "../bed/wait.ts";

export interface AskerOptions {
  readonly address: string;
  readonly link: string;
  readonly perSecond: number;
  readonly forMs: number;
}

export interface Asked {
  readonly asked: number;
  readonly answered: number;
  readonly lastedMs: number;
  /** One at a time only: with more under way, answers cannot be told apart. */
  readonly tookMs: readonly number[];
}

const SETTLED_AFTER_MS = 200;

const options = JSON.parse(process.argv[2] ?? "{}") as AskerOptions;
const self = mac("02:00:5e:00:00:01");
let [asked, answered, askedAtMs] = [0, 0, 0];
const tookMs: number[] = [];
const socket = openPacketSocket({
  linkIndex: Number(readFileSync(`/sys/class/net/${options.link}/ifindex`, "utf8")),
  etherType: 0x0806,
  onMessage: (frame) => {
    const reply = decodeArp(frame);
    if (typeof reply === "string" || reply.operation !== "reply" || reply.targetMac !== self) return;
    answered += 1;
    tookMs.push(monotonicMs() - askedAtMs);
  },
  onError: (error) => {
    throw error;
  },
});
const request = encodeArp({
  t: "arp",
  to: mac("ff:ff:ff:ff:ff:ff"),
  from: self,
  operation: "request",
  senderMac: self,
  senderAddress: ip("0.0.0.0"),
  targetMac: mac("00:00:00:00:00:00"),
  targetAddress: ip(options.address),
});

const startMs = monotonicMs();
for (let nowMs = startMs; nowMs < startMs + options.forMs; nowMs = monotonicMs()) {
  const due = Math.floor(((nowMs - startMs) * options.perSecond) / 1_000);
  for (; asked < due; asked += 1) {
    askedAtMs = monotonicMs();
    socket.send(request);
  }
  await sleep(1);
}
const lastedMs = monotonicMs() - startMs;
await sleep(SETTLED_AFTER_MS);
socket.close();
process.stdout.write(`${JSON.stringify({ asked, answered, lastedMs, tookMs } satisfies Asked)}\n`);
