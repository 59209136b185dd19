import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { writePart } from "./page.ts";

const folder = mkdtempSync(join(tmpdir(), "soak-page-"));
afterAll(() => rmSync(folder, { recursive: true }));
const page = join(folder, "page.md");

test("only the part that carries the command's name is replaced, and can be again", () => {
  const around = (part: string) =>
    `head\n<!-- written by a -->\n${part}\n<!-- end -->\nbetween\n<!-- written by b -->\nkept\n<!-- end -->\nfoot\n`;
  writeFileSync(page, around("old"));
  writePart(page, "a", ["new", "lines"]);
  writePart(page, "a", ["newer", "lines"]);
  expect(readFileSync(page, "utf8")).toBe(around("newer\nlines"));
});

test.each([
  "no mark",
  "<!-- written by a --> without an end",
  "<!-- written by a --><!-- written by a --><!-- end -->",
])("a page with %s is left as it is", (text) => {
  writeFileSync(page, text);
  expect(() => writePart(page, "a", ["new"])).toThrow("must have");
  expect(readFileSync(page, "utf8")).toBe(text);
});
