import { describe, expect, it } from "vitest";
import { Counter, Histogram } from "./counts.ts";

describe("a counter", () => {
  it("begins at 0 without labels, so that the first increase is seen", () => {
    expect(new Counter([]).samples()).toEqual([{ labels: {}, value: 0 }]);
    expect(new Counter(["a"]).samples()).toEqual([]);
  });

  it("counts each combination of labels by itself", () => {
    const counter = new Counter(["verb", "outcome"]);
    counter.add({ verb: "get", outcome: "ok" }, 1);
    counter.add({ verb: "get", outcome: "missing" }, 1);
    counter.add({ verb: "get", outcome: "ok" }, 2);
    expect(counter.samples()).toEqual([
      { labels: { verb: "get", outcome: "ok" }, value: 3 },
      { labels: { verb: "get", outcome: "missing" }, value: 1 },
    ]);
  });

  it("makes a word of a short sentence, and other of a long one or none", () => {
    const counter = new Counter(["reason"]);
    for (const reason of ["stop asked for", 'a"b\nc', "x".repeat(49), ""]) counter.add({ reason }, 1);
    expect(counter.samples()).toEqual([
      { labels: { reason: "stop-asked-for" }, value: 1 },
      { labels: { reason: "a-b-c" }, value: 1 },
      { labels: { reason: "other" }, value: 2 },
    ]);
  });

  it("never has more than 64 combinations, and loses no count", () => {
    const counter = new Counter(["code"]);
    for (let i = 0; i < 1000; i += 1) counter.add({ code: `CODE_${i}` }, 1);
    const samples = counter.samples();
    expect(samples).toHaveLength(64);
    expect(samples.reduce((sum, { value }) => sum + value, 0)).toBe(1000);
    expect(samples.at(-1)).toEqual({ labels: { code: "other" }, value: 937 });
  });
});

describe("a histogram", () => {
  it("counts a value in every bucket whose bound is not below it", () => {
    const histogram = new Histogram([0.25, 0.5]);
    for (const value of [0.125, 0.25, 0.375, 4]) histogram.observe(value);
    expect(histogram.samples()).toEqual([
      { suffix: "_bucket", labels: { le: "0.25" }, value: 2 },
      { suffix: "_bucket", labels: { le: "0.5" }, value: 3 },
      { suffix: "_bucket", labels: { le: "+Inf" }, value: 4 },
      { suffix: "_sum", labels: {}, value: 4.75 },
      { suffix: "_count", labels: {}, value: 4 },
    ]);
  });
});
