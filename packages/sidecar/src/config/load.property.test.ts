import { networkAddress, prefixContains } from "@vcluster-kube-vip/routing";
import fc from "fast-check";
import { expect, test } from "vitest";
import { stringify } from "yaml";
import { holdDurationMs } from "../election/hold-deadline.ts";
import type { Config } from "./config.ts";
import { type ConfigInput, loadConfig } from "./load.ts";
import { formatProblem } from "./problem.ts";
import { ALL_SETTINGS } from "./settings.ts";
import { RETRY_JITTER } from "./timing.ts";

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

test("a valid configuration keeps every relation, wherever its values come from", () => {
  fc.assert(
    fc.property(flags, env, (given, environment) => {
      const usual = { endpoint: "10.100.0.100:8443", interface: "net1", gateway: "10.100.0.1/24" };
      const config = check({ file: undefined, env: environment, flags: { ...usual, ...given } });
      if (config !== undefined) expectRelations(config);
    }),
    { numRuns: 1000 },
  );
});

function expectRelations({ vip, lease, http }: Config): void {
  expect(lease.leaseDurationMs).toBeGreaterThan(lease.renewDeadlineMs);
  expect(lease.renewDeadlineMs).toBeGreaterThan(RETRY_JITTER * lease.retryPeriodMs);
  expect(holdDurationMs(lease)).toBeGreaterThanOrEqual(RETRY_JITTER * lease.retryPeriodMs + lease.renewDeadlineMs / 3);
  expect(http.addresses).not.toContain(vip.address);
  if (vip.gateway === undefined) return;
  const { address, subnet } = vip.gateway;
  expect(prefixContains(subnet, vip.address)).toBe(true);
  expect(vip.address).not.toBe(address);
  if (!/\/(31|127)$/.test(subnet)) expect(vip.address).not.toBe(networkAddress(subnet));
}

/** The library refuses some of what fast-check thinks of (symbols, functions, cycles); a file cannot hold that either. */
function tryStringify(content: unknown): string | undefined {
  try {
    return stringify(content);
  } catch {
    return undefined;
  }
}
