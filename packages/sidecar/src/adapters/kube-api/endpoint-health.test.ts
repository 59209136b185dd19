/** A minute of renewals against an API server of our own that is ill in one of its ways, and two peers; in virtual time. */
import type { IncomingMessage } from "node:http";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { EndpointHealth } from "./endpoint-health.ts";
import { type Endpoint, endpointsToAsk } from "./endpoints.ts";
import type { Answer, ApiRequest } from "./exchange.ts";
import { hedge } from "./hedge.ts";

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

const [own, a, b] = ["own", "a", "b"].map(
  (host): Endpoint => ({ protocol: "https:", host, port: 8443, tlsServerName: undefined }),
) as [Endpoint, Endpoint, Endpoint];
const UPDATE: ApiRequest = { verb: "update", method: "PUT", path: "/lease" };
const PROBE: ApiRequest = { verb: "probe", method: "GET", path: "/readyz" };
/** A third of a renewDeadline of 3 s. */
const TIMEOUT_MS = 1000;
const MINUTE_MS = 60_000;

/** What an endpoint does with one request: its answer after so many ms, or none. */
type Way = () => { readonly afterMs: number; readonly answer: Answer };

const answered = (status: number): Answer => ({ t: "answered", status, retryAfterMs: undefined, body: "{}" });
const NEVER = Number.POSITIVE_INFINITY;
const well: Way = () => ({ afterMs: 5, answer: answered(200) });
const refusing: Way = () => ({ afterMs: 1, answer: { t: "unsent", code: "ECONNREFUSED" } });
const hung: Way = () => ({ afterMs: NEVER, answer: answered(200) });
const resetting: Way = () => ({ afterMs: 1, answer: { t: "lost", code: "ECONNRESET", reused: false } });
const slow: Way = () => ({ afterMs: 2000 + ((Date.now() * 7919) % 3000), answer: answered(200) });
const sick: Way = () => ({ afterMs: 5, answer: answered(500) });

/** The adapter's loop without its sockets: renewals every second, who is due probed every second. */
class Bench {
  readonly ways: Record<string, Way> = { own: well, a: well, b: well };
  readonly asked: string[] = [];
  readonly tookMs: number[] = [];
  peersDoubted = 0;
  readonly #health = new EndpointHealth({
    onPeerDead: () => {
      this.peersDoubted += 1;
    },
    onRequest: () => undefined,
  });

  async run(durationMs: number): Promise<void> {
    for (const endMs = Date.now() + durationMs; Date.now() < endMs; ) {
      const book = this.#health.book(own, [a, b]);
      for (const endpoint of this.#health.due(book)) void this.#ask(endpoint, PROBE);
      const startedAtMs = Date.now();
      const judge = (answer: Answer) => (answer.t === "answered" && answer.status === 200 ? "settles" : "next");
      void hedge(endpointsToAsk(book), (endpoint) => this.#ask(endpoint, UPDATE), judge).then(({ answers }) => {
        const isWritten = answers.some((answer) => judge(answer) === "settles");
        this.tookMs.push(isWritten ? Date.now() - startedAtMs : NEVER);
      });
      await vi.advanceTimersByTimeAsync(1000);
    }
  }

  async #ask(endpoint: Endpoint, request: ApiRequest): Promise<Answer> {
    this.asked.push(`${request.verb} ${endpoint.host}`);
    const end = this.#health.begin(endpoint, request);
    const { afterMs, answer } = this.ways[endpoint.host]?.() ?? well();
    const timedOut: Answer = { t: "lost", code: "ETIMEDOUT", reused: true };
    await new Promise((resolve) => setTimeout(resolve, Math.min(afterMs, TIMEOUT_MS)));
    const result = afterMs > TIMEOUT_MS ? timedOut : answer;
    end(result);
    return result;
  }

  leaveOwn(): void {
    this.#health.leaveOwn();
  }

  count(what: string): number {
    return this.asked.filter((one) => one === what).length;
  }
}

test("while all are well our own is asked, and one peer is kept warm", async () => {
  const bench = new Bench();
  await bench.run(MINUTE_MS);
  expect(bench.count("update own")).toBe(60);
  expect(bench.count("update a") + bench.count("update b")).toBe(0);
  expect(bench.count("probe a")).toBe(2);
  expect(bench.count("probe b")).toBe(0);
});

