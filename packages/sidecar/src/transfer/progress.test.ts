import { expect, test } from "vitest";
import { type ElectionEffect, type ElectionState, initialState, type Role } from "../election/election.ts";
import { ACKNOWLEDGED_ANNOTATION } from "../election/lease-record.ts";
import { holder, SOLO_SETTINGS } from "../testing/solo.ts";
import { begun, follow, unsettledAtMs } from "./progress.ts";

const ASKED_MS = 1_000;
const UNDER_WAY = begun(ASKED_MS);

const { role: HOLDING } = holder().state;
if (HOLDING.t !== "holding") throw new TypeError("no holder");
const { claim } = HOLDING;
const YIELDING: Role = { t: "yielding", claim, to: undefined, phase: { t: "relieved", untilMs: 0, isHeard: true } };
const WAITING: Role = { t: "waiting" };
const STOPPED: Role = { t: "stopped" };

/** The Lease is held by this one, as far as is known here. */
function state(role: Role, by: string, acknowledged?: string): ElectionState {
  const annotations = acknowledged === undefined ? {} : { [ACKNOWLEDGED_ANNOTATION]: acknowledged };
  const initial = initialState(SOLO_SETTINGS);
  return {
    ...initial,
    role,
    lease: { ...initial.lease, current: { ...claim.record, holderIdentity: by, annotations } },
  };
}

test("it is over when the other has taken the Lease and nothing of the move is left to be done here", () => {
  const taken = follow(UNDER_WAY, state(YIELDING, "b"), [], 1_040);
  expect(taken).toEqual({ askedAtMs: ASKED_MS, takenAtMs: 1_040 });
  if ("t" in taken) throw new TypeError("over too early");
  expect(follow(taken, state(WAITING, "b", "2/2"), [], 1_060)).toEqual({
    t: "moved",
    to: "b",
    tookMs: 40,
    acknowledged: "2/2",
  });
});

test("a refusal is told in its own words", () => {
  const notice: ElectionEffect = { t: "notice", notice: { t: "transfer-refused", reason: "no" } };
  expect(follow(UNDER_WAY, state(HOLDING, "a"), [notice], 1_001)).toEqual({ t: "stayed", reason: "no" });
});

test("what nobody took is held on", () => {
  expect(follow(UNDER_WAY, state(HOLDING, "a"), [], 1_900)).toMatchObject({ t: "stayed" });
});

test("a Lease that names nobody, or still us, is no move", () => {
  for (const by of ["", SOLO_SETTINGS.identity]) {
    expect(follow(UNDER_WAY, state(WAITING, by), [], 1_100)).toEqual(UNDER_WAY);
  }
});

test("after 8 s it is not known", () => {
  expect(follow(UNDER_WAY, state(WAITING, ""), [], unsettledAtMs(UNDER_WAY))).toMatchObject({ t: "unsettled" });
});

test("a replica that stops before it has seen another hold does not know", () => {
  expect(follow(UNDER_WAY, state(STOPPED, ""), [], 1_100)).toMatchObject({ t: "unsettled" });
  expect(follow(UNDER_WAY, state(STOPPED, "b"), [], 1_100)).toMatchObject({ t: "moved", to: "b" });
});
