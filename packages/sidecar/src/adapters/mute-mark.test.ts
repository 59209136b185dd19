import fc from "fast-check";
import { expect, test } from "vitest";
import { type MuteMark, readMark, writeMark } from "./mute-mark.ts";

const mark: MuteMark = { lease: "kube-system/vcluster-kube-vip", arpIgnore: 0, alias: undefined };

test("the mark says what it is to who reads `ip link`", () => {
  const text = "[vcluster-kube-vip kube-system/vcluster-kube-vip answers ARP here; arp_ignore was 0]";
  expect(writeMark(mark)).toBe(text);
  expect(writeMark({ ...mark, arpIgnore: 1, alias: "uplink of rack 7" })).toBe(
    `uplink of rack 7 ${text.replace("was 0", "was 1")}`,
  );
});

test("what is written is read back, with whatever alias others gave", () => {
  const marks = fc.record({
    lease: fc.stringMatching(/^[a-z0-9.-]{1,20}\/[a-z0-9.-]{1,20}$/),
    arpIgnore: fc.nat(999_999_999),
    alias: fc.option(fc.string({ minLength: 1 }), { nil: undefined }),
  });
  fc.assert(
    fc.property(marks, (one) => {
      expect(readMark(writeMark(one))).toEqual(one);
    }),
  );
});

test.each([
  undefined,
  "",
  "uplink of rack 7",
  `${writeMark(mark)} and more`,
  `x${writeMark(mark)}`,
  writeMark(mark).slice(0, -1),
])("%j is no mark of ours", (alias) => {
  expect(readMark(alias)).toBeUndefined();
});
