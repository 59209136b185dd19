/** The part of a page that a command writes: what is between its marks is replaced, the rest is left. */
import { readFileSync, writeFileSync } from "node:fs";

const END = "<!-- end -->";

/** `what` names the part: <!-- written by WHAT -->. @throws TypeError where the page has no place for it. */
export function writePart(page: string, what: string, lines: readonly string[]): void {
  const begin = `<!-- written by ${what} -->`;
  const [before, rest, ...more] = readFileSync(page, "utf8").split(begin);
  const end = rest?.indexOf(END) ?? -1;
  if (before === undefined || rest === undefined || end < 0 || more.length > 0)
    throw new TypeError(`${page} must have "${begin}" once, with "${END}" after it`);
  writeFileSync(page, [`${before}${begin}`, ...lines, rest.slice(end)].join("\n"));
}
