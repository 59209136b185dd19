import { expect, test } from "vitest";
import { type Acknowledgement, decodeAcknowledgement } from "./acknowledgement.ts";
import { decodeMessages } from "./message.ts";

/** @param hex - a whole datagram; those marked so were captured on Linux 6.18. */
function check(hex: string, expected: Acknowledgement): void {
  const [message] = decodeMessages(Buffer.from(hex, "hex"));
  expect(message && decodeAcknowledgement(message)).toEqual(expected);
}

test("success is errno 0 (captured: address added)", () => {
  check("24000000020000010900000074d96dc10000000028000000140005050900000000000000", {
    errno: 0,
    kernelText: undefined,
  });
});

test("an errno without words stands alone (captured: route deleted that is not there)", () => {
  check("24000000020000010800000074d96dc1fdffffff3c000000190005000800000000000000", {
    errno: 3,
    kernelText: undefined,
  });
});

test("the kernel's words come with the errno (captured: default route without a subnet route)", () => {
  check(
    "44000000020000030700000074d96dc19bffffff3c000000180005050700000000000000200001004e657874686f702068617320696e76616c6964206761746577617900",
    { errno: 101, kernelText: "Nexthop has invalid gateway" },
  );
});

test("the words are found behind a request that was sent back whole (without NETLINK_CAP_ACK)", () => {
  const request = "14000000190005000800000000000000aabbccdd";
  check(`34000000020000020800000000000000eaffffff${request}0c000100776f7264732100`.padEnd(104, "0"), {
    errno: 22,
    kernelText: "words!",
  });
});

test("a dump ends with errno 0 (captured)", () => {
  check("14000000030002000a00000074d96dc100000000", { errno: 0, kernelText: undefined });
});

test("a dump that failed ends with its errno and the kernel's words", () => {
  check("2000000003000202010000000000000095ffffff0c0001007461626c65210000", { errno: 107, kernelText: "table!" });
});

test("an end without a number is success", () => {
  check("10000000030002000100000000000000", { errno: 0, kernelText: undefined });
});

test("an acknowledgement cut short is malformed", () => {
  const [message] = decodeMessages(Buffer.from("12000000020000010800000074d96dc1fdff", "hex"));
  expect(() => message && decodeAcknowledgement(message)).toThrow("KERNEL_ANSWER_MALFORMED");
});
