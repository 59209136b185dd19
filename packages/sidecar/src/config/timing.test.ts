import { expect, test } from "vitest";
import { checkTiming } from "./timing.ts";

const ORIGINS = {
  leaseDuration: { field: "L", position: undefined },
  renewDeadline: { field: "D", position: undefined },
  retryPeriod: { field: "P", position: undefined },
};

/** Times in seconds, and q. */
function check(leaseDuration: number, renewDeadline: number, retryPeriod: number, resolution = 0): readonly string[] {
  const lease = {
    namespace: "kube-system",
    name: "vcluster-kube-vip",
    leaseDurationMs: leaseDuration * 1000,
    renewDeadlineMs: renewDeadline * 1000,
    retryPeriodMs: retryPeriod * 1000,
    recordResolutionMs: resolution * 1000,
  };
  return checkTiming(lease, ORIGINS).map(({ field, code }) => `${field} ${code}`);
}

test.each([
  ["the defaults", 15, 10, 2, 0],
  ["the defaults beside kube-vip", 15, 10, 2, 1],
  ["kube-vip's older defaults beside kube-vip", 5, 3, 1, 1],
  ["vCluster's own", 60, 40, 15, 0],
  ["the shortest lease", 3, 2, 0.5, 0],
])("%s fit together", (_, leaseDuration, renewDeadline, retryPeriod, resolution) => {
  expect(check(leaseDuration, renewDeadline, retryPeriod, resolution)).toEqual([]);
});

test.each([
  ["a renew deadline as long as the lease", 10, 10, 2, "D RENEW_DEADLINE_TOO_LONG"],
  ["a retry period of exactly renewDeadline / 1.2", 15, 12, 10, "P RETRY_PERIOD_TOO_LONG"],
])("%s is refused, as client-go refuses it", (_, leaseDuration, renewDeadline, retryPeriod, problem) => {
  expect(check(leaseDuration, renewDeadline, retryPeriod)).toEqual([problem]);
});

test("both of client-go's relations are told at once", () => {
  expect(check(5, 6, 6)).toEqual(["D RENEW_DEADLINE_TOO_LONG", "P RETRY_PERIOD_TOO_LONG"]);
});

test("a hold that ends before the next renewal can be answered is refused though client-go takes it", () => {
  // D = (4 - 1) x 0.98 / 1.02 - 0.05 = 2.83 s, against 1.2 x 2 + 3 / 3 = 3.4 s.
  expect(check(4, 3, 2, 1)).toEqual(["L HOLD_TOO_SHORT"]);
  expect(check(4, 3, 1.6, 0)).toEqual([]);
});

test("a lease too short for one whole second of the address's lifetime is refused", () => {
  // (3 - 1) x 0.98 / 1.02 = 1.92 s, of which the kernel may take 1.25 s to remove the address.
  expect(check(3, 2, 0.5, 1)).toEqual(["L ADDRESS_LIFETIME_TOO_SHORT"]);
  expect(check(3, 2, 0.5, 0)).toEqual([]);
});

test("an address that would be gone before the next renewal is due is refused", () => {
  // 4 x 0.98 / 1.02 - 1.25 = 2.59 s, so 2 whole seconds, against 1.2 x 2 s.
  expect(check(4, 3, 2, 0)).toEqual(["L ADDRESS_LIFETIME_TOO_SHORT"]);
});
