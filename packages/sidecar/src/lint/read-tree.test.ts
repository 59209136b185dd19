/** What sigs.k8s.io/yaml 1.6.0, Helm's parser, makes of these texts was measured with it; here it must be the same. */
import { expect, test } from "vitest";
import { type FileTree, readTree } from "./read-tree.ts";
import { booleanOf, isAbsent, type Tree } from "./tree.ts";

/** As JSON would have it; plain numbers stay texts. */
function plain(tree: Tree): unknown {
  if (tree.t === "map") return Object.fromEntries([...tree.entries].map(([name, { value }]) => [name, plain(value)]));
  if (tree.t === "list") return tree.items.map(({ value }) => plain(value));
  if (tree.isPlain && isAbsent(tree)) return null;
  return tree.isPlain ? (booleanOf(tree.text) ?? tree.text) : tree.text;
}

function read(text: string): FileTree {
  return readTree({ name: "", text });
}

test.each([
  ["x: &x\n  a: v\n  b: v\nm:\n  a: w\n  <<: *x\n", { x: { a: "v", b: "v" }, m: { a: "v", b: "v" } }],
  ["x: &x\n  a: v\n  b: v\nm:\n  <<: *x\n  a: w\n", { x: { a: "v", b: "v" }, m: { a: "w", b: "v" } }],
  [
    "x: &x {a: v}\nz: &z {a: w, b: w}\nm:\n  <<: [*x, *z]\n",
    { x: { a: "v" }, z: { a: "w", b: "w" }, m: { a: "v", b: "w" } },
  ],
  ["x: &x {a: v}\nm:\n  <<: *x\n  <<: {b: w}\n", { x: { a: "v" }, m: { a: "v", b: "w" } }],
  ["'<<': {a: v}\n", { "<<": { a: "v" } }],
  ["a: v\na: w\n", { a: "w" }],
  ["a: {b: v}\na: {c: v}\n", { a: { c: "v" } }],
  ["a: yes\nb: on\nc: y\nh: ~\n", { a: true, b: true, c: true, h: null }],
  ["y: v\n'y': w\n", { true: "v", y: "w" }],
  ["a: !!str yes\nb: !foo c\n", { a: "yes", b: "c" }],
  ["a: &a v\na2: *a\na3: &a w\na4: *a\n", { a: "v", a2: "v", a3: "w", a4: "w" }],
  ["a:\tb\n", { a: "b" }],
])("%j is read as Helm reads it", (text, expected) => {
  const { root } = read(text);
  expect(root && plain(root)).toEqual(expected);
});

test.each(["a: &a [*a]\n", "a: *nope\n", "a:\n\tb: 1\n", "m: {<<: 5}\n", "~: a\n", "? [a]\n: b\n"])(
  "%j is refused as Helm refuses it",
  (text) => {
    const { root, problems } = read(text);
    expect(root).toBeUndefined();
    expect(problems[0]).toMatchObject({ code: "YAML_SYNTAX", position: { line: expect.any(Number) } });
  },
);

test("a billion laughs are not laughed", () => {
  const levels = Array.from({ length: 40 }, (_, index) => `l${index + 1}: &l${index + 1} [*l${index}, *l${index}]`);
  expect(read(`l0: &l0 [a]\n${levels.join("\n")}\n`).problems).toEqual([]);
});
