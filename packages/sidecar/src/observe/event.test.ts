import { describe, expect, it, test } from "vitest";
import { EVENT_REASONS, type EventDraft, eventOf } from "./event.ts";
import type { Happening } from "./happening.ts";
import type { Move } from "./moves.ts";
import { EVERY_HAPPENING } from "./testing/samples.ts";

const SELF = "vcluster-1_uid_nonce";
const MOVE: Move = {
  time: "2026-01-02T03:04:05.000000Z",
  from: "vcluster-0_uid_nonce",
  to: SELF,
  cause: "handed-over",
  reason: null,
  transitions: 4,
  unservedMs: 2.4,
};
const TOOK: Happening = { t: "took", transitions: 4, wonToFirstFrameMs: 1 };

function check(happening: Happening, expected: EventDraft | undefined, newest: Move | undefined = MOVE): void {
  expect(eventOf(happening, { identity: SELF, newest })).toEqual(expected);
}

describe("a move", () => {
  it("is told by its taker, with from whom, why, and how long nobody served", () => {
    check(TOOK, {
      reason: "VipTaken",
      note: "vcluster-1 took the VIP from vcluster-0: handed over; not served for 3 ms",
    });
  });

  it("out of nobody's hands is told without what is not known", () => {
    const first: Move = { ...MOVE, from: null, cause: "vacant", unservedMs: null };
    check(TOOK, { reason: "VipTaken", note: "vcluster-1 took the VIP: nobody had it" }, first);
  });

  it("to itself is a hold that goes on", () => {
    const back: Move = { ...MOVE, from: SELF, cause: "interrupted", reason: "deadline-passed", unservedMs: 8_000 };
    const note = "vcluster-1 serves the VIP again: the hold was interrupted: deadline-passed; not served for 8.0 s";
    check(TOOK, { reason: "VipResumed", note }, back);
  });

  it("to another life of the pod is told by that life only", () => {
    const change = { from: MOVE.from ?? "", cause: "adopted", transitions: 4, knownForMs: 1 } as const;
    check(
      { t: "holder-changed", ...change, to: SELF },
      { reason: "VipAdopted", note: "a new life of vcluster-1 serves the VIP on, without a gap" },
    );
    check({ t: "holder-changed", ...change, to: "vcluster-2_uid_nonce" }, undefined);
  });
});

test.each<[string, Happening, EventDraft["reason"] | undefined]>([
  ["a hold given away", transition("election", "holding", "yielding"), "VipReleased"],
  ["a hold that ended otherwise", transition("election", "holding", "suspended"), "VipLost"],
  ["a gate that closed under a hold", transition("vip", "held", "lapsed"), "VipLost"],
  ["a candidate's next step", transition("election", "waiting", "taking"), undefined],
  ["a stranger on the segment", { t: "notice", notice: { t: "segment-answered", by: ["02::07"] } }, "TakeRefused"],
  ["a refused transfer", { t: "notice", notice: { t: "transfer-refused", reason: "no other" } }, "TransferRefused"],
  ["many moves", { t: "notice", notice: { t: "moves-alarm", moves: 3, windowMs: 180_000 } }, "VipMovesOften"],
  ["a second claimant", { t: "conflict", mac: "02::07" }, "VipConflict"],
  ["a kernel's no", { t: "trouble", where: "kernel", code: "VIP_REFUSED", message: "no" }, "KernelRefused"],
  ["an API's silence, which no API can be told", { t: "trouble", where: "api", code: "A", message: "no" }, undefined],
  ["a weaker fence", { t: "fence", fenceLevel: "nft-arp", aim: "nft-egress", reason: undefined }, "FenceWeaker"],
  ["the fence aimed at", { t: "fence", fenceLevel: "nft-arp", aim: "nft-arp", reason: undefined }, undefined],
])("%s", (_what, happening, reason) => {
  expect(eventOf(happening, { identity: SELF, newest: MOVE })?.reason).toBe(reason);
});

test("reasons are words in UpperCamelCase, as the Event API wants them", () => {
  for (const reason of Object.keys(EVENT_REASONS)) expect(reason).toMatch(/^([A-Z][a-z]+)+$/);
});

test("of what comes with every tick there is none", () => {
  const often = EVERY_HAPPENING.filter(({ t }) => ["lease-request", "lease-write", "frames-sent", "event"].includes(t));
  expect(often.map((happening) => eventOf(happening, { identity: SELF, newest: MOVE }))).toEqual(
    often.map(() => undefined),
  );
});

test("no credential that a message of others contains is in a note", () => {
  const message = "the kernel said token: abcdefghijklmnop";
  const draft = eventOf({ t: "trouble", where: "kernel", code: "X", message }, { identity: SELF, newest: undefined });
  expect(draft?.note).toBe("the kernel said token: [redacted]");
});

function transition(machine: "election" | "vip", from: string, to: string): Happening {
  return { t: "transition", machine, from, to, reason: "because" };
}
