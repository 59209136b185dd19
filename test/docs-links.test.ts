// Every relative link in the project's Markdown leads to a file that is there, and every anchor to a heading in it.
import { execFileSync } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { dirname, join, normalize } from "node:path";
import { expect, test } from "vitest";

const pages = execFileSync("git", ["ls-files", "*.md"], { encoding: "utf8" })
  .split("\n")
  .filter((file) => file !== "" && existsSync(file));

/** Without what is shown as code, as far as it looks like a link; headings keep their code. */
function proseOf(page: string): string {
  return readFileSync(page, "utf8")
    .replaceAll(/^( *)```[\s\S]*?^\1```/gm, "")
    .replaceAll(/`[^`\n]*`/g, (code) => (code.includes("](") ? "" : code));
}

function linksOf(page: string): readonly string[] {
  return [...proseOf(page).matchAll(/\]\(([^)\s]+)\)/g)].map(([, target = ""]) => target);
}

/** As GitHub makes them: lower case, punctuation gone, blanks to hyphens, a number behind what is there again. */
function anchorsOf(page: string): ReadonlySet<string> {
  const anchors = new Set<string>();
  for (const [, heading = ""] of proseOf(page).matchAll(/^#{1,6} +(.+)$/gm)) {
    const text = heading.replaceAll(/\[([^\]]*)\]\([^)]*\)/g, "$1").toLowerCase();
    const plain = text.replaceAll(/[^\p{L}\p{N}_ -]/gu, "").replaceAll(" ", "-");
    let anchor = plain;
    for (let again = 1; anchors.has(anchor); again += 1) anchor = `${plain}-${again}`;
    anchors.add(anchor);
  }
  return anchors;
}

/** What is wrong with it; undefined: nothing, or it is not ours to say. */
function fault(page: string, link: string): string | undefined {
  if (/^[a-z]+:/.test(link)) return undefined;
  const [path = "", anchor] = link.split("#");
  const target = path === "" ? page : normalize(join(dirname(page), path));
  if (!existsSync(target)) return `${link}: there is no ${target}`;
  if (anchor === undefined || !target.endsWith(".md")) return undefined;
  return anchorsOf(target).has(anchor) ? undefined : `${link}: ${target} has no heading of that name`;
}

test.each(pages)("the links of %s lead somewhere", (page) => {
  expect(linksOf(page).flatMap((link) => fault(page, link) ?? [])).toEqual([]);
});

test("a link that leads nowhere is found, be it the file or the heading", () => {
  expect(pages).toContain("README.md");
  expect(fault("README.md", "docs/nothing.md")).toMatch("there is no docs/nothing.md");
  expect(fault("docs/overlay.md", "lint.md#nothing")).toMatch("has no heading");
  expect(fault("docs/overlay.md", "#the-container")).toBeUndefined();
  expect(fault("docs/overlay.md", "lint.md#networks_on_statefulset")).toBeUndefined();
});
