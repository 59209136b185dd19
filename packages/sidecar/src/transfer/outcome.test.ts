import { expect, test } from "vitest";
import { describeOutcome, exitStatusOf, podOf, type TransferOutcome } from "./outcome.ts";

const B = "my-vcluster-1_0a1b_nonce";

const SENTENCES: readonly (readonly [outcome: TransferOutcome, sentence: string, status: number])[] = [
  [
    { t: "moved", to: B, tookMs: 41.25, acknowledged: "3/4" },
    `the VIP moved to my-vcluster-1 (${B}) in 41.3 ms; 3 of 4 neighbours have acknowledged it`,
    0,
  ],
  [{ t: "moved", to: B, tookMs: 7, acknowledged: null }, `the VIP moved to my-vcluster-1 (${B}) in 7.0 ms`, 0],
  [{ t: "stayed", reason: "no other replica answers" }, "the VIP stays: no other replica answers", 1],
  [
    { t: "elsewhere", holder: B },
    "nothing was moved: my-vcluster-1 holds the VIP, and only it can give it away; kubectl exec my-vcluster-1 instead",
    1,
  ],
  [{ t: "elsewhere", holder: null }, "nothing was moved: nobody holds the VIP as far as this replica knows", 1],
  [
    { t: "unsettled", reason: "this replica stopped meanwhile" },
    "it is not known whether the VIP moved: this replica stopped meanwhile; see vcluster-kube-vip status",
    1,
  ],
];

test.each(SENTENCES)("%j is said in one sentence, and has its exit status", (outcome, sentence, status) => {
  expect(describeOutcome(outcome)).toBe(sentence);
  expect(exitStatusOf(outcome)).toBe(status);
});

test.each([
  [B, "my-vcluster-1"],
  ["machine", "machine"],
])("the Pod of %s is %s", (identity, pod) => {
  expect(podOf(identity)).toBe(pod);
});
