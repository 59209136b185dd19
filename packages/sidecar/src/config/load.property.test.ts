import fc from "fast-check";
import { expect, test } from "vitest";
import { stringify } from "yaml";
import type { Config } from "./config.ts";
import { type ConfigInput, loadConfig } from "./load.ts";
import { formatProblem } from "./problem.ts";
import { ALL_SETTINGS } from "./settings.ts";

const FACTS = { hostname: "node-1", bootId: "4b3c5a52-6cf5-4b13-a59b-7d2c2a5ae0c1" };

/** Pieces that YAML gives a meaning to, so that arbitrary text gets beyond the first character. */
const yamlish = fc
  .array(
    fc.constantFrom(
      ..."controlPlane: |endpoint: |advanced: |kubeVip:|global:|interface: net1|\n|\n  |\n    |- |? |&a |*a |!!str |{|}|[|]|,|'|\"|\t|#|>|%|---\n|10.100.0.100:8443|\u0000|\uFFFD|é".split(
        "|",
      ),
      "|",
    ),
    { maxLength: 60 },
  )
  .map((pieces) => pieces.join(""));

/** Values near the border between right and wrong. */
const value = fc.oneof(
  fc.constantFrom(
    "10.100.0.100:8443",
    "10.100.0.1/24",
    "[fd00::64]:8443",
    "fd00::1/64",
    "net1",
    "10.100.0.1",
    "true",
    ":2112",
  ),
  fc.constantFrom("10.100.0.255:8443", "10.100.0.100/31", "3", "0", "60", "1.5", "254", "kube-system/a", "/x", "", " "),
  fc.string({ maxLength: 20 }),
  fc.integer({ min: -2, max: 70 }).map(String),
  fc.ipV4(),
  fc.ipV6(),
);

const names = ALL_SETTINGS.flatMap(({ env, kubeVipEnv }) => (env === undefined ? kubeVipEnv : [env, ...kubeVipEnv]));
const env = fc.dictionary(fc.oneof(fc.constantFrom(...names), fc.string({ maxLength: 12 })), value, { maxKeys: 12 });
const flags = fc.dictionary(fc.constantFrom(...ALL_SETTINGS.map(({ name }) => name)), value, { maxKeys: 8 });

/** A tree in which known keys hold plausible values, nonsense, or other trees. */
const anything = fc.oneof(value, fc.anything({ maxDepth: 2 }));
const section = fc.dictionary(fc.constantFrom(...ALL_SETTINGS.map(({ name }) => name)), anything, { maxKeys: 6 });
const block = fc.record({ enabled: anything, interface: anything, gateway: anything }, { requiredKeys: [] });
const tree = fc.record(
  {
    controlPlane: fc.oneof(
      anything,
      fc.record({
        endpoint: anything,
        advanced: fc.oneof(anything, fc.record({ kubeVip: fc.oneof(anything, block) })),
      }),
    ),
    global: fc.oneof(anything, fc.record({ kubeVip: fc.oneof(anything, section) })),
  },
  { requiredKeys: [] },
);

/** True of every answer, whatever was asked. */
function check(input: Pick<ConfigInput, "file" | "env" | "flags">): Config | undefined {
  const result = loadConfig({ ...input, facts: FACTS });
  for (const problem of result.problems) {
    expect(formatProblem(problem)).not.toMatch(/[\p{Cc}]/u);
    expect(problem.message).toMatch(/^expected .+: .+/);
  }
  const hasError = result.problems.some(({ severity }) => severity === "error");
  expect(hasError).toBe(result.t !== "valid");
  return result.t === "valid" ? result.config : undefined;
}

function text(content: string): Pick<ConfigInput, "file" | "env" | "flags"> {
  return { file: { name: "config.yaml", text: content }, env: {}, flags: {} };
}

test("any text is answered, not thrown at", () => {
  fc.assert(
    fc.property(
      fc.oneof(fc.string({ unit: "binary", maxLength: 200 }), yamlish),
      (content) => void check(text(content)),
    ),
    {
      numRuns: 1000,
    },
  );
});

test("any YAML tree is answered, not thrown at", () => {
  fc.assert(
    fc.property(tree, (content) => {
      const written = tryStringify(content);
      if (written !== undefined) check(text(written));
    }),
    { numRuns: 500 },
  );
});

test("any environment and any flags are answered, not thrown at", () => {
  fc.assert(
    fc.property(flags, env, (given, environment) => void check({ file: undefined, env: environment, flags: given })),
    {
      numRuns: 500,
    },
  );
});

const USUAL = { endpoint: "10.100.0.100:8443", interface: "net1", gateway: "10.100.0.1/24" };

test("times are taken exactly where all their relations hold", () => {
  const tenths = fc.integer({ min: 5, max: 250 });
  fc.assert(
    fc.property(
      fc.integer({ min: 3, max: 60 }),
      tenths,
      tenths,
      fc.constantFrom(0, 1),
      (lease, renew, retry, resolution) => {
        const config = check({
          file: undefined,
          env: {},
          flags: {
            ...USUAL,
            leaseDurationSeconds: String(lease),
            renewDeadlineSeconds: String(renew / 10),
            retryPeriodSeconds: String(retry / 10),
            recordResolutionSeconds: String(resolution),
          },
        });
        const heldSeconds = ((lease - resolution) * 0.98) / 1.02 - 0.05;
        const lastsSeconds = Math.floor(heldSeconds + 0.05 - 1.25);
        const lasts = lastsSeconds >= 1 && lastsSeconds >= (1.2 * retry) / 10;
        const fits =
          lease > renew / 10 && renew > 1.2 * retry && heldSeconds >= (1.2 * retry + renew / 3) / 10 && lasts;
        expect(config !== undefined).toBe(fits);
      },
    ),
    { numRuns: 2000 },
  );
});

test("a VIP is taken exactly where it is a free host address of the gateway's subnet", () => {
  const last = fc.integer({ min: 0, max: 15 });
  fc.assert(
    fc.property(last, last, fc.integer({ min: 28, max: 32 }), (vip, router, length) => {
      const endpoint = `10.100.0.${vip}:8443`;
      const config = check({
        file: undefined,
        env: {},
        flags: { ...USUAL, endpoint, gateway: `10.100.0.${router}/${length}` },
      });
      const size = 2 ** (32 - length);
      const isHost = (address: number) => size <= 2 || (address % size !== 0 && address % size !== size - 1);
      const isInSubnet = Math.floor(vip / size) === Math.floor(router / size);
      expect(config !== undefined).toBe(isInSubnet && isHost(vip) && isHost(router) && vip !== router);
    }),
    { numRuns: 1000 },
  );
});

/** The library refuses some of what fast-check thinks of (symbols, functions, cycles); a file cannot hold that either. */
function tryStringify(content: unknown): string | undefined {
  try {
    return stringify(content);
  } catch {
    return undefined;
  }
}
