/** The lock against the embedded API server on loopback, with real time and every fault that an API server can have. */
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import type { Fault } from "../../testing/lease-api/faults.ts";
import { Bed, draft, KEY } from "./kube-lease-lock.bed.ts";

const TIMEOUT_MS = 2000;
const SHORT_MS = 200;

let bed: Bed;
beforeEach(async () => {
  bed = await Bed.make();
});
afterEach(() => bed.end());

describe("reading and writing", () => {
  test("what was created is read back", async () => {
    const { url } = await bed.serve();
    await bed.admit(url);
    const lock = bed.lock();
    expect(await lock.read(TIMEOUT_MS)).toEqual({ t: "missing" });
    const lease = await bed.held(lock);
    expect(lease).toMatchObject({
      holderIdentity: "a",
      renewTime: "2026-11-22T06:00:00.123456Z",
      leaseDurationSeconds: 15,
    });
    expect(await lock.read(TIMEOUT_MS)).toEqual({ t: "found", lease });
  });

  test("a create that finds a Lease, and an update of an old version, conflict", async () => {
    const { url } = await bed.serve();
    await bed.admit(url);
    const lock = bed.lock();
    const lease = await bed.held(lock);
    bed.store.patch(KEY, { holderIdentity: "b" });
    expect(await lock.write(draft("a"), TIMEOUT_MS)).toEqual({ t: "conflict" });
    expect(await lock.write(draft("a", lease), TIMEOUT_MS)).toEqual({ t: "conflict" });
  });

  test("an update of a deleted Lease finds none", async () => {
    const { url } = await bed.serve();
    await bed.admit(url);
    const lock = bed.lock();
    const lease = await bed.held(lock);
    bed.store.delete(KEY);
    expect(await lock.write(draft("a", lease), TIMEOUT_MS)).toEqual({ t: "missing" });
  });

  test("a write keeps what others put into the Lease", async () => {
    const { url } = await bed.serve();
    await bed.admit(url);
    const lock = bed.lock();
    const { raw } = await bed.held(lock);
    const labelled = {
      ...(raw as object),
      metadata: { ...(raw as { metadata: object }).metadata, labels: { team: "x" } },
    };
    bed.store.patch(KEY, { raw: labelled });
    const found = await lock.read(TIMEOUT_MS);
    if (found.t !== "found") throw new Error(found.t);
    await lock.write(draft("b", found.lease), TIMEOUT_MS);
    expect(bed.store.get(KEY)?.raw).toMatchObject({
      metadata: { labels: { team: "x" } },
      spec: { holderIdentity: "b" },
    });
  });

  test("the Lease as it was at the version before, until that is compacted", async () => {
    const { url } = await bed.serve();
    await bed.admit(url);
    const lock = bed.lock();
    await bed.held(lock);
    bed.store.advance(3);
    bed.store.patch(KEY, { holderIdentity: "b" });
    const before = String(bed.store.revision - 1);
    expect(await lock.readExact(before, TIMEOUT_MS)).toMatchObject({ t: "found", lease: { holderIdentity: "a" } });
    bed.store.compact(bed.store.revision);
    expect(await lock.readExact(before, TIMEOUT_MS)).toMatchObject({ t: "failed", status: 410 });
  });

  test("a time-out may be a fraction, or over before it began", async () => {
    const { url } = await bed.serve();
    await bed.admit(url);
    const lock = bed.lock();
    expect(await lock.write(draft("a"), 10_000 / 3)).toMatchObject({ t: "written" });
    expect(await lock.read(-1)).toMatchObject({ t: "failed" });
  });

  test("a plain http server is spoken to as well", async () => {
    const { LeaseApi } = await import("../../testing/lease-api/lease-api.ts");
    const api = new LeaseApi({ store: bed.store, tls: undefined });
    const url = await api.listen();
    await bed.admit(url);
    expect(await bed.lock().write(draft("a"), TIMEOUT_MS)).toMatchObject({ t: "written" });
    await api.close();
  });
});

describe("connections", () => {
  test("twenty renewals and a read share one connection", async () => {
    const { url, api } = await bed.serve();
    await bed.admit(url);
    const lock = bed.lock();
    let lease = await bed.held(lock);
    for (let count = 0; count < 20; count += 1) {
      const result = await lock.write(draft("a", lease), TIMEOUT_MS);
      if (result.t === "written") lease = result.lease;
    }
    await lock.read(TIMEOUT_MS);
    expect(lease.resourceVersion).toBe("22");
    expect(api.connectionsTotal).toBe(1);
  });

  test("a connection that the server closed as idle is replaced within the same write", async () => {
    const { url, port, api } = await bed.serve();
    await bed.admit(url);
    const lock = bed.lock();
    const lease = await bed.held(lock);
    await api.close();
    await bed.serve(port);
    expect(await lock.write(draft("a", lease), TIMEOUT_MS)).toMatchObject({ t: "written" });
  });
});

