import { constants } from "node:os";
import { expect, test } from "vitest";
import { isNoWay, outcomeOf } from "./outcome.ts";

const {
  EEXIST,
  ENOENT,
  ESRCH,
  EADDRNOTAVAIL,
  ENODEV,
  ENXIO,
  EPERM,
  ENETDOWN,
  ENETUNREACH,
  EHOSTUNREACH,
  EACCES,
  EINVAL,
  EBUSY,
} = constants.errno;

test.each([
  [0, "done"],
  [EEXIST, "exists"],
  [ENOENT, "missing"],
  [ESRCH, "missing"],
  [EADDRNOTAVAIL, "missing"],
  [ENODEV, "missing"],
  [ENXIO, "missing"],
])("errno %i is the outcome %s", (errno, expected) => {
  expect(outcomeOf({ errno, kernelText: undefined }, "do it")).toBe(expected);
});

test.each([
  [EPERM, undefined, "KERNEL_PERMISSION: cannot do it: EPERM. Grant NET_ADMIN to the container."],
  [ENETDOWN, undefined, "LINK_DOWN: cannot do it: ENETDOWN. Set the link up"],
  [ENETUNREACH, "Nexthop has invalid gateway", "cannot do it: ENETUNREACH (Nexthop has invalid gateway). Look"],
  [EBUSY, undefined, "KERNEL_REFUSED: cannot do it: EBUSY. See"],
])("errno %i is an error that says what to do", (errno, kernelText, message) => {
  expect(() => outcomeOf({ errno, kernelText }, "do it")).toThrow(message);
});

test("that there is no way is an answer, and no other errno is", () => {
  const told = [0, ENETUNREACH, EHOSTUNREACH, EACCES, EINVAL, EPERM, EBUSY];
  expect(told.filter((errno) => isNoWay({ errno, kernelText: undefined }))).toEqual(told.slice(1, 5));
});
