/** The peers' addresses with a name server that changes its mind, goes away and comes back; in virtual time. */
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { Peers } from "./peers.ts";

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

function follow(answers: readonly (readonly string[] | "away")[], ownAddress?: string) {
  const told: (readonly string[])[] = [];
  let lookups = 0;
  const lookup = async (): Promise<readonly string[]> => {
    const answer = answers[Math.min(lookups, answers.length - 1)] ?? "away";
    lookups += 1;
    if (answer === "away") throw new Error("EAI_AGAIN");
    return answer;
  };
  const peers = new Peers({
    ownAddress,
    lookup,
    onAddresses: (addresses) => void told.push(addresses),
  });
  return { peers, told, lookups: () => lookups };
}

test("the own address is left out, and the others come in order", async () => {
  const { told, peers } = follow([["10.64.0.7", "10.64.0.5", "10.64.0.6"]], "10.64.0.6");
  await vi.advanceTimersByTimeAsync(0);
  expect(told).toEqual([["10.64.0.5", "10.64.0.7"]]);
  peers.close();
});

test("a replaced pod's address is told within 30 s, or 5 s after the last lookup where a peer gave no answer", async () => {
  const { told, peers } = follow([["10.64.0.5"], ["10.64.0.8"], ["10.64.0.9"]]);
  await vi.advanceTimersByTimeAsync(29_999);
  expect(told).toHaveLength(1);
  await vi.advanceTimersByTimeAsync(1);
  expect(told).toEqual([["10.64.0.5"], ["10.64.0.8"]]);
  await vi.advanceTimersByTimeAsync(1000);
  for (let doubts = 0; doubts < 3; doubts += 1) peers.doubt();
  await vi.advanceTimersByTimeAsync(3999);
  expect(told).toHaveLength(2);
  await vi.advanceTimersByTimeAsync(1);
  expect(told.at(-1)).toEqual(["10.64.0.9"]);
  peers.close();
});

test("while the name server is away nothing is told, and it is asked every 5 s whatever is doubted", async () => {
  const { told, lookups, peers } = follow([["10.64.0.5"], "away"]);
  await vi.advanceTimersByTimeAsync(30_000);
  for (let seconds = 0; seconds < 20; seconds += 1) {
    peers.doubt();
    await vi.advanceTimersByTimeAsync(1000);
  }
  expect(told).toEqual([["10.64.0.5"]]);
  expect(lookups()).toBe(2 + 4);
  peers.close();
});

test("after close nothing is asked and nothing told", async () => {
  const { told, lookups, peers } = follow([["10.64.0.5"]]);
  await vi.advanceTimersByTimeAsync(0);
  peers.close();
  peers.doubt();
  await vi.advanceTimersByTimeAsync(60_000);
  expect({ told, lookups: lookups() }).toEqual({ told: [["10.64.0.5"]], lookups: 1 });
});