test.each([
  { what: "refusing", way: refusing, firstMs: 6 },
  { what: "resetting", way: resetting, firstMs: 6 },
  { what: "hung", way: hung, firstMs: 305 },
  { what: "slow", way: slow, firstMs: 305 },
])(
  "our own $what: one renewal pays, the others go to a peer at once, and few probes go to the dead",
  async ({ way, firstMs }) => {
    const bench = new Bench();
    await bench.run(10_000);
    bench.ways["own"] = way;
    bench.tookMs.length = 0;
    const askedBefore = bench.count("update own");
    await bench.run(MINUTE_MS);
    expect(bench.count("update own") - askedBefore).toBe(1);
    expect(bench.tookMs[0]).toBe(firstMs);
    expect(Math.max(...bench.tookMs.slice(1))).toBe(5);
    // After 1, 3, 7, 15, 31 and 47 s.
    expect(bench.count("probe own")).toBeLessThanOrEqual(1 + 6);
  },
);

test("our own with a dead peer first in order: two hedges, once", async () => {
  const bench = new Bench();
  await bench.run(1000);
  bench.ways["own"] = hung;
  bench.ways["a"] = hung;
  bench.tookMs.length = 0;
  await bench.run(MINUTE_MS);
  expect(bench.tookMs[0]).toBe(605);
  expect(Math.max(...bench.tookMs.slice(1))).toBe(5);
  expect(bench.peersDoubted).toBeGreaterThan(0);
});

test("our own that ends with its pod is asked no more, though it still answers, unless all peers are dead", async () => {
  const bench = new Bench();
  await bench.run(10_000);
  const askedBefore = bench.count("update own");
  bench.leaveOwn();
  await bench.run(10_000);
  expect(bench.count("update own")).toBe(askedBefore);
  bench.ways["a"] = refusing;
  bench.ways["b"] = refusing;
  await bench.run(1_000);
  expect(bench.count("update own")).toBe(askedBefore + 1);
  expect(Math.max(...bench.tookMs)).toBeLessThan(10);
});

test("our own back again is asked at the latest 16 s later", async () => {
  const bench = new Bench();
  await bench.run(1000);
  bench.ways["own"] = hung;
  await bench.run(MINUTE_MS);
  bench.ways["own"] = well;
  await bench.run(17_000);
  expect(bench.asked.at(-1)).toBe("update own");
});

test("a server whose etcd is gone answers, and is not taken back for that", async () => {
  const bench = new Bench();
  await bench.run(1000);
  bench.ways["own"] = hung;
  await bench.run(3000);
  bench.ways["own"] = sick;
  const askedBefore = bench.count("update own");
  await bench.run(MINUTE_MS);
  expect(bench.count("update own")).toBe(askedBefore);
});

test("when all are hung they are asked all the same, and the first that is well again answers", async () => {
  const bench = new Bench();
  for (const host of ["own", "a", "b"]) bench.ways[host] = hung;
  await bench.run(MINUTE_MS);
  expect(Math.min(...bench.tookMs)).toBe(NEVER);
  bench.ways["b"] = well;
  await bench.run(1000);
  bench.tookMs.length = 0;
  await bench.run(3000);
  expect(bench.tookMs).toEqual([5, 5, 5]);
});

test("a stream that went to a peer comes back when our own lives again", async () => {
  const health = new EndpointHealth({ onPeerDead: () => undefined, onRequest: () => undefined });
  health.book(own, [a, b]);
  const cuts = [own, a].map((endpoint) => {
    const cut = new AbortController();
    const response = { socket: { bytesRead: 0 }, once: () => undefined } as unknown as IncomingMessage;
    health.opened(endpoint, response, cut);
    return cut.signal;
  });
  const moved = () => cuts.map(({ aborted }) => aborted);
  health.begin(own, PROBE)(answered(200));
  health.begin(a, PROBE)(answered(200));
  expect(moved()).toEqual([false, false]);
  await vi.advanceTimersByTimeAsync(1);
  health.begin(own, PROBE)({ t: "unsent", code: "ECONNREFUSED" });
  expect(moved()).toEqual([true, false]);
  health.begin(own, PROBE)(answered(500));
  expect(moved()).toEqual([true, false]);
  health.begin(own, PROBE)(answered(200));
  expect(moved()).toEqual([true, true]);
});
