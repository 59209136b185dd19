import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { RELAY_MS } from "../gate.ts";
import { decodeAttributeList, decodeAttributes } from "../netlink/attribute.ts";
import { encodeDatagram } from "../netlink/datagram.ts";
import { ip, mac } from "../testing/index.ts";
import { macAddressFromBytes } from "../values/mac-address.ts";
import {
  BEGUN_RULE_4,
  BEGUN_RULE_6,
  BEGUN_SET_4,
  BEGUN_SET_6,
  INGRESS_CHAIN,
  INGRESS_RULE_4,
  INGRESS_RULE_6,
  RELAY_RULE_4,
  RELAY_RULE_6,
  RELAYING_SET_4,
  RELAYING_SET_6,
} from "./captured-relay.ts";
import { encodeFlush, encodeTimedElement } from "./element.ts";
import { encodeRules, RULE_EXPRESSIONS } from "./gate-table.ts";
import { encodeBatch, NFT_MSG } from "./message.ts";
import { equalBytes, type Node } from "./node.ts";
import { encodeRelay, prepareArming } from "./relay.ts";
import { ingressRule, relayRules } from "./relay-rule.ts";
import type { Rule } from "./rule.ts";

const NAME = "vcluster-kube-vip-77";
const GIVER = mac("02:00:00:00:00:01");
const OF = {
  4: { vip: ip("10.100.0.100"), sets: [RELAYING_SET_4, BEGUN_SET_4], ingress: INGRESS_RULE_4 },
  6: { vip: ip("fd00:100::64"), sets: [RELAYING_SET_6, BEGUN_SET_6], ingress: INGRESS_RULE_6 },
} as const;
const RELAY = { 4: [BEGUN_RULE_4, RELAY_RULE_4], 6: [BEGUN_RULE_6, RELAY_RULE_6] } as const;

const bytesOf = (hex: string): Uint8Array => Uint8Array.from(Buffer.from(hex, "hex"));

/** What was dumped, against nodes of ours: the same, but for what the kernel says of itself, which is 0. */
function isSame(dumped: Uint8Array, nodes: readonly Node[]): boolean {
  const rest = [...decodeAttributeList(dumped)];
  const areThere = nodes.every(([type, value]) => {
    const index = rest.findIndex(([there]) => there === type);
    const [found] = index === -1 ? [] : rest.splice(index, 1);
    if (found === undefined) return false;
    return value instanceof Uint8Array ? equalBytes(found[1], value) : isSame(found[1], value);
  });
  return areThere && rest.every(([, value]) => value.every((byte) => byte === 0));
}

function check(dumped: string, rule: Rule): void {
  const list = decodeAttributes(bytesOf(dumped)).get(RULE_EXPRESSIONS);
  const expressions = decodeAttributeList(list ?? new Uint8Array()).map(([, expression]) => expression);
  expect(expressions.map((expression, index) => isSame(expression, rule[index] ?? []))).toEqual(rule.map(() => true));
}

describe.each([4, 6] as const)("IPv%i:", (family) => {
  const { vip, sets, ingress } = OF[family];
  const target = { vip, linkName: "net1", linkIndex: 3 };

  test("a relay's rules are what nft makes of their text", () => {
    check(ingress, ingressRule(target));
    const rules = relayRules(target, GIVER);
    expect(rules).toHaveLength(2);
    for (const [index, rule] of rules.entries()) check(RELAY[family][index] ?? "", rule);
  });

  test("its sets are what nft makes of their text", () => {
    const made = encodeRelay(NAME, target).filter(({ type }) => type === NFT_MSG.newSet);
    const [name, flags, keyType, keyBytes, description] = [2, 3, 4, 5, 9];
    for (const [index, { payload }] of made.entries()) {
      const [ours, dumped] = [payload.subarray(4), bytesOf(sets[index] ?? "")].map(decodeAttributes);
      for (const attribute of [name, flags, keyType, keyBytes])
        expect(ours?.get(attribute)).toEqual(dumped?.get(attribute));
      expect(ours?.get(description)).toEqual(index === 0 ? undefined : dumped?.get(description));
    }
    expect(made).toHaveLength(2);
  });

  test("its chain is where frames come in", () => {
    const chains = encodeRelay(NAME, target).filter(({ type }) => type === NFT_MSG.newChain);
    const ours = decodeAttributes(chains.at(-1)?.payload.subarray(4) ?? new Uint8Array());
    const dumped = decodeAttributes(bytesOf(INGRESS_CHAIN));
    for (const attribute of [3, 5, 7]) expect(ours.get(attribute)).toEqual(dumped.get(attribute));
    const hooks = [ours, dumped].map((chain) => decodeAttributes(chain.get(4) ?? new Uint8Array()));
    for (const attribute of [1, 2, 3]) expect(hooks[0]?.get(attribute)).toEqual(hooks[1]?.get(attribute));
  });

  test("prepared, it is armed by the bytes that are made from their parts, for any giver", () => {
    const encode = prepareArming(NAME, target);
    const macs = fc.uint8Array({ minLength: 6, maxLength: 6 }).map((bytes) => macAddressFromBytes(bytes) ?? GIVER);
    fc.assert(
      fc.property(macs, (giver) => {
        const parts = [
          ...encodeRules({ family: "netdev", name: NAME }, "relay", relayRules(target, giver)),
          encodeFlush("netdev", NAME, "relaying"),
          encodeTimedElement("netdev", NAME, "relaying", vip, RELAY_MS),
        ];
        expect(encode(giver)).toEqual(encodeDatagram(encodeBatch(parts)));
      }),
    );
  });

  test("each arming has bytes of its own: one that waits to be sent stays as it is", () => {
    const encode = prepareArming(NAME, target);
    const first = encode(GIVER);
    const before = first.bytes.slice();
    encode(mac("02:00:00:00:00:02"));
    expect(first.bytes).toEqual(before);
  });
});
