import fc from "fast-check";
import { expect, test } from "vitest";
import { type Measured, measure, mostly } from "./measured.ts";

function of(samples: readonly number[]): Measured {
  return samples.reduce<Measured>(measure, []);
}

test("nothing measured is nothing late", () => {
  expect(mostly([])).toBe(0);
});

test("one late timer of many changes nothing, one in ten does", () => {
  const quick = Array.from({ length: 60 }, () => 2);
  expect(mostly(of([...quick, 900]))).toBe(2);
  expect(mostly(of([...quick.slice(0, 54), ...Array.from({ length: 6 }, () => 90)]))).toBe(90);
});

test("what was long ago is forgotten", () => {
  expect(mostly(of([...Array.from({ length: 64 }, () => 500), ...Array.from({ length: 64 }, () => 1)]))).toBe(1);
});

test("it is one of the last 64 measurements, and at least 95 of 100 are no greater", () => {
  fc.assert(
    fc.property(fc.array(fc.nat(10_000), { minLength: 1, maxLength: 200 }), (samples) => {
      const last = samples.slice(-64);
      const most = mostly(of(samples));
      expect(last).toContain(most);
      expect(last.filter((sample) => sample <= most).length).toBeGreaterThanOrEqual(last.length * 0.95);
    }),
  );
});
