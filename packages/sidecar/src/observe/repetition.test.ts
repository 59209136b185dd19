import { describe, expect, it } from "vitest";
import type { Happening } from "./happening.ts";
import { Repetition } from "./repetition.ts";

const trouble: Happening = { t: "trouble", where: "api", code: "API_UNREACHABLE", message: "refused" };

function check(told: readonly (readonly [nowMs: number, Happening])[], repeats: readonly boolean[]): void {
  const repetition = new Repetition();
  expect(told.map(([nowMs, happening]) => repetition.isRepeat(happening, nowMs))).toEqual(repeats);
}

describe("repetition", () => {
  it("is the same trouble within a minute", () => {
    const told = [0, 2_000, 59_999, 60_000, 62_000].map((nowMs) => [nowMs, trouble] as const);
    check(told, [false, true, true, false, true]);
  });

  it("is not trouble of another code or place", () => {
    check(
      [
        [0, trouble],
        [1, { ...trouble, code: "API_TIMEOUT" }],
        [2, { ...trouble, where: "http" }],
      ],
      [false, false, false],
    );
  });

  it("is never a transition, however often it comes", () => {
    const flap: Happening = { t: "transition", machine: "link", from: "up", to: "down", reason: "no carrier" };
    check(
      [
        [0, flap],
        [1, flap],
      ],
      [false, false],
    );
  });

  it("is a renewal that fails again, a stranger that claims again, a refusal for the same reason", () => {
    const happenings: readonly Happening[] = [
      { t: "notice", notice: { t: "write-failed", purpose: "renew", result: "unknown" } },
      { t: "notice", notice: { t: "segment-answered", by: ["02:00:00:00:00:07"] } },
      { t: "notice", notice: { t: "transfer-refused", reason: "no other replica is ready to take it" } },
      { t: "conflict", mac: "02:00:00:00:00:07" },
      { t: "recovered", where: "wire" },
    ];
    for (const happening of happenings) {
      check(
        [
          [0, happening],
          [1, happening],
        ],
        [false, true],
      );
    }
  });

  it("forgets rather than grows when strangers have endless MAC addresses", () => {
    const repetition = new Repetition();
    const claim = (i: number): Happening => ({ t: "conflict", mac: `mac ${i}` });
    for (let i = 0; i < 256; i += 1) repetition.isRepeat(claim(i), 0);
    expect(repetition.isRepeat(claim(0), 1)).toBe(true);
    repetition.isRepeat(claim(256), 1);
    expect(repetition.isRepeat(claim(0), 1)).toBe(false);
  });
});
