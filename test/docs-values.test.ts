// The values that the pages for users show are ones that lint has nothing against, behind the documented example.
import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { lint } from "../packages/sidecar/src/lint/lint.ts";

const EXAMPLE = readFileSync(new URL("fixtures/config/page.yaml", import.meta.url), "utf8");
/** What lint says of the example alone. */
const OF_THE_EXAMPLE = new Set(
  lint([{ name: "page.yaml", text: EXAMPLE }], { chartVersion: undefined }).findings.map(({ code }) => code),
);

const shown = ["README.md", "docs/operations.md", "docs/migration.md"].flatMap((page) =>
  blocksOf(readFileSync(page, "utf8")).map((text, index) => ({ name: `${page}, block ${index + 1}`, text })),
);

/** A block in a list is indented. */
function blocksOf(page: string): readonly string[] {
  return [...page.matchAll(/^( *)```yaml\n([\s\S]*?)^ *```/gm)].map(([, indent = "", text = ""]) =>
    text.replaceAll(new RegExp(`^${indent}`, "gm"), ""),
  );
}

test.each(shown.filter(({ text }) => /^\S/.test(text)))("$name is taken as it stands", ({ name, text }) => {
  const files = [
    { name: "page.yaml", text: EXAMPLE },
    { name, text },
  ];
  const { findings } = lint(files, { chartVersion: "0.36" });
  expect(findings.filter(({ code }) => !OF_THE_EXAMPLE.has(code))).toEqual([]);
});

test("there are some", () => {
  expect(shown.length).toBeGreaterThan(2);
});
