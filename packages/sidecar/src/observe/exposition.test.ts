import { describe, expect, it } from "vitest";
import { exposition, type Sample } from "./exposition.ts";

function check(samples: readonly Sample[], expected: string): void {
  const definition = { name: "vcluster_kube_vip_x", type: "gauge", help: "A \\ and\na line.", labels: [] } as const;
  expect(exposition(definition, samples)).toBe(expected);
}

const HEAD = "# HELP vcluster_kube_vip_x A \\\\ and\\na line.\n# TYPE vcluster_kube_vip_x gauge\n";

describe("the text format", () => {
  it("has help and type once, and each line ends with a line feed", () => {
    check(
      [
        { labels: { a: "1" }, value: 2 },
        { labels: { a: "2" }, value: 3 },
      ],
      `${HEAD}vcluster_kube_vip_x{a="1"} 2\nvcluster_kube_vip_x{a="2"} 3\n`,
    );
  });

  it("has no braces without labels", () => {
    check([{ labels: {}, value: 0.25 }], `${HEAD}vcluster_kube_vip_x 0.25\n`);
  });

  it("escapes backslash, quote and line feed in a label's value", () => {
    check([{ labels: { a: 'b\\"\n' }, value: 1 }], `${HEAD}vcluster_kube_vip_x{a="b\\\\\\"\\n"} 1\n`);
  });

  it("spells infinity as Go does", () => {
    check([{ labels: {}, value: Number.POSITIVE_INFINITY }], `${HEAD}vcluster_kube_vip_x +Inf\n`);
    check([{ labels: {}, value: Number.NEGATIVE_INFINITY }], `${HEAD}vcluster_kube_vip_x -Inf\n`);
    check([{ labels: {}, value: Number.NaN }], `${HEAD}vcluster_kube_vip_x NaN\n`);
  });

  it("says nothing of a family without samples", () => {
    check([], "");
  });
});
