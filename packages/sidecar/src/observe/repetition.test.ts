import { describe, expect, it } from "vitest";
import type { Notice } from "../election/election.ts";
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

  it("is an absurd Lease that is absurd in another way a moment later", () => {
    const odd: readonly (readonly [Notice, Notice])[] = [
      [
        { t: "duration-differs", recordSeconds: 0, ownSeconds: 15, countedSeconds: 15 },
        { t: "duration-differs", recordSeconds: 99, ownSeconds: 15, countedSeconds: 60 },
      ],
      [
        { t: "transitions-edited", from: 7, to: 2 },
        { t: "transitions-edited", from: 7, to: -1 },
      ],
      [
        { t: "lease-oversized", what: "annotations", characters: 200_000 },
        { t: "lease-oversized", what: "annotations", characters: 200_001 },
      ],
    ];
    for (const [first, second] of odd) {
      check(
        [
          [0, { t: "notice", notice: first }],
          [1, { t: "notice", notice: second }],
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
