import fc from "fast-check";
import { expect, test } from "vitest";
import { jsonLines } from "./json-lines.ts";

async function read(chunks: readonly Uint8Array[], limitChars = 100): Promise<readonly string[]> {
  const seen: string[] = [];
  const stream = (async function* () {
    yield* chunks;
  })();
  for await (const line of jsonLines(stream, limitChars)) seen.push(line.t === "line" ? line.text : line.t);
  return seen;
}

const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);

test("lines come whole however they were cut, letters of several bytes too", async () => {
  const lines = ['{"holder":"ä€😀"}', '{"n":2}', "{}"];
  const all = bytes(lines.map((line) => `${line}\n`).join(""));
  await fc.assert(
    fc.asyncProperty(fc.array(fc.nat(all.length), { maxLength: 10 }), async (cuts) => {
      const ends = [...cuts, all.length].sort((a, b) => a - b);
      const chunks = ends.map((end, index) => all.subarray(ends[index - 1] ?? 0, end));
      expect(await read(chunks)).toEqual(lines);
    }),
  );
});

test("a line longer than the limit ends it before it is whole", async () => {
  expect(await read([bytes("{}\n"), bytes("x".repeat(101)), bytes("y\n{}\n")])).toEqual(["{}", "too-long"]);
});

test("a stream that ends within a line is cut", async () => {
  expect(await read([bytes('{}\n{"a":')])).toEqual(["{}", "cut"]);
});

test("an empty line is none", async () => {
  expect(await read([bytes("\n\n{}\n \n")])).toEqual(["{}"]);
});
