import { expect, test } from "vitest";
import { parseInterfaceName } from "./interface-name.ts";

test.each(["n", "net1", "br-private", "eth0.100", "abcdefghijklmno", "..."])("%s is a name", (text) => {
  expect(parseInterfaceName(text)).toEqual({ t: "valid", value: text });
});

test.each([
  ["", /empty/],
  [".", /refuses/],
  ["..", /refuses/],
  ["abcdefghijklmnop", /16 characters .* at most 15/],
  ["net/1", /character "\/"/],
  ["net1:0", /character ":"/],
  ["net 1", /character " "/],
  ["net1\n", /character/],
  ["nét1", /character "é"/],
])("'%s' is refused with its reason", (text, reason) => {
  expect(parseInterfaceName(text)).toEqual({ t: "invalid", reason: expect.stringMatching(reason) });
});
