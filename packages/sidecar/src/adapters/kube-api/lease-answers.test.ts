import { expect, test } from "vitest";
import type { Answer } from "./exchange.ts";
import { judgeRead, judgeWrite, readResult, writeResult } from "./lease-answers.ts";

const LEASE = JSON.stringify({ metadata: { uid: "u", resourceVersion: "2" }, spec: { holderIdentity: "a" } });
const NO_LEASE = JSON.stringify({
  kind: "Status",
  reason: "NotFound",
  details: { kind: "leases" },
  message: "not found",
});

const answered = (status: number, body?: string): Answer => ({ t: "answered", status, retryAfterMs: undefined, body });
const written = answered(200, LEASE);
const conflict = answered(409);
const missing = answered(404, NO_LEASE);
const forbidden = answered(403, "{}");
const broken = answered(500, "{}");
const unsent: Answer = { t: "unsent", code: "ECONNREFUSED" };
const lost: Answer = { t: "lost", code: "ETIMEDOUT", reused: true };
const reset: Answer = { t: "lost", code: "ECONNRESET", reused: true };

test("what copies of one write come to together", () => {
  const cases: readonly (readonly [readonly Answer[], string])[] = [
    [[written], "written"],
    [[lost, written], "written"],
    [[conflict, written], "written"],
    [[lost, conflict], "unknown"],
    [[conflict, lost], "unknown"],
    [[broken, conflict], "unknown"],
    [[lost, missing], "unknown"],
    [[lost, unsent], "unknown"],
    [[unsent, conflict], "conflict"],
    [[forbidden, conflict], "conflict"],
    [[unsent, missing], "missing"],
    [[unsent, unsent], "refused"],
    [[answered(429, "{}"), unsent], "refused"],
    [[], "refused"],
  ];
  for (const [answers, expected] of cases) {
    expect([answers, writeResult({ answers, unanswered: 0 }).t]).toEqual([answers, expected]);
  }
});

test("a copy that is still unanswered leaves a write unknown, unless another is known to be written", () => {
  const cases: readonly (readonly [Answer, string])[] = [
    [written, "written"],
    [conflict, "unknown"],
    [missing, "unknown"],
    [forbidden, "unknown"],
    [unsent, "unknown"],
  ];
  for (const [answer, expected] of cases) {
    expect([answer, writeResult({ answers: [answer], unanswered: 1 }).t]).toEqual([answer, expected]);
  }
});

test("what copies of one read come to together", () => {
  const cases: readonly (readonly [readonly Answer[], string])[] = [
    [[written], "found"],
    [[lost, written], "found"],
    [[lost, missing], "missing"],
    [[lost, unsent], "failed"],
    [[answered(404, "404 page not found")], "failed"],
    [[answered(200, undefined)], "failed"],
  ];
  for (const [answers, expected] of cases) {
    expect([answers, readResult({ answers, unanswered: 0 }).t]).toEqual([answers, expected]);
  }
});

test("which answers end the asking", () => {
  const judged = [written, conflict, missing, forbidden, broken, unsent, lost, reset, answered(429), answered(302)].map(
    judgeWrite,
  );
  expect(judged).toEqual(["settles", "settles", "settles", "final", "next", "gone", "next", "again", "next", "next"]);
  expect([written, missing, answered(404), answered(200, "{}")].map(judgeRead)).toEqual([
    "settles",
    "settles",
    "next",
    "next",
  ]);
});

test("a reason is the Status's message, and never longer than 200 characters", () => {
  const long = answered(403, JSON.stringify({ message: "x".repeat(10_000) }));
  expect(writeResult({ answers: [long], unanswered: 0 })).toMatchObject({ reason: `403 ${"x".repeat(200)}` });
});