describe("answers that a write may get", () => {
  async function check(fault: Fault, expected: object, timeoutMs = TIMEOUT_MS): Promise<void> {
    const served = await bed.serve();
    await bed.admit(served.url);
    const lock = bed.lock();
    const lease = await bed.held(lock);
    served.fault = fault;
    const startedAtMs = performance.now();
    expect(await lock.write(draft("b", lease), timeoutMs)).toMatchObject(expected);
    expect(performance.now() - startedAtMs).toBeLessThan(timeoutMs + 500);
  }
  const answer = (status: number, body?: string): Fault => ({
    t: "answer",
    status,
    ...(body !== undefined && { body }),
  });

  test("400, 401, 403 and 422 are refusals", async () => {
    for (const status of [400, 401, 403, 422]) await check(answer(status), { t: "refused", status });
  });
  test("429 is a refusal that says when to come back", () =>
    check(
      { t: "answer", status: 429, headers: { "Retry-After": "2" } },
      { t: "refused", status: 429, retryAfterMs: 2000 },
    ));
  test("409 is a conflict even without a body that can be read", () => check(answer(409, "<html>"), { t: "conflict" }));
  test("404 without the Status of a missing Lease does not mean that the Lease is missing", () =>
    check(answer(404, "404 page not found"), { t: "refused", status: 404 }));
  test("408, 500 and 504 leave the write unknown", async () => {
    for (const status of [408, 500, 504]) await check(answer(status), { t: "unknown" });
  });
  test("200 with garbage leaves it unknown", () => check(answer(200, "no JSON"), { t: "unknown" }));
  test("200 with JSON that is no Lease leaves it unknown", () => check(answer(200, "{}"), { t: "unknown" }));
  test("bytes that are no HTTP leave it unknown", () => check({ t: "garbage" }, { t: "unknown" }));
  test("a body without end is cut, and leaves it unknown", () =>
    check({ t: "endless", applied: true }, { t: "unknown" }));
  test("silence leaves it unknown at the time-out", () => check({ t: "silent" }, { t: "unknown" }, SHORT_MS));
  test("a reset leaves it unknown", () => check({ t: "reset", applied: true }, { t: "unknown" }));
  test("an answer that breaks off leaves it unknown", () => check({ t: "half" }, { t: "unknown" }));
  test("an answer just in time is an answer", () => check({ t: "delay", delayMs: 100 }, { t: "written" }, 1000));
});

describe("answers that a read may get", () => {
  async function check(fault: Fault, expected: object): Promise<void> {
    const served = await bed.serve();
    await bed.admit(served.url);
    const lock = bed.lock();
    await bed.held(lock);
    served.fault = fault;
    expect(await lock.read(SHORT_MS)).toMatchObject(expected);
  }

  test("no failure is taken for a missing Lease", async () => {
    for (const status of [401, 403, 404, 409, 429, 500]) await check({ t: "answer", status }, { t: "failed", status });
    await check({ t: "answer", status: 200, body: "{}" }, { t: "failed", status: 200 });
    for (const t of ["garbage", "endless", "silent", "reset", "half"] as const) await check({ t }, { t: "failed" });
  });
});

