/** The order of the measurements, and what they share: one segment, three pods, one Lease API. */
import { loadavg } from "node:os";
import { sleep } from "../test/bed/wait.ts";
import { measureFootprints } from "./footprint.ts";
import { measureRefreshes } from "./gate-refresh.ts";
import { countLeaseRequests } from "./lease-requests.ts";
import type { Results } from "./results.ts";
import { Sidecars } from "./sidecars.ts";
import { measureStarts } from "./start.ts";
import { measureTakeovers } from "./takeover.ts";

/** How long the three replicas are left alone while they are watched. */
const WATCH_MS = 60_000;

export async function measureAll(say: (line: string) => void): Promise<Results> {
  const loadBefore = loadavg()[0] ?? 0;
  const sidecars = await Sidecars.prepare();
  say("starts of one replica");
  const starts = await measureStarts(sidecars);
  say("refreshes of the hold gate");
  const refreshes = await measureRefreshes(sidecars);
  say("three replicas, first boot: one lease duration passes before there is a holder");
  sidecars.startAll();
  await sidecars.settled();
  say(`three replicas, left alone for ${WATCH_MS / 1000} s`);
  const finishCounting = countLeaseRequests(sidecars);
  const footprints = await measureFootprints(sidecars, () => sleep(WATCH_MS));
  const requests = finishCounting();
  say("takeovers: the holder is stopped gently, again and again");
  const takeovers = await measureTakeovers(sidecars);
  const rows = [...starts, ...footprints, ...requests, ...refreshes, ...takeovers];
  return { rows, loadBefore, loadAfter: loadavg()[0] ?? 0 };
}
