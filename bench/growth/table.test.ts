import { expect, test } from "vitest";
import type { Growth } from "./outcome.ts";
import { growthLines } from "./table.ts";

const FIFTY: Growth = {
  t: "growth",
  clusters: 50,
  seconds: 60,
  rssMb: 9_000,
  workingSetMb: 3_000,
  cpuPercent: 25,
  leaseRequests: 1_500,
  otherRequests: 450,
  packets: 1_200,
  held: 50,
};

test("each line is of one virtual cluster, the least number first", () => {
  const one = { ...FIFTY, clusters: 1, workingSetMb: 61, leaseRequests: 30 };
  const rows = growthLines([FIFTY, one]).filter((line) => /^\| *\d/.test(line));
  expect(rows.map((row) => row.split("|")[1]?.trim())).toEqual(["1", "50"]);
  expect(
    rows[1]
      ?.split("|")
      .map((cell) => cell.trim())
      .slice(2, -1),
  ).toEqual(["60.0", "180.0", "0.50", "30.0", "9.0", "24.0"]);
});

test("a thousand are reckoned from the largest number, with the multiplication written out", () => {
  const text = growthLines([FIFTY]).join("\n");
  expect(text).toContain("1000 x 60.0 MB = 59 GB");
  expect(text).toContain("1000 x 0.50 % = 5.0 cores");
  expect(text).toContain("1000 x 0.50 = 500 a second, spread over 1000 API servers, 0.50 a second each (1800 an hour)");
  expect(text).toContain("1000 x 0.40 = 400 a second");
});

test("without a capture nothing is said of packets", () => {
  expect(growthLines([{ ...FIFTY, packets: null }]).join("\n")).not.toContain("- packets");
});
