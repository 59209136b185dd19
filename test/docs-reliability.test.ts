// The matrix in docs/reliability.md has every row of test/cluster/faults with its bounds, and nothing else.
import { globSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, it, vi } from "vitest";
import type { Row } from "./cluster/faults/rows.ts";

const rows: Row[] = [];
// The files of the matrix define tests through this; here they only say what they would define.
vi.mock("./cluster/faults/rows.ts", () => ({ faultRows: (more: readonly Row[]) => rows.push(...more) }));

const HEAD = ["| fault | stays | runs | silent | unserved | after the heal | moves |", "|---|--:|--:|--:|--:|--:|--:|"];

it("has a line for each row of the matrix", async () => {
  const files = globSync("cluster/faults/*.test.ts", { cwd: import.meta.dirname }).sort();
  for (const file of files) await import(/* @vite-ignore */ join(import.meta.dirname, file));
  const page = readFileSync("docs/reliability.md", "utf8");
  const [, rest = ""] = page.split("<!-- held by test/docs-reliability.test.ts -->\n");
  expect(rest.split("<!-- end -->")[0]?.trimEnd().split("\n")).toEqual([...HEAD, ...rows.map(line)]);
});

function line({ fault, times = 1, lastsMs = fault.lastsMs[0], ...bounds }: Row): string {
  const { silentMs, unservedMs, servedAfterHealMs, moves } = bounds;
  const cells = [fault.name, lastsMs, times, silentMs, unservedMs, servedAfterHealMs, moves];
  return `| ${cells.map((cell) => cell ?? "").join(" | ")} |`;
}
