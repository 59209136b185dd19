/** Two second opinions on every diff: git's and GNU patch's. */
import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { expect, test } from "vitest";
import { applyPatch, type LineEdit, type Patch, unifiedDiff } from "./patch.ts";

/** All patches applied at once, each to a file of its own, by this program. */
function applyBy(argv: readonly string[], patches: readonly Patch[]): readonly string[] {
  const folder = mkdtempSync(join(tmpdir(), "patches-"));
  try {
    for (const { source } of patches) writeFileSync(join(folder, source.name), source.text);
    const [program = "", ...rest] = argv;
    const input = patches.map(unifiedDiff).join("");
    const { status, stderr } = spawnSync(program, rest, { cwd: folder, input, encoding: "utf8" });
    expect([status, stderr]).toEqual([0, ""]);
    return patches.map(({ source }) => readFileSync(join(folder, source.name), "utf8"));
  } finally {
    rmSync(folder, { recursive: true });
  }
}

const line = fc.constantFrom("a", "b:", "  c", "", "# d", "- e");

/** Changes between which lines are left alone or not, in files with and without a line feed at their end. */
const change: fc.Arbitrary<{ text: string; edits: readonly LineEdit[] }> = fc
  .record({
    blocks: fc.array(
      fc.record({
        kept: fc.array(line, { maxLength: 9 }),
        removed: fc.array(line, { maxLength: 2 }),
        inserted: fc.array(line, { maxLength: 2 }),
      }),
      { minLength: 1, maxLength: 4 },
    ),
    rest: fc.array(line, { minLength: 1, maxLength: 9 }),
    end: fc.constantFrom("\n", ""),
  })
  .map(({ blocks, rest, end }) => {
    const lines: string[] = [];
    const edits: LineEdit[] = [];
    for (const { kept, removed, inserted } of blocks) {
      lines.push(...kept);
      if (removed.length + inserted.length > 0)
        edits.push({ line: lines.length + 1, removed: removed.length, inserted });
      lines.push(...removed);
    }
    return { text: `${[...lines, ...rest, "z"].join("\n")}${end}`, edits };
  })
  .filter(({ edits }) => edits.length > 0);

test.each([
  ["git apply", ["git", "apply", "-"]],
  ["patch", ["patch", "-p1", "--quiet"]],
])("%s makes of a diff what we make of the patch", (_, argv) => {
  fc.assert(
    fc.property(fc.array(change, { minLength: 10, maxLength: 40 }), (changes) => {
      const patches = changes.map(({ text, edits }, index) => {
        const source = { name: `${index}.yaml`, text, positionAt: () => ({ file: "", line: 1, column: 1 }) };
        return { source, edits };
      });
      expect(applyBy(argv, patches)).toEqual(patches.map(applyPatch));
    }),
    { numRuns: 10 },
  );
});

test("lines behind a last line without a line feed", () => {
  const source = { name: "a.yaml", text: "a\nb", positionAt: () => ({ file: "", line: 1, column: 1 }) };
  const patch = { source, edits: [{ line: 3, removed: 0, inserted: ["c"] }] };
  expect(applyPatch(patch)).toBe("a\nb\nc\n");
  expect(applyBy(["git", "apply", "-"], [patch])).toEqual(["a\nb\nc\n"]);
});
