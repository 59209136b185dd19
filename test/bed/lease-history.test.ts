import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { changesOfHolder, leaseHistory } from "./lease-history.ts";

const folder = mkdtempSync(join(tmpdir(), "audit-"));
afterAll(() => rmSync(folder, { recursive: true }));

/** The fields of a kube-apiserver 1.34's audit event that are read. */
function event(verb: string, atMicros: string, holderIdentity: string | undefined, code = 200): string {
  const metadata = { name: "vip", resourceVersion: atMicros };
  return JSON.stringify({
    verb,
    userAgent: "kubectl",
    objectRef: { name: verb === "create" ? undefined : "vip" },
    responseStatus: { code },
    requestReceivedTimestamp: `2026-01-01T00:00:00.${atMicros}Z`,
    stageTimestamp: `2026-01-01T00:00:01.${atMicros}Z`,
    responseObject:
      holderIdentity === undefined ? { kind: "Status" } : { kind: "Lease", metadata, spec: { holderIdentity } },
  });
}

function historyOf(...logs: readonly (readonly string[])[]) {
  const paths = logs.map((lines, index) => {
    const path = join(folder, String(index));
    writeFileSync(path, lines.join("\n"));
    return path;
  });
  return leaseHistory([...paths, join(folder, "never-written")], "vip");
}

test("the logs of several API servers become one history, in the order of the answers, to the microsecond", () => {
  const history = historyOf(
    [event("create", "000001", ""), event("update", "000300", "b")],
    [event("update", "000200", "a")],
  );
  expect(history.map(({ lease }) => lease?.holderIdentity)).toEqual(["", "a", "b"]);
  expect((history[1]?.answeredWallMs ?? 0) % 1000).toBeCloseTo(0.2);
});

test("a write whose answer was kept back stays before the one that was built on it", () => {
  const kept = event("update", "000100", "").replace("01.000100Z", "09.000000Z");
  const history = historyOf([event("create", "000050", "a"), kept, event("update", "000200", "b")]);
  expect(history.map(({ lease }) => lease?.holderIdentity)).toEqual(["a", "", "b"]);
  expect(history[1]?.answeredWallMs).toBe(history[2]?.answeredWallMs);
});

test("a refused write and a deletion leave no Lease, half a line says nothing", () => {
  const history = historyOf([
    event("update", "000001", undefined, 409),
    event("delete", "000002", undefined),
    '{"verb":"up',
  ]);
  expect(history.map(({ verb, lease }) => [verb, lease])).toEqual([
    ["update", undefined],
    ["delete", undefined],
  ]);
});

test("renewals and refusals are no changes of the holder", () => {
  const log = [
    event("create", "000001", ""),
    event("update", "000002", "a"),
    event("update", "000003", "a"),
    event("update", "000004", undefined, 409),
    event("update", "000005", ""),
  ];
  expect(changesOfHolder(historyOf(log)).map(({ lease }) => lease.holderIdentity)).toEqual(["a", ""]);
});
