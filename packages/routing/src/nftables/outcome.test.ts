import { constants } from "node:os";
import { expect, test } from "vitest";
import { gateOutcome } from "./outcome.ts";

const { ENOENT, EPERM, EOPNOTSUPP, EAFNOSUPPORT, EEXIST } = constants.errno;

test("an errno of 0 is done, and ENOENT missing", () => {
  expect(gateOutcome({ errno: 0, kernelText: undefined }, "do it")).toBe("done");
  expect(gateOutcome({ errno: ENOENT, kernelText: undefined }, "do it")).toBe("missing");
});

test.each([
  [EPERM, "KERNEL_PERMISSION: cannot do it: EPERM (words). Grant NET_ADMIN to the container."],
  [EOPNOTSUPP, /^GATE_UNSUPPORTED: cannot do it: E\w+ \(words\)\. Load nf_tables on the host/],
  [EAFNOSUPPORT, "GATE_UNSUPPORTED: cannot do it: EAFNOSUPPORT (words). Load nf_tables on the host"],
  [EEXIST, "KERNEL_REFUSED: cannot do it: EEXIST (words). See the kernel's words, and `nft monitor`"],
])("errno %i is an error that says what to do", (errno, message) => {
  expect(() => gateOutcome({ errno, kernelText: "words" }, "do it")).toThrow(message);
});
