/** Transfers as they are asked for, between supervised replicas in memory. */
import { describe, expect, it } from "vitest";
import { Cluster, LEASE_MS, type MemoryReplica } from "../testing/replicas.ts";
import type { TransferOutcome } from "../transfer/outcome.ts";
import { transferAsAsked } from "./transfer-desk.ts";

/** A replica is given the VIP only after its API server was ready for a while. */
const ABLE_AFTER_MS = 15_000;

async function held(): Promise<{ cluster: Cluster; a: MemoryReplica; b: MemoryReplica }> {
  const cluster = new Cluster();
  const [a, b] = [cluster.add("a"), cluster.add("b")];
  await a.supervisor.start();
  await cluster.clock.advance(LEASE_MS + 100);
  await b.supervisor.start();
  for (const { health } of [a, b]) health.server = { t: "ready" };
  await cluster.clock.advance(ABLE_AFTER_MS);
  expect(await cluster.answering()).toEqual(["a"]);
  return { cluster, a, b };
}

/** What came of it, asked at this replica. */
async function ask(cluster: Cluster, at: MemoryReplica, to?: string): Promise<TransferOutcome> {
  const answer = transferAsAsked(at.supervisor, { to });
  await cluster.clock.advance(9_000);
  return answer;
}

describe("a transfer that is asked for", () => {
  it("moves the VIP to the best replica, and says to whom and how fast", async () => {
    const { cluster, a } = await held();
    const outcome = await ask(cluster, a);
    expect(outcome).toMatchObject({ t: "moved", to: "b_uid_1", acknowledged: "1/1" });
    expect(await cluster.answering()).toEqual(["b"]);
  });

  it("is not made on a replica that does not hold: it names the one that does", async () => {
    const { cluster, b } = await held();
    expect(await ask(cluster, b)).toEqual({ t: "elsewhere", holder: "a_uid_1" });
    expect(await cluster.answering()).toEqual(["a"]);
  });

  it("is refused where the named replica is not known", async () => {
    const { cluster, a } = await held();
    expect(await ask(cluster, a, "c")).toMatchObject({ t: "stayed", reason: expect.stringContaining("called c") });
  });

  it("is refused when the moves are used up, and each of them is told apart", async () => {
    const { cluster, a, b } = await held();
    for (const from of [a, b, a, b]) expect(await ask(cluster, from)).toMatchObject({ t: "moved" });
    expect(await ask(cluster, a)).toMatchObject({
      t: "stayed",
      reason: expect.stringMatching(/^4 moves within 180 s already/),
    });
    expect(await cluster.answering()).toEqual(["a"]);
  });

  it("is one at a time", async () => {
    const { cluster, a } = await held();
    const both = [transferAsAsked(a.supervisor, { to: undefined }), transferAsAsked(a.supervisor, { to: undefined })];
    await cluster.clock.advance(9_000);
    expect(await Promise.all(both)).toMatchObject([
      { t: "moved" },
      { t: "stayed", reason: "another transfer is under way" },
    ]);
  });

  it("is taken back where nobody takes what was offered", async () => {
    const { cluster, a, b } = await held();
    const asked = transferAsAsked(a.supervisor, { to: undefined });
    b.supervisor.close();
    await cluster.clock.advance(9_000);
    expect(await asked).toMatchObject({ t: "stayed", reason: expect.stringContaining("taken back") });
    expect(await cluster.answering()).toEqual(["a"]);
  });
});
