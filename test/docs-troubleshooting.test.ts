// Holds docs/troubleshooting.md together with the program: every code and sentence of lint and doctor, and every error code.
import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { FAULTS } from "../packages/sidecar/src/doctor/faults.ts";
import { RULES } from "../packages/sidecar/src/lint/rules/index.ts";
import { table, withTables } from "./page-tables.ts";

const PAGE = new URL("../docs/troubleshooting.md", import.meta.url);
const page = readFileSync(PAGE, "utf8");
/** Held to the source by docs-errors.test.ts and docs-configuration.test.ts. */
const errorsPage = readFileSync(new URL("../docs/errors.md", import.meta.url), "utf8");

/** What looks like a code and is none. */
const NO_CODES = new Set(["NET_ADMIN", "NET_RAW", "ERR_PNPM_EXECUTOR_LIFECYCLE_SCRIPT_FAILED"]);

const errorSections = errorsPage
  .split(/^### /m)
  .slice(1)
  .map((section) => {
    const [heading = "", ...lines] = section.split("\n");
    const rows = lines.filter((line) => line.startsWith("| `"));
    return { heading, codes: rows.flatMap((row) => codesIn(row.split("|")[1] ?? "")) };
  });

/** What is said in code: `A_CODE`. */
function codesIn(text: string): readonly string[] {
  return [...text.matchAll(/`([A-Z]+(?:_[A-Z]+)+)`/g)].map(([, code = ""]) => code);
}

function linked(code: string, file: string): string {
  return `[\`${code}\`](${file}#${code.toLowerCase()})`;
}

const tables = {
  lint: table(
    ["Code", "Sentence"],
    RULES.map(({ code, summary, consequence }) => [linked(code, "lint.md"), `${summary}. ${consequence}`]),
  ),
  doctor: table(
    ["Code", "Cure"],
    Object.entries(FAULTS).map(([code, { cure }]) => [linked(code, "doctor.md"), `${cure}.`]),
  ),
  errors: table(
    ["Section", "Codes"],
    errorSections.map(({ heading, codes }) => [
      `[${heading}](errors.md#${heading
        .toLowerCase()
        .replaceAll(/[^a-z -]/g, "")
        .replaceAll(" ", "-")})`,
      codes.map((code) => `\`${code}\``).join(", "),
    ]),
  ),
};

test("docs/troubleshooting.md has every code and sentence of lint and doctor, and every error code", async () => {
  await expect(withTables(page, tables)).toMatchFileSnapshot(PAGE.pathname);
});

test("it names no code that nobody says", () => {
  const said = [
    ...RULES.map(({ code }) => code),
    ...Object.keys(FAULTS),
    ...errorSections.flatMap(({ codes }) => codes),
  ];
  const known = new Set([...said, ...NO_CODES]);
  expect(codesIn(page).filter((code) => !known.has(code))).toEqual([]);
});

test("what can keep a replica from serving is led to from a symptom, not only in the tables", () => {
  const [symptoms = ""] = page.split("## All codes");
  const told = new Set(codesIn(symptoms));
  const faults = Object.entries(FAULTS).filter(([, { severity }]) => severity === "error");
  expect(faults.map(([code]) => code).filter((code) => !told.has(code))).toEqual([]);
});
