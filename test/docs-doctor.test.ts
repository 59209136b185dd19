// Holds docs/doctor.md together with the program: a row for each check, a section for each fault, with its own cure.
import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { ALL_CHECKS } from "../packages/sidecar/src/doctor/checks/index.ts";
import { FAULTS } from "../packages/sidecar/src/doctor/faults.ts";

const page = readFileSync(new URL("../docs/doctor.md", import.meta.url), "utf8");
const sections = page.split(/^### /m).slice(1);
const faults = Object.entries(FAULTS);

test("docs/doctor.md has a row for every check, in the report's order", () => {
  const rows = [...page.matchAll(/^\| `([a-z_]+)` \| .{10,} \|$/gm)].map(([, name]) => name);
  expect(rows).toEqual(ALL_CHECKS.map(({ name }) => name));
});

test("docs/doctor.md has a section for every fault and for nothing else, in their order", () => {
  expect(sections.map((section) => section.split("\n", 1)[0])).toEqual(faults.map(([code]) => `\`${code}\``));
});

test.each(faults)("the section of %s has its severity, a symptom, what it means, and its cure", (code, fault) => {
  const section = (sections.find((text) => text.startsWith(`\`${code}\``)) ?? "").replaceAll(/\s+/g, " ").trim();
  expect(section).toMatch(/\*Symptom\.\* .{5,} \*What it means\.\* .{10,} \*Cure\.\* /);
  expect(section.startsWith(`\`${code}\` ${fault.severity}. *Symptom.*`)).toBe(true);
  const [first = "", ...rest] = fault.cure;
  expect(section.endsWith(`*Cure.* ${first.toUpperCase()}${rest.join("")}.`)).toBe(true);
});
