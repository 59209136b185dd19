import fc from "fast-check";
import { expect, test } from "vitest";
import { macAddressBytes, macAddressFromBytes, parseMacAddress } from "./mac-address.ts";

test("upper and lower case are one address", () => {
  expect(parseMacAddress("AA:bb:CC:dd:EE:0f")).toEqual({ t: "valid", value: "aa:bb:cc:dd:ee:0f" });
});

test.each([
  "",
  "aa:bb:cc:dd:ee",
  "aa:bb:cc:dd:ee:ff:00",
  "aa-bb-cc-dd-ee-ff",
  "aabbccddeeff",
  "a:b:c:d:e:f",
  "gg:bb:cc:dd:ee:ff",
])("'%s' is refused", (text) => {
  expect(parseMacAddress(text).t).toBe("invalid");
});

test("bytes and address are the same thing in two forms", () => {
  fc.assert(
    fc.property(fc.uint8Array({ minLength: 6, maxLength: 6 }), (bytes) => {
      const made = macAddressFromBytes(bytes);
      expect(made && macAddressBytes(made)).toEqual(bytes);
      expect(made && parseMacAddress(made)).toEqual({ t: "valid", value: made });
    }),
  );
});

test.each([0, 4, 5, 7, 20])("%i bytes are no MAC address", (length) => {
  expect(macAddressFromBytes(new Uint8Array(length))).toBeUndefined();
});
