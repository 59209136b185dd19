/** The own API server's judgement: what counts as dead, hung, unready, and not yet. */
import { describe, expect, it } from "vitest";
import { afterProbe, NOT_YET_READY, type ProbeResult, type ServerState } from "./own-server.ts";

const READY: ProbeResult = { t: "ready" };
const SILENT: ProbeResult = { t: "silent" };
const REFUSED: ProbeResult = { t: "refused" };
const UNKNOWN: ProbeResult = { t: "unknown", detail: "no credentials" };
const UNREADY: ProbeResult = { t: "unready", detail: "/readyz says 500" };

/** One look every 500 ms, the first at 0. */
function after(results: readonly ProbeResult[]): ServerState {
  return results.reduce<ServerState>((state, result, index) => afterProbe(state, result, index * 500), NOT_YET_READY);
}

function check(results: readonly ProbeResult[], expected: { fault: string | undefined; sinceMs?: number }): void {
  const { fault } = after(results);
  expect(fault?.trouble).toBe(expected.fault);
  if (expected.sinceMs !== undefined) expect(fault?.sinceMs).toBe(expected.sinceMs);
}

describe("the own API server", () => {
  it.each([
    ["is not yet, whatever happens before it was ready", [REFUSED, SILENT, SILENT, SILENT, UNREADY], undefined],
    ["is dead at the first refused connection", [READY, REFUSED], "dead"],
    ["lives again with its first good answer", [READY, REFUSED, REFUSED, READY], undefined],
    ["may lose two answers", [READY, SILENT, SILENT], undefined],
    ["is hung after three silences in a row", [READY, SILENT, SILENT, SILENT], "hung"],
    ["is not hung by three silences with an answer between them", [READY, SILENT, SILENT, READY, SILENT], undefined],
    ["is unready after three refusals to serve", [READY, UNREADY, UNREADY, UNREADY], "unready"],
    ["is unready and not hung as long as one of three was an answer", [READY, SILENT, UNREADY, SILENT], "unready"],
    [
      "is hung where it was unready and then falls silent",
      [READY, ...Array(3).fill(UNREADY), ...Array(3).fill(SILENT)],
      "hung",
    ],
    ["is dead where it was hung and then killed", [READY, SILENT, SILENT, SILENT, REFUSED], "dead"],
    [
      "stays dead while it is refused, whatever the listener in front of it says",
      [READY, REFUSED, UNREADY, REFUSED, UNREADY, REFUSED, UNREADY],
      "dead",
    ],
    ["is unready once it is no longer refused", [READY, REFUSED, UNREADY, UNREADY, UNREADY], "unready"],
    ["is not judged by what could not be asked", [READY, SILENT, SILENT, UNKNOWN, UNKNOWN], undefined],
  ] as const)("%s", (_name, results, fault) => check(results, { fault }));

  it("has its fault since the first failure was asked, not since it was known", () => {
    check([READY, SILENT, SILENT, SILENT], { fault: "hung", sinceMs: 500 });
    check([READY, SILENT, SILENT, SILENT, SILENT, UNREADY], { fault: "unready", sinceMs: 500 });
    check([READY, REFUSED, REFUSED], { fault: "dead", sinceMs: 500 });
  });

  it("is not brought back to life by an answer to what was asked before it died", () => {
    const dead = afterProbe(after([READY]), REFUSED, 700);
    expect(afterProbe(dead, READY, 690).fault?.trouble).toBe("dead");
    expect(afterProbe(dead, READY, 701).fault).toBeUndefined();
  });

  it("knows how long it has been ready without a break", () => {
    expect(after([READY, READY, READY]).ready).toEqual({ sinceMs: 0, lastMs: 1000 });
    expect(after([READY, SILENT, READY, READY]).ready).toEqual({ sinceMs: 1000, lastMs: 1500 });
    expect(after([READY, SILENT]).ready).toBeUndefined();
  });
});
