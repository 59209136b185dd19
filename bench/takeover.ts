/**
 * Lease won to first frame: from the API server's answer to the winning write to the first ARP frame for the VIP, both
 * as the kernel stamps them in the taker's pod, by tcpdump. What the program says of itself has no part in it.
 */
import { Capture, type CapturedFrame } from "../test/bed/capture.ts";
import { median } from "../test/bed/measured.ts";
import type { Pod } from "../test/bed/pod.ts";
import { PAGE } from "../test/bed/segment.ts";
import { sleep } from "../test/bed/wait.ts";
import type { Row } from "./results.ts";
import type { Sidecars } from "./sidecars.ts";
import { type Segment, segmentOf } from "./tcp-segment.ts";

const TAKEOVERS = 24;
const GOAL_MS = 5;
/** Of calm before a holder is stopped: the one stopped before has a watch again, and the last frames are in the file. */
const CALM_MS = 500;
/** The API server of the pod, as kube-apiserver's own port. */
const API_PORT = 6443;

/** What was caught in one pod. */
interface Ear {
  readonly pod: Pod;
  readonly net1: Capture;
  readonly lo: Capture;
}

export async function measureTakeovers(sidecars: Sidecars): Promise<readonly Row[]> {
  const ears = await Promise.all(sidecars.pods.map(listen));
  const durationsMs: number[] = [];
  for (let takeover = 0; takeover < TAKEOVERS; takeover += 1) durationsMs.push(await takeOver(sidecars, ears));
  const medianMs = median(durationsMs);
  const maxMs = Math.max(...durationsMs);
  return [
    {
      what: `Lease won to first frame (median of ${TAKEOVERS} takeovers)`,
      measured: `${medianMs.toFixed(1)} ms (at most ${maxMs.toFixed(1)})`,
      goal: `<= ${GOAL_MS} ms`,
      met: medianMs <= GOAL_MS,
    },
  ];
}

/** Stops the holder gently, and starts it again afterwards: on its own node it would not take the taker's time. */
async function takeOver(sidecars: Sidecars, ears: readonly Ear[]): Promise<number> {
  const { holder } = await sidecars.settled();
  await sleep(CALM_MS);
  const stoppedAtMs = Date.now();
  await sidecars.stop(holder);
  const { holder: taker } = await sidecars.settled();
  await sleep(CALM_MS);
  sidecars.start(holder.pod);
  const ear = ears.find(({ pod }) => pod === taker.pod);
  if (ear === undefined) throw new TypeError(`nobody listens in ${taker.pod.name}`);
  return wonToFirstFrameMs(ear, stoppedAtMs);
}

function wonToFirstFrameMs({ pod, net1, lo }: Ear, sinceMs: number): number {
  const since = ({ wallMs }: CapturedFrame): boolean => wallMs >= sinceMs;
  const frame = net1
    .frames()
    .filter(since)
    .find(({ bytes }) => isAnnouncement(bytes, pod.mac));
  if (frame === undefined) throw new TypeError(`no frame for the VIP left ${pod.name}`);
  const segments = lo
    .frames()
    .filter(since)
    .flatMap(({ bytes, wallMs }) => segmentOf(bytes, wallMs) ?? []);
  const write = segments.findLast(({ to, wallMs }) => to === API_PORT && wallMs < frame.wallMs);
  const answer = segments.find((one) => write !== undefined && isAnswer(one, write));
  if (answer === undefined) throw new TypeError(`no answer to a write came before the frame of ${pod.name}`);
  return frame.wallMs - answer.wallMs;
}

function isAnswer(one: Segment, write: Segment): boolean {
  return one.from === API_PORT && one.to === write.from && one.wallMs >= write.wallMs;
}

/** An ARP frame (RFC 826) of ours with the VIP as its sender address. */
function isAnnouncement(frame: Uint8Array, mac: string): boolean {
  const text = (from: number, to: number, base: number, between: string): string =>
    Array.from(frame.subarray(from, to), (byte) => byte.toString(base).padStart(base === 16 ? 2 : 1, "0")).join(
      between,
    );
  return text(6, 12, 16, ":") === mac && text(28, 32, 10, ".") === PAGE.vip;
}

async function listen(pod: Pod): Promise<Ear> {
  const net1 = await Capture.start(pod.namespace, { link: "net1", filter: "arp" });
  const lo = await Capture.start(pod.namespace, { link: "lo", filter: `tcp port ${API_PORT}` });
  return { pod, net1, lo };
}