describe("endpoints", () => {
  /** Our own API server, and a peer's on another loopback address with the same port. */
  async function pair() {
    const own = await bed.serve();
    const peer = await bed.serve(0, "127.0.0.2");
    await bed.admit(own.url);
    const lock = bed.lock({
      peersHost: "headless",
      peersPort: peer.port,
      resolve: async () => ["127.0.0.2", "127.0.0.9"],
      ownAddress: "127.0.0.9",
    });
    await lock.read(TIMEOUT_MS);
    return { own, peer, lock };
  }

  test("a peer's certificate is expected to be made out to kubernetes", async () => {
    const { own, peer, lock } = await pair();
    await own.api.close();
    expect(await lock.write(draft("a"), TIMEOUT_MS)).toMatchObject({ t: "written" });
    expect(peer.api.requests.map((seen) => seen.verb)).toContain("create");
  });

  test("while our own answers the peers are not asked", async () => {
    const { peer, lock } = await pair();
    await bed.held(lock);
    expect(peer.api.requests).toEqual([]);
  });

  test("an answer that takes more than 300 ms is hedged on the peer", async () => {
    const { own, lock } = await pair();
    const lease = await bed.held(lock);
    own.fault = { t: "silent" };
    const startedAtMs = performance.now();
    expect(await lock.write(draft("b", lease), TIMEOUT_MS)).toMatchObject({ t: "written" });
    const tookMs = performance.now() - startedAtMs;
    expect(tookMs).toBeGreaterThan(290);
    expect(tookMs).toBeLessThan(1000);
  });

  test("where everybody waits for it, after 150 ms, and again at each that lives until one answers", async () => {
    const { own, peer, lock } = await pair();
    const lease = await bed.held(lock);
    own.fault = { t: "silent" };
    peer.fault = { t: "silent" };
    const startedAtMs = performance.now();
    setTimeout(() => {
      own.fault = undefined;
    }, 500);
    expect(await lock.write(draft("b", lease), TIMEOUT_MS, { isUrgent: true })).toMatchObject({ t: "written" });
    expect(performance.now() - startedAtMs).toBeLessThan(1000);
    expect(peer.api.requests.length).toBeGreaterThan(0);
  });

  test("a conflict of one copy is unknown as long as the other is unanswered: it may be what it conflicts with", async () => {
    const { own, lock } = await pair();
    const lease = await bed.held(lock);
    own.fault = { t: "silent", applied: true };
    expect(await lock.write(draft("b", lease), 600)).toMatchObject({ t: "unknown" });
    expect(bed.store.get(KEY)?.holderIdentity).toBe("b");
  });

  test("a conflict of one copy is not waited upon: whether the late one was applied is read at the peer", async () => {
    const { own, lock } = await pair();
    const lease = await bed.held(lock);
    own.fault = { t: "delay", delayMs: 2000 };
    const startedAtMs = performance.now();
    expect(await lock.write(draft("b", lease), TIMEOUT_MS)).toMatchObject({ t: "unknown" });
    expect(await lock.read(TIMEOUT_MS)).toMatchObject({ t: "found", lease: { holderIdentity: "b" } });
    expect(performance.now() - startedAtMs).toBeLessThan(1000);
  });

  test("a silent endpoint costs one hedge: from then on the peer is asked at once", async () => {
    const { own, peer, lock } = await pair();
    const lease = await bed.held(lock);
    own.fault = { t: "silent" };
    const first = await lock.write(draft("b", lease), TIMEOUT_MS);
    if (first.t !== "written") throw new Error(first.t);
    const reportsBefore = bed.reports.length;
    await lock.write(draft("b", first.lease), TIMEOUT_MS);
    expect(bed.reports.slice(reportsBefore).map((report) => report.endpoint)).toEqual([peer.url]);
  });

  test("an endpoint that answers too late stays aside, and comes back when it answers a probe in time", async () => {
    const { own, peer, lock } = await pair();
    const lease = await bed.held(lock);
    own.fault = { t: "delay", delayMs: 400 };
    await lock.write(draft("b", lease), TIMEOUT_MS);
    const asked = async (): Promise<string | undefined> => {
      await lock.read(TIMEOUT_MS);
      return bed.reports.at(-1)?.endpoint;
    };
    await new Promise((resolve) => setTimeout(resolve, 200));
    expect(await asked()).toBe(peer.url);
    own.fault = undefined;
    const reportsBefore = bed.reports.length;
    const isBack = (): boolean =>
      bed.reports.slice(reportsBefore).some(({ endpoint, outcome }) => endpoint === own.url && outcome === "200");
    while (!isBack()) await new Promise((resolve) => setTimeout(resolve, 50));
    expect(await asked()).toBe(own.url);
  });

  test("one address with many replicas behind it is asked again on another connection", async () => {
    const { own, peer, lock } = await pair();
    const lease = await bed.held(lock);
    own.fault = { t: "silent" };
    let connections = 0;
    peer.fault = ({ verb }) => (verb === "update" && ++connections === 1 ? { t: "silent" } : undefined);
    expect(await lock.write(draft("b", lease), TIMEOUT_MS)).toMatchObject({ t: "written" });
    expect(connections).toBe(2);
  });

  test("an endpoint that failed is skipped for a while", async () => {
    const { own, peer, lock } = await pair();
    const lease = await bed.held(lock);
    await own.api.close();
    await lock.write(draft("a", lease), TIMEOUT_MS);
    const reportsBefore = bed.reports.length;
    await lock.read(TIMEOUT_MS);
    expect(bed.reports.slice(reportsBefore).map((report) => report.endpoint)).toEqual([peer.url]);
  });

  test("an API server that is too busy is left for a peer", async () => {
    const { own, lock } = await pair();
    const lease = await bed.held(lock);
    own.fault = { t: "answer", status: 429, headers: { "Retry-After": "1" } };
    expect(await lock.write(draft("b", lease), TIMEOUT_MS)).toMatchObject({ t: "written" });
  });

  test("nobody listening is a refusal: the write was never sent", async () => {
    const { url, api } = await bed.serve();
    await bed.admit(url);
    await api.close();
    expect(await bed.lock().write(draft("a"), TIMEOUT_MS)).toMatchObject({ t: "refused", status: undefined });
  });
});

test("every request is reported with its verb, outcome and endpoint", async () => {
  const { url } = await bed.serve();
  await bed.admit(url);
  const lock = bed.lock();
  await lock.read(TIMEOUT_MS);
  await bed.held(lock);
  expect(bed.reports.map(({ verb, outcome, endpoint }) => [verb, outcome, endpoint])).toEqual([
    ["get", "404", url],
    ["create", "200", url],
  ]);
});

test("after close nothing is sent", async () => {
  const { url, api } = await bed.serve();
  await bed.admit(url);
  const lock = bed.lock();
  lock.close();
  expect(await lock.write(draft("a"), TIMEOUT_MS)).toMatchObject({ t: "refused" });
  expect(api.requests).toEqual([]);
  expect(bed.store.get(KEY)).toBeUndefined();
});
