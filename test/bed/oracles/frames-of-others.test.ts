import { expect, test } from "vitest";
import type { LeaseWrite } from "../lease-history.ts";
import { framesOfOthers } from "./frames-of-others.ts";

const MACS = new Map([
  ["06:00:00:00:00:0a", "uid-a"],
  ["06:00:00:00:00:0b", "uid-b"],
]);

function write(atMs: number, holderIdentity: string, userAgent = "vcluster-kube-vip"): LeaseWrite {
  const lease = { resourceVersion: String(atMs), holderIdentity, leaseTransitions: 0, annotations: {} };
  return { verb: "update", status: 200, userAgent, receivedWallMs: atMs - 2, answeredWallMs: atMs, lease };
}

function frame(wallMs: number, last: number) {
  const bytes = new Uint8Array(42);
  bytes.set([0x06, 0, 0, 0, 0, last], 22);
  return { wallMs, bytes };
}

function check(
  frames: readonly ReturnType<typeof frame>[],
  history: readonly LeaseWrite[],
  expectedAtMs: readonly number[],
) {
  const others = framesOfOthers(frames, history, (mac) => MACS.get(mac));
  expect(others.map(({ wallMs }) => wallMs)).toEqual(expectedAtMs);
}

const handOver = [write(100, "pod_uid-a_1"), write(200, ""), write(210, "pod_uid-b_1")];

test("a holder may speak, and the next one from the arrival of its write on", () => {
  check([frame(150, 0x0a), frame(209, 0x0b), frame(300, 0x0b)], handOver, []);
});

test("who gave the Lease away may not speak any more", () => {
  check([frame(201, 0x0a), frame(220, 0x0a)], handOver, [201, 220]);
});

test("a standby may not speak", () => {
  check([frame(150, 0x0b)], handOver, [150]);
});

test("a hand on the Lease is heard of 50 ms later", () => {
  const renamed = [write(100, "pod_uid-a_1"), write(200, "somebody", "kubectl/v1.34")];
  check([frame(240, 0x0a), frame(260, 0x0a)], renamed, [260]);
});

test("where cores are busy it may be heard of later, but a standby's own write excuses nothing", () => {
  const renamed = [write(100, "pod_uid-a_1"), write(200, "somebody", "kubectl/v1.34")];
  const late = (history: readonly LeaseWrite[]) =>
    framesOfOthers([frame(260, 0x0a)], history, (mac) => MACS.get(mac), 100).length;
  expect([late(renamed), late(handOver)]).toEqual([0, 1]);
});

test("machines that are no pods are not judged", () => {
  check([frame(150, 0x0c)], handOver, []);
});
