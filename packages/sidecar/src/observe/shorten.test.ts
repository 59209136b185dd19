import { expect, it } from "vitest";
import { logLine } from "./log-line.ts";
import { Moves } from "./moves.ts";
import { shorten } from "./shorten.ts";
import { status, statusText } from "./status.ts";
import { HOLDER } from "./testing/samples.ts";

/** With spaces, so that it does not look like a key in base64, which is taken out anyway. */
const LONG = "a name ".repeat(1_500);

it("leaves alone what has a sensible length", () => {
  expect(shorten("x".repeat(2_000))).toBe("x".repeat(2_000));
});

it("says how long what was cut is", () => {
  expect(shorten(LONG)).toMatch(/^a name .{1993}… \(10500 characters\)$/);
});

it("keeps a holder of 10 kB from filling log and status", () => {
  const change = { from: LONG, to: LONG, cause: "renamed", transitions: 1, knownForMs: 0 } as const;
  const happening = { t: "holder-changed", ...change } as const;
  expect(JSON.stringify(logLine(happening)).length).toBeLessThan(7_500);
  const moves = new Moves("a_b_c");
  moves.record(happening, 0, "2026-01-02T03:04:05.000000Z");
  const snapshot = { ...HOLDER, holderIdentity: LONG };
  const parts = { version: "1", time: "2026-01-02T03:04:05.000000Z", troubles: [], moves: moves.list, snapshot };
  expect(statusText(status(parts)).length).toBeLessThan(7_500);
});
