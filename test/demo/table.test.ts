import { expect, test } from "vitest";
import { tableLines } from "./table.ts";

const ROW = { event: "holder stopped gently", tried: 12_345, lost: 7, gapMs: 41.6, mostHolders: 1 };

test("a row has the event, connections tried and lost, the gap in ms and the most holders at once", () => {
  expect(tableLines({ rows: [ROW], failures: [] })).toMatchInlineSnapshot(`
    [
      "                                     connections              gap  most holders",
      "event                                      tried    lost    in ms       at once",
      "-------------------------------------------------------------------------------",
      "holder stopped gently                     12,345       7       42             1",
      "-------------------------------------------------------------------------------",
      "The VIP ended reachable from both, and never did two replicas answer for it.",
    ]
  `);
});

test("no line is wider than 80 columns", () => {
  const row = {
    event: "holder in the Lease changed by hand",
    tried: 1_234_567,
    lost: 1_234_567,
    gapMs: 88_888,
    mostHolders: 9,
  };
  for (const line of tableLines({ rows: [row], failures: [] })) expect(line.length).toBeLessThanOrEqual(80);
});

test("failures take the place of the good verdict", () => {
  const lines = tableLines({ rows: [ROW], failures: ["The VIP ended unreachable from the worker."] });
  expect(lines.at(-1)).toBe("The VIP ended unreachable from the worker.");
  expect(lines.join("\n")).not.toContain("ended reachable");
});
