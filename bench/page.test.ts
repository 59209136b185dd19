import { existsSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { expect, test } from "vitest";
import { runOf } from "./field/testing/run-of.ts";
import { pageParts } from "./page.ts";
import type { Line } from "./results-file.ts";

const HERE: Line = { t: "where", date: "2026-01-01", machine: "2 x a CPU, 24 GB, Linux 6.18" };

test("the page has only the parts of which something was measured", () => {
  expect(pageParts([HERE])).toEqual({});
  expect(Object.keys(pageParts([HERE, runOf()]))).toEqual(["comparison"]);
});

test("the comparison says when and where, what each tool was told, and has a section for each event that was run", () => {
  const lines =
    pageParts([HERE, runOf(), runOf({ tool: "keepalived-1", version: "2.2.7", event: "killed" })]).comparison ?? [];
  expect(lines[0]).toContain("2026-01-01, 2 x a CPU, 24 GB, Linux 6.18; `pnpm bench");
  expect(lines.find((line) => line.startsWith("- **keepalived 1 s** (2.2.7): VRRP 3, `advert_int 1`"))).toBeDefined();
  expect(lines.filter((line) => line.startsWith("### "))).toEqual(["### Planned move", "### Sidecar killed"]);
});

test.each(["README.md", "docs/benchmarks.md"])("every picture that %s shows is there", (page) => {
  const shown = [...readFileSync(page, "utf8").matchAll(/!\[[^\]]*\]\(([^)]+)\)/g)].map(([, path = ""]) => path);
  expect(shown.length).toBeGreaterThan(0);
  expect(shown.filter((path) => !existsSync(join(dirname(page), path)))).toEqual([]);
});
