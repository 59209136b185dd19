// Holds docs/lint.md together with the rules: a section for each, in their order, with its own words in it.
import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { formatText } from "../packages/sidecar/src/lint/formats/text.ts";
import { lint } from "../packages/sidecar/src/lint/lint.ts";
import { RULES } from "../packages/sidecar/src/lint/rules/index.ts";

const page = readFileSync(new URL("../docs/lint.md", import.meta.url), "utf8");

/** Line ends are the page's own. */
function flowing(text: string): string {
  return text.replaceAll(/\s+/g, " ").trim();
}

const sections = page
  .split(/^### /m)
  .slice(1)
  .map((section) => section.replace(/\n## [\s\S]*/, ""));

test("docs/lint.md has a section for every rule and for nothing else, in the rules' order", () => {
  expect(sections.map((section) => section.split("\n", 1)[0])).toEqual(RULES.map(({ code }) => `\`${code}\``));
});

test.each(RULES)("the section of $code says what the rule says, a symptom and a cure", ({ code, ...rule }) => {
  const section = flowing(sections.find((text) => text.startsWith(`\`${code}\``)) ?? "");
  expect(section).toContain(`${rule.severity}: ${rule.summary}. ${rule.consequence} *Symptom.* `);
  expect(section).toMatch(/\*Symptom\.\* .{5,} \*Cure\.\* .{10,}/);
});

test("the page's example is what the program says", () => {
  const [yaml = "", said = ""] = [...page.matchAll(/```(?:yaml)?\n([\s\S]*?)```/g)].map(([, text]) => text);
  const { findings } = lint([{ name: "vcluster.yaml", text: yaml }], { chartVersion: undefined });
  expect(findings.map(({ code }) => code)).toEqual(["NETWORKS_ON_STATEFULSET", "BUILT_IN_ENABLED"]);
  expect(formatText(findings)).toContain(said);
});
