import fc from "fast-check";
import { expect, test } from "vitest";
import { stringify } from "yaml";
import { formatGithub } from "./formats/github.ts";
import { formatJson } from "./formats/json.ts";
import { formatSarif } from "./formats/sarif.ts";
import { formatText } from "./formats/text.ts";
import { lint, type Verdict } from "./lint.ts";
import { PATHS } from "./paths.ts";

/** Pieces that YAML gives a meaning to, so that arbitrary text gets beyond the first character. */
const yamlish = fc
  .array(
    fc.constantFrom(
      ..."controlPlane: ~endpoint: ~statefulSet:~annotations:~sidecarContainers:~advanced: ~kubeVip:~global:~<<: ~10.100.0.100:8443~\n~\n  ~\n    ~- ~? ~&a ~*a ~!!str ~{~}~[~]~,~'~\"~\t~#~|~>~%~---\n~é~\u0000~\uFFFD~y~null".split(
        "~",
      ),
    ),
    { maxLength: 60 },
  )
  .map((pieces) => pieces.join(""));

/** Values of any shape where rules look, in one tree. */
const leaf = fc.oneof(
  fc.constantFrom("10.100.0.100:8443", "10.100.0.1/24", "net1", "eth0", "true", "", "a/b@net1", '[{"name":"a"}]'),
  fc.boolean(),
  fc.integer({ min: -1, max: 9 }),
  fc.anything({ maxDepth: 2, withNullPrototype: false }),
  fc.array(fc.record({ name: fc.constantFrom("vcluster-kube-vip", "a"), securityContext: fc.anything() })),
);
const tree = fc
  .array(fc.tuple(fc.constantFrom(...Object.values(PATHS)), leaf), { maxLength: 12 })
  .map((said) => said.reduce<unknown>((root, [path, value]) => withValue(root, path, value), {}));

function withValue(root: unknown, [name, ...rest]: readonly string[], value: unknown): unknown {
  if (name === undefined) return value;
  const map = typeof root === "object" && root !== null && !Array.isArray(root) ? root : {};
  const before = Object.entries(map).find(([key]) => key === name)?.[1];
  return { ...map, [name]: withValue(before, rest, value) };
}

/** True of every verdict, whatever was asked. */
function check(texts: readonly string[]): Verdict {
  const files = texts.map((text, index) => ({ name: `${index}.yaml`, text }));
  const verdict = lint(files, { chartVersion: "0.34" });
  for (const { position, message, consequence } of verdict.findings) {
    const lines = texts[files.findIndex(({ name }) => name === position.file)]?.split("\n") ?? [];
    expect(position.line).toBeGreaterThanOrEqual(1);
    expect(position.line).toBeLessThanOrEqual(lines.length);
    expect(position.column).toBeGreaterThanOrEqual(1);
    expect(position.column).toBeLessThanOrEqual((lines[position.line - 1] ?? "").length + 1);
    expect(`${message}${consequence}`).not.toMatch(/[\p{Cc}]/u);
  }
  for (const format of [formatText, formatJson, formatSarif, formatGithub]) format(verdict.findings);
  expect(formatJson(lint(files, { chartVersion: "0.34" }).findings)).toBe(formatJson(verdict.findings));
  return verdict;
}

test("any text is answered, not thrown at, and twice in the same way", () => {
  const text = fc.oneof(fc.string({ unit: "binary", maxLength: 200 }), yamlish);
  fc.assert(
    fc.property(fc.array(text, { minLength: 1, maxLength: 3 }), (texts) => void check(texts)),
    { numRuns: 700 },
  );
}, 30_000);

test("any tree is answered, not thrown at", () => {
  fc.assert(
    fc.property(fc.array(tree, { minLength: 1, maxLength: 2 }), (trees) => {
      const texts = trees.map(tryStringify);
      if (!texts.includes(undefined)) check(texts.map(String));
    }),
    { numRuns: 100 },
  );
}, 30_000);

/** The library refuses some of what fast-check thinks of (symbols, functions, cycles); a file cannot hold that either. */
function tryStringify(content: unknown): string | undefined {
  try {
    return stringify(content);
  } catch {
    return undefined;
  }
}
