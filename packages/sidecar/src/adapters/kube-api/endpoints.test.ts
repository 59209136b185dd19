import { expect, test } from "vitest";
import {
  type Endpoint,
  endpointAnswered,
  endpointFailed,
  endpointsByRank,
  endpointsToAsk,
  endpointsToRetry,
  LAST_HEDGING,
  URGENT_HEDGING,
  withEndpoints,
} from "./endpoints.ts";

const endpoint = (host: string): Endpoint => ({ protocol: "https:", host, port: 8443, tlsServerName: "kubernetes" });
const [own, a, b] = [endpoint("127.0.0.1"), endpoint("10.64.0.5"), endpoint("10.64.0.6")];
const book = withEndpoints(undefined, own, [a, b]);

function check(state: typeof book, expected: readonly Endpoint[]): void {
  expect(endpointsByRank(state)).toEqual(expected);
}

function checkRetry(state: typeof book, nowMs: number, expected: readonly Endpoint[]): void {
  expect(endpointsToRetry(state, nowMs)).toEqual(expected);
}

test("our own comes first, then the peers", () => check(book, [own, a, b]));

test("one that failed comes last until it answers, and is to be tried again after a second", () => {
  const state = endpointFailed(book, own, 5000);
  check(state, [a, b, own]);
  checkRetry(state, 5999, []);
  checkRetry(state, 6000, [own]);
});

test("each failure in a row doubles the time to the next try, up to 16 s", () => {
  let state = book;
  let nowMs = 0;
  for (const waitMs of [1000, 2000, 4000, 8000, 16_000, 16_000]) {
    state = endpointFailed(state, own, nowMs);
    checkRetry(state, nowMs + waitMs - 1, []);
    checkRetry(state, nowMs + waitMs, [own]);
    nowMs += waitMs;
  }
});

test("copies that fail together are one failure", () => {
  const state = endpointFailed(endpointFailed(book, own, 0), own, 10);
  checkRetry(state, 1000, [own]);
});

test("an answer of any kind makes it alive at once, as if it had never failed", () => {
  const state = endpointAnswered(endpointFailed(book, own, 0), own);
  check(state, [own, a, b]);
  checkRetry(endpointFailed(state, own, 1), 1001, [own]);
});

test("when all are dead they are asked all the same, the soonest due first", () => {
  const state = endpointFailed(endpointFailed(endpointFailed(book, b, 0), own, 1), a, 2);
  check(state, [b, own, a]);
});

test("a request has four copies: after the last endpoint the peers are asked again, our own is not", () => {
  expect(endpointsToAsk(book)).toEqual([own, a, b, a]);
  expect(endpointsToAsk(withEndpoints(undefined, own, [a]))).toEqual([own, a, a, a]);
  expect(endpointsToAsk(endpointFailed(withEndpoints(undefined, own, [a]), own, 0))).toEqual([a, own, a, a]);
  expect(endpointsToAsk(withEndpoints(undefined, own, []))).toEqual([own]);
});

test("a request of a process that ends has a copy each 150 ms until its time-out, one peer after the other", () => {
  const asked = endpointsToAsk(endpointFailed(book, own, 0), LAST_HEDGING);
  expect(asked.slice(0, 7)).toEqual([a, b, own, a, b, a, b]);
  expect(endpointsToAsk(endpointFailed(endpointFailed(book, own, 0), a, 0), LAST_HEDGING).slice(0, 5)).toEqual([
    ...[b, own, a],
    ...[b, b],
  ]);
  // The longest time-out is a third of the default renew deadline.
  expect(asked.length * LAST_HEDGING.afterMs).toBeGreaterThan(10_000 / 3);
  expect(endpointsToAsk(withEndpoints(undefined, own, []), LAST_HEDGING)).toEqual([own]);
});

test("a request for which everybody waits has one each 150 ms at all that live, our own server included", () => {
  const asked = endpointsToAsk(endpointFailed(book, b, 0), URGENT_HEDGING);
  expect(asked.slice(0, 7)).toEqual([own, a, b, own, a, own, a]);
  const nobody = endpointFailed(endpointFailed(withEndpoints(undefined, own, [a]), own, 0), a, 1);
  expect(endpointsToAsk(nobody, URGENT_HEDGING).slice(0, 5)).toEqual([own, a, own, a, own]);
  expect(asked.length * URGENT_HEDGING.afterMs).toBeGreaterThan(10_000 / 3);
});

test("new addresses of the peers keep what is known about those that stay", () => {
  const state = withEndpoints(endpointFailed(book, a, 0), own, [endpoint("10.64.0.4"), a]);
  check(state, [own, endpoint("10.64.0.4"), a]);
});

test("our own address among the peers is one endpoint, not two, and no more than eight peers count", () => {
  const many = Array.from({ length: 20 }, (_, index) => endpoint(`10.64.0.${index}`));
  expect(endpointsByRank(withEndpoints(undefined, own, [own, ...many]))).toHaveLength(8);
});
