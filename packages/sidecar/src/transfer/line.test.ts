import fc from "fast-check";
import { expect, test } from "vitest";
import { formatOutcome, formatRequest, parseOutcome, parseRequest, REQUEST_LENGTH_MAX } from "./line.ts";
import type { TransferOutcome } from "./outcome.ts";

const texts = fc.string({ minLength: 1, maxLength: 100 });
const outcomes: fc.Arbitrary<TransferOutcome> = fc.oneof(
  fc.record({
    t: fc.constant("moved" as const),
    to: texts,
    tookMs: fc.integer({ min: 0, max: 10_000 }),
    acknowledged: fc.option(texts),
  }),
  fc.record({ t: fc.constantFrom("stayed" as const, "unsettled" as const), reason: texts }),
  fc.record({ t: fc.constant("elsewhere" as const), holder: fc.option(texts) }),
);

test("a request comes back as it was written, on one line", () => {
  fc.assert(
    fc.property(fc.option(texts, { nil: undefined }), (to) => {
      const line = formatRequest({ to });
      expect(line.indexOf("\n")).toBe(line.length - 1);
      expect(parseRequest(line)).toEqual({ to });
    }),
  );
});

test("an outcome comes back as it was written, on one line", () => {
  fc.assert(
    fc.property(outcomes, (outcome) => {
      const line = formatOutcome(outcome);
      expect(line.indexOf("\n")).toBe(line.length - 1);
      expect(parseOutcome(line)).toEqual(outcome);
    }),
  );
});

test("a whole identity fits into a line", () => {
  const identity = `${"p".repeat(253)}_${"u".repeat(36)}_${"n".repeat(8)}`;
  expect(formatRequest({ to: identity }).length).toBeLessThan(REQUEST_LENGTH_MAX);
  expect(parseRequest(formatRequest({ to: identity }))).toEqual({ to: identity });
});

test.each(["", "{", "null", "[]", '"transfer"', "{}", '{"transfer":null}', '{"transfer":{}}', '{"transfer":{"to":7}}'])(
  "%s is no request",
  (line) => {
    expect(parseRequest(line)).toBeUndefined();
  },
);

test("a name that is none is no request", () => {
  expect(parseRequest(formatRequest({ to: "" }))).toBeUndefined();
  expect(parseRequest(formatRequest({ to: "x".repeat(401) }))).toBeUndefined();
});

test.each(["", "{}", '{"t":"moved"}', '{"t":"moved","to":"b","tookMs":"1","acknowledged":null}', '{"t":"stayed"}'])(
  "%s is no outcome",
  (line) => {
    expect(parseOutcome(line)).toBeUndefined();
  },
);
