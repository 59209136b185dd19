/**
 * A killed sidecar and its next life (rule 8): on a real kernel with the embedded Lease API, at the default 15/10/2, so
 * that a busy machine has the time to start a process before the deadline.
 */
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, expect, test } from "vitest";
import { Capture } from "../bed/capture.ts";
import { measured } from "../bed/measured.ts";
import { ArpSampler } from "../bed/observers.ts";
import { Pod } from "../bed/pod.ts";
import { podName } from "../bed/release.ts";
import { Segment } from "../bed/segment.ts";
import { SidecarProcess } from "../bed/sidecar-process.ts";
import { monotonicMs, waitFor } from "../bed/wait.ts";
import { EmbeddedApi } from "../demo/embedded-api.ts";

const KILLS = 3;

let segment: Segment;
let pod: Pod;
let api: EmbeddedApi;
let sampler: ArpSampler;
let sidecar: SidecarProcess;

beforeAll(async () => {
  segment = await Segment.create({ podNetwork: "10.64" });
  pod = await Pod.create(segment, { name: podName(0) });
  api = await EmbeddedApi.start([pod]);
  sampler = await ArpSampler.start(segment);
  sidecar = SidecarProcess.start(pod, { kubeconfig: api.kubeconfig() });
});

afterAll(async () => {
  await sidecar.close();
  await sampler.close();
  await pod.close();
  await segment.close();
});

test("killed and started again before its deadline, a holder is adopted, and nobody on the segment notices", async () => {
  const isServed = () => sampler.answering[0] === pod.mac || undefined;
  await waitFor("the VIP is answered for", isServed, { withinMs: 30_000, diagnose: () => sidecar.tail() });
  // The burst of the take is over after 2.2 s.
  await sleep(3_000);
  const fromMs = monotonicMs();
  // Replies are what only a burst has: the rare frames in between are requests.
  const bursts = await Capture.start(segment.worker, {
    link: "net0",
    filter: `arp and ether src ${pod.mac} and arp[7] = 2`,
  });
  const isHeld = ({ fields }: { fields: Readonly<Record<string, unknown>> }) => fields["to"] === "held";
  for (let kill = 1; kill <= KILLS; kill += 1) {
    await sidecar.process.stop("SIGKILL");
    const killedAtMs = monotonicMs();
    sidecar = SidecarProcess.start(pod, { kubeconfig: api.kubeconfig() });
    const held = await sidecar.waitForEvent("transition", { withinMs: 12_000, sinceMs: killedAtMs, matches: isHeld });
    measured("killed and started again: until it is adopted", [held.atMs - killedAtMs]);
  }
  await sleep(3_000);
  await sampler.caughtUp();
  expect(sampler.runs.filter((run) => run.fromMs > fromMs && run.macs.length !== 1)).toEqual([]);
  expect(bursts.frames()).toEqual([]);
  await bursts.stop();
});
