/** The watch against the embedded API server, in real time. */
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { Bed, draft, Events, KEY } from "./kube-lease-lock.bed.ts";
import type { ListResult } from "./lease-answers.ts";
import { watchLease } from "./lease-watch.ts";

let bed: Bed;
beforeEach(async () => {
  bed = await Bed.make();
});
afterEach(() => bed.end());

async function watched() {
  const served = await bed.serve();
  await bed.admit(served.url);
  const lock = bed.lock();
  await bed.held(lock);
  const events = new Events();
  const stop = lock.watch(events.add);
  await events.reach(1);
  while (served.api.watches.count === 0) await new Promise((resolve) => setTimeout(resolve, 5));
  return { served, lock, events, stop };
}

test("begins with a list, and tells each change in its order", async () => {
  const { events } = await watched();
  bed.store.patch(KEY, { holderIdentity: "b" });
  bed.store.advance();
  bed.store.patch(KEY, { holderIdentity: "" });
  bed.store.create("kube-system/another", draft("x"));
  bed.store.delete(KEY);
  await events.reach(4);
  const holders = events.seen.map((event) => (event.t === "broken" ? "" : (event.lease?.holderIdentity ?? "none")));
  expect(events.kinds).toEqual(["listed", "changed", "changed", "deleted"]);
  expect(holders).toEqual(["a", "b", "", ""]);
});

test("an end in good order loses no change, and costs no list", async () => {
  const { served, events } = await watched();
  served.fault = (seen) => (seen.verb === "watch" ? undefined : { t: "answer", status: 500 });
  served.api.watches.endAll();
  bed.store.patch(KEY, { holderIdentity: "b" });
  await events.reach(2);
  expect(events.kinds).toEqual(["listed", "changed"]);
  expect(served.api.requests.filter((seen) => seen.verb === "list").length).toBe(1);
});

test("a reset breaks it: what came between is only known from a list", async () => {
  const { served, events } = await watched();
  served.api.reset();
  bed.store.patch(KEY, { holderIdentity: "b" });
  await events.reach(3);
  expect(events.kinds).toEqual(["listed", "broken", "listed"]);
});

test("a server judged dead loses its watch to a peer, and no change is lost", async () => {
  const own = await bed.serve();
  const peer = await bed.serve(0, "127.0.0.2");
  await bed.admit(own.url);
  const lock = bed.lock({ peersHost: "headless", peersPort: peer.port, resolve: async () => ["127.0.0.2"] });
  const lease = await bed.held(lock);
  const events = new Events();
  lock.watch(events.add);
  // The watch's head has to have come: an answer after a request was sent says that its server lives.
  await vi.waitUntil(() => bed.reports.some(({ verb }) => verb === "watch"), 2000);
  own.fault = { t: "silent" };
  peer.fault = ({ verb }) => (verb === "list" ? { t: "answer", status: 500 } : undefined);
  await lock.write(draft("b", lease), 1000);
  while (peer.api.watches.count === 0) await new Promise((resolve) => setTimeout(resolve, 5));
  bed.store.patch(KEY, { holderIdentity: "" });
  await events.reach(3);
  expect(events.kinds).toEqual(["listed", "changed", "changed"]);
  expect(own.api.watches.count).toBe(0);
}, 60_000);

test("a version that is compacted breaks it", async () => {
  const { served, events } = await watched();
  served.api.watches.endAll();
  bed.store.patch(KEY, { holderIdentity: "b" });
  bed.store.advance(10);
  bed.store.compact(bed.store.revision);
  await events.reach(3);
  expect(events.seen[1]).toEqual({ t: "broken", reason: "watch: error 410" });
  expect(events.kinds[2]).toBe("listed");
});

test("lines without end and events that are none break it", async () => {
  for (const fault of [
    { t: "endless" },
    { t: "answer", status: 200, body: '{"type":"ADDED"}\n' },
    { t: "answer", status: 200, body: "{" },
  ] as const) {
    const served = await bed.serve();
    await bed.admit(served.url);
    served.fault = (seen) => (seen.verb === "watch" ? fault : undefined);
    const events = new Events();
    const stop = bed.lock().watch(events.add);
    await events.reach(2);
    stop();
    expect(events.kinds.slice(0, 2)).toEqual(["listed", "broken"]);
  }
});

test("tells that there is no Lease, and nothing after it was stopped", async () => {
  const { url } = await bed.serve();
  await bed.admit(url);
  const events = new Events();
  const stop = bed.lock().watch(events.add);
  await events.reach(1);
  stop();
  bed.store.create(KEY, draft("a"));
  await new Promise((resolve) => setTimeout(resolve, 50));
  expect(events.seen).toEqual([{ t: "listed", lease: undefined }]);
});

const FAILED: ListResult = { t: "failed", status: undefined, reason: "refused", retryAfterMs: undefined };
const NO_LEASE: ListResult = { t: "listed", lease: undefined, resourceVersion: "1" };

test.each([
  ["is waited for without a longer pause than 0.5 s as long as it never answered", [FAILED], 500],
  ["is waited for with pauses of up to 5 s once it has", [NO_LEASE, FAILED], 5000],
])("an API that is away %s", async (_what, answers, longestMs) => {
  vi.useFakeTimers();
  try {
    const askedAtMs: number[] = [];
    const list = async () => {
      askedAtMs.push(performance.now());
      return answers[askedAtMs.length - 1] ?? FAILED;
    };
    const open = async () => ({ t: "unsent", code: "ECONNREFUSED" }) as const;
    const request = () => ({ verb: "watch", method: "GET", path: "/" }) as const;
    const stop = watchLease({ list, open, request, onEvent: () => undefined, random: () => 1 });
    await vi.advanceTimersByTimeAsync(60_000);
    stop();
    const pausesMs = askedAtMs.slice(1).map((atMs, index) => Math.round(atMs - (askedAtMs[index] ?? 0)));
    expect(Math.max(...pausesMs)).toBe(longestMs);
  } finally {
    vi.useRealTimers();
  }
});
