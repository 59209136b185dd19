import { expect, test } from "vitest";
import { sameTerm, voterOf } from "./port.ts";

const HELD = { holderIdentity: "a_1_x", leaseTransitions: 3, term: 7 };

test("a restarted sidecar is the same voter, a recreated pod is another", () => {
  expect(voterOf("vc-0_4b3c_nonce2")).toBe(voterOf("vc-0_4b3c_nonce1"));
  expect(voterOf("vc-0_9f00_nonce1")).not.toBe(voterOf("vc-0_4b3c_nonce1"));
});

test("an identity of another form is a voter of its own", () => {
  expect(voterOf("node-1")).toBe("node-1");
});

test.each([{ holderIdentity: "a_1_y" }, { leaseTransitions: 4 }, { term: 8 }])(
  "a hold that differs in %o is another term",
  (other) => {
    expect(sameTerm(HELD, { ...HELD })).toBe(true);
    expect(sameTerm(HELD, { ...HELD, ...other })).toBe(false);
  },
);
