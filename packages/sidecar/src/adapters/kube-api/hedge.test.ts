import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import type { Endpoint, Hedging } from "./endpoints.ts";
import { hedge, type Judgement } from "./hedge.ts";

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

const ENDPOINTS = ["a", "b", "c", "d", "e", "f"].map(
  (host): Endpoint => ({ protocol: "http:", host, port: 1, tlsServerName: undefined }),
);

/** Each endpoint's answers in turn: after so many ms, with this judgement. */
type Script = Readonly<Record<string, readonly (readonly [number, Judgement])[]>>;

async function check(
  script: Script,
  expected: {
    readonly asked: string;
    readonly answers: readonly Judgement[];
    readonly unanswered?: number;
    readonly atMs: number;
  },
  { hosts, hedging }: { readonly hosts: string; readonly hedging?: Hedging } = { hosts: "abcdef" },
) {
  const asked: string[] = [];
  const startedAtMs = Date.now();
  const ask = ({ host }: Endpoint): Promise<Judgement> => {
    const turn = asked.filter((one) => one === host).length;
    asked.push(host);
    const [delayMs, judgement] = script[host]?.[turn] ?? [0, "next"];
    return new Promise((resolve) => setTimeout(resolve, delayMs, judgement));
  };
  const endpoints = [...hosts]
    .map((host) => ENDPOINTS.find((one) => one.host === host))
    .filter((one) => one !== undefined);
  const settled = hedge(endpoints, ask, (answer) => answer, hedging).then((copies) => ({
    ...copies,
    atMs: Date.now() - startedAtMs,
  }));
  await vi.runAllTimersAsync();
  expect({ asked: asked.join(""), ...(await settled) }).toEqual({ unanswered: 0, ...expected });
}

test("an answer in time is the only one asked for", () =>
  check({ a: [[299, "settles"]] }, { asked: "a", answers: ["settles"], atMs: 299 }));

test("a late answer is asked for at the next endpoint, and the first one to win settles", () =>
  check(
    { a: [[2000, "settles"]], b: [[50, "settles"]] },
    { asked: "ab", answers: ["settles"], unanswered: 1, atMs: 350 },
  ));

test("a failure asks the next endpoint at once", () =>
  check({ a: [[10, "next"]], b: [[5, "settles"]] }, { asked: "ab", answers: ["next", "settles"], atMs: 15 }));

test("a decision starts no more copies, and waits for those under way", () =>
  check({ a: [[900, "next"]], b: [[50, "final"]] }, { asked: "ab", answers: ["final", "next"], atMs: 900 }));

test("a connection closed as idle is tried again at the same endpoint", () =>
  check(
    {
      a: [
        [1, "again"],
        [1, "settles"],
      ],
    },
    { asked: "aa", answers: ["again", "settles"], atMs: 2 },
  ));

test("no more than four copies, whatever fails", () =>
  check({}, { asked: "abcd", answers: ["next", "next", "next", "next"], atMs: 0 }));

describe("an endpoint where nobody listens", () => {
  const often = { copies: 6, afterMs: 100 };

  test("is not asked again while others are left", () =>
    check(
      {
        a: [[1, "gone"]],
        b: [
          [900, "next"],
          [900, "next"],
          [50, "settles"],
        ],
      },
      { asked: "abbb", answers: ["gone", "settles"], unanswered: 2, atMs: 251 },
      { hosts: "ababab", hedging: often },
    ));

  test("is, where there is no other", () =>
    check(
      {
        a: [
          [1, "gone"],
          [1, "gone"],
          [1, "settles"],
        ],
      },
      { asked: "aaa", answers: ["gone", "gone", "settles"], atMs: 3 },
      { hosts: "aaaaaa", hedging: often },
    ));
});
