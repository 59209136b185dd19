import { expect, test } from "vitest";
import { type Endpoint, endpointAnswered, endpointFailed, endpointsToAsk, withEndpoints } from "./endpoints.ts";

const endpoint = (host: string): Endpoint => ({ protocol: "https:", host, port: 8443, tlsServerName: "kubernetes" });
const [own, a, b] = [endpoint("127.0.0.1"), endpoint("10.64.0.5"), endpoint("10.64.0.6")];
const book = withEndpoints(undefined, own, [a, b]);

function check(state: typeof book, nowMs: number, expected: readonly Endpoint[]): void {
  expect(endpointsToAsk(state, nowMs)).toEqual(expected);
}

test("our own comes first, then the peers", () => check(book, 0, [own, a, b]));

test("one that failed comes last for a second, and first again after it", () => {
  const state = endpointFailed(book, own, 5000);
  check(state, 5999, [a, b, own]);
  check(state, 6000, [own, a, b]);
});

test("each failure in a row doubles the time, up to 16 s", () => {
  let state = book;
  let nowMs = 0;
  for (const deadMs of [1000, 2000, 4000, 8000, 16_000, 16_000]) {
    state = endpointFailed(state, own, nowMs);
    check(state, nowMs + deadMs - 1, [a, b, own]);
    check(state, nowMs + deadMs, [own, a, b]);
    nowMs += deadMs;
  }
});

test("copies that fail together are one failure", () => {
  const state = endpointFailed(endpointFailed(book, own, 0), own, 10);
  check(state, 1000, [own, a, b]);
});

test("an answer of any kind makes it alive at once, as if it had never failed", () => {
  const state = endpointAnswered(endpointFailed(book, own, 0), own);
  check(state, 1, [own, a, b]);
  check(endpointFailed(state, own, 1), 1001, [own, a, b]);
});

test("when all are dead they are asked all the same, the soonest due first", () => {
  const state = endpointFailed(endpointFailed(endpointFailed(book, b, 0), own, 1), a, 2);
  check(state, 3, [b, own, a]);
});

test("new addresses of the peers keep what is known about those that stay", () => {
  const state = withEndpoints(endpointFailed(book, a, 0), own, [endpoint("10.64.0.4"), a]);
  check(state, 1, [own, endpoint("10.64.0.4"), a]);
});

test("our own address among the peers is one endpoint, not two, and no more than eight peers count", () => {
  const many = Array.from({ length: 20 }, (_, index) => endpoint(`10.64.0.${index}`));
  expect(endpointsToAsk(withEndpoints(undefined, own, [own, ...many]), 0)).toHaveLength(8);
});
