import fc from "fast-check";
import { expect, test } from "vitest";
import type { Rule } from "../model.ts";
import { prefix } from "../testing/index.ts";
import { INVERTED_RULE, IPV6_RULE, LOCAL_RULE, RULE, RULE_BY_LINK, SUPPRESSED_RULE } from "./captured.ts";
import { decodeRule, encodeRule, encodeRuleDump } from "./rule.ts";

const rule: Rule = { family: 4, priority: 1000, source: prefix("10.100.0.100/32"), table: 1077, protocol: 77 };

test.each<[string, string, Rule | undefined]>([
  ["from the VIP", RULE, rule],
  ["from an IPv6 VIP", IPV6_RULE, { ...rule, family: 6, source: prefix("fd00:100::64/128") }],
  ["of the kernel's", LOCAL_RULE, { family: 4, priority: 0, source: undefined, table: 255, protocol: 2 }],
  ["not from the VIP", INVERTED_RULE, undefined],
  ["by incoming link", RULE_BY_LINK, undefined],
  ["that suppresses default routes", SUPPRESSED_RULE, undefined],
])("a captured rule %s is read, or left out where it cannot be said", (_, captured, expected) => {
  expect(decodeRule(Buffer.from(captured, "hex"))).toEqual(expected);
});

test("a rule is written as `ip rule add` writes it", () => {
  expect(Buffer.from(encodeRule(rule)).toString("hex")).toBe(
    ["02002000fc00000100000000", "08000600e8030000", "08000f0035040000", "050015004d000000", "080002000a640064"].join(
      "",
    ),
  );
});

test("a dump asks for one family", () => {
  expect(encodeRuleDump(6)).toEqual(Uint8Array.of(10, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0));
});

test("any rule is read as it was written", () => {
  const anyRule: fc.Arbitrary<Rule> = fc.record({
    family: fc.constant<6>(6),
    priority: fc.nat({ max: 0xffff_ffff }),
    source: fc.constantFrom(undefined, prefix("fd00::64/128"), prefix("fd00::/8")),
    table: fc.integer({ min: 1, max: 0xffff_ffff }),
    protocol: fc.nat({ max: 255 }),
  });
  fc.assert(
    fc.property(anyRule, (one) => {
      expect(decodeRule(encodeRule(one))).toEqual(one);
    }),
  );
});

test("a rule cut short is malformed", () => {
  for (const length of [0, 11, 13, 19]) {
    expect(() => decodeRule(encodeRule(rule).subarray(0, length))).toThrow("KERNEL_ANSWER_MALFORMED");
  }
});
