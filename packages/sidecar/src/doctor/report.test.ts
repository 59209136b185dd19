import { expect, test } from "vitest";
import { type Finding, fault } from "./finding.ts";
import { formatJson, formatText } from "./report.ts";

const FINDINGS: readonly Finding[] = [
  { t: "ok", check: "capabilities", sentence: "NET_ADMIN and NET_RAW are there" },
  { ...fault("LEASE_VACANT", "kube-system/x names no holder"), check: "lease" },
  { t: "error", code: "API_FORBIDDEN", sentence: "not let in (403). Allow it.", cure: undefined, check: "api" },
  { t: "unknown", check: "clock", sentence: "no API server told\nits time" },
];

test("each finding is a line, a cure a second one, and the sum comes last", () => {
  const [capabilities, lease, cure, api, clock, empty, sum] = formatText(FINDINGS).split("\n");
  expect(capabilities).toBe("ok       capabilities  NET_ADMIN and NET_RAW are there");
  expect(lease).toBe("warning  lease         LEASE_VACANT: kube-system/x names no holder");
  expect(cure).toMatch(/^ {23}Cure: wait /);
  expect(api).toBe("error    api           API_FORBIDDEN: not let in (403). Allow it.");
  expect(clock).toBe("unknown  clock         no API server told its time");
  expect([empty, sum]).toEqual(["", "1 error, 1 warning, 1 unknown, 1 ok"]);
});

test("a cure that several lines share is said once, behind the last", () => {
  const both = ["one", "two"].map((name): Finding => ({ ...fault("ROUTE_MISSING", name), check: "routes" }));
  const lines = formatText(both).split("\n");
  expect(lines.slice(0, 3).map((line) => line.trim().split(" ", 1)[0])).toEqual(["error", "error", "Cure:"]);
});

test("JSON has every key of every finding, and null where there is nothing", () => {
  const { findings } = JSON.parse(formatJson(FINDINGS));
  expect(findings[0]).toEqual({
    check: "capabilities",
    severity: "ok",
    code: null,
    message: "NET_ADMIN and NET_RAW are there",
    cure: null,
  });
  expect(findings[2]).toMatchObject({ severity: "error", code: "API_FORBIDDEN", cure: null });
});

test("what looks like a credential is printed in neither", () => {
  const token = "eyJhbGciOiJSUzI1NiJ9.eyJzdWIiOiJ4In0.c2ln";
  const findings: readonly Finding[] = [{ t: "unknown", check: "api", sentence: `Authorization: Bearer ${token}` }];
  expect(formatText(findings) + formatJson(findings)).not.toContain("eyJ");
});
