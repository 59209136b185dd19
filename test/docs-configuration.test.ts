/**
 * Holds docs/configuration.md and docs/errors.md together with the settings and the problem codes. The tables of
 * configuration.md are rendered here: `vitest run --project unit test/docs-configuration.test.ts --update` writes them anew.
 */
import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { IGNORED, LEFT_OUT, REFUSED, REQUIRED_ON } from "../packages/sidecar/src/config/kube-vip-environment.ts";
import { loadConfig } from "../packages/sidecar/src/config/load.ts";
import { SEVERITIES } from "../packages/sidecar/src/config/problem.ts";
import type { Setting } from "../packages/sidecar/src/config/setting.ts";
import { ALL_SETTINGS } from "../packages/sidecar/src/config/settings.ts";
import { table, withTables } from "./page-tables.ts";

const PAGE = new URL("../docs/configuration.md", import.meta.url);
const page = readFileSync(PAGE, "utf8");
const errorsPage = readFileSync(new URL("../docs/errors.md", import.meta.url), "utf8");

/** In tables "|" would begin a cell. */
function code(text: string): string {
  return `\`${text.replaceAll("|", "\\|")}\``;
}

function codes(texts: readonly (string | undefined)[]): string {
  return texts.map((text) => (text === undefined ? "" : code(text))).join(", ");
}

function defaultOf({ defaultText }: Setting<unknown>): string {
  if (defaultText === undefined) return "";
  return defaultText.startsWith("<") ? defaultText.slice(1, -1) : code(defaultText);
}

const tables: Readonly<Record<string, string>> = {
  settings: table(
    ["Setting", "Type", "Range", "Default", "client-go", "What it is"],
    ALL_SETTINGS.map((setting) => {
      const { name, kind, clientGo, description } = setting;
      return [code(name), kind.type, kind.range, defaultOf(setting), clientGo ?? "", description];
    }),
  ),
  names: table(
    ["Setting", "Flag", "Environment", "kube-vip's environment", "vcluster.yaml"],
    ALL_SETTINGS.map(({ name, flag, env, kubeVipEnv, keys }) => {
      return [code(name), codes([flag]), codes([env]), codes(kubeVipEnv), codes(keys)];
    }),
  ),
  "kube-vip": table(
    ["Name", "Here"],
    [
      ...ALL_SETTINGS.flatMap(({ name, kubeVipEnv }) =>
        kubeVipEnv.map((variable) => [code(variable), `the setting ${code(name)}`]),
      ),
      ...Object.entries(REQUIRED_ON).map(([name, reason]) => [code(name), `refused when false: ${reason}`]),
      ...Object.entries(REFUSED).map(([name, reason]) => [code(name), `refused when true: ${reason}`]),
      ...Object.entries(LEFT_OUT).map(([name, { idle, effect }]) => {
        const unless = idle.length === 0 ? "" : ` unless ${idle.map(code).join(" or ")}`;
        return [code(name), `no effect, with a warning${unless}: ${effect}`];
      }),
      [codes(IGNORED), "no effect, without a word: of no meaning here, or done in any case"],
    ],
  ),
};

describe("docs/configuration.md", () => {
  test("has exactly the settings, names and kube-vip variables that the program knows", async () => {
    await expect(withTables(page, tables)).toMatchFileSnapshot(PAGE.pathname);
  });

  test("shows YAML that the program takes as it stands", () => {
    const blocks = [...page.matchAll(/```yaml\n([\s\S]*?)```/g)].map(([, text]) => text ?? "");
    expect(blocks).toHaveLength(2);
    const env = { VCLUSTER_NAME: "my-vc", POD_NAMESPACE: "team-x" };
    const result = loadConfig({
      file: { name: "page.yaml", text: blocks.join("") },
      env,
      flags: {},
      facts: { hostname: "my-vc-0", bootId: "4b3c5a52-6cf5-4b13-a59b-7d2c2a5ae0c1" },
    });
    expect(result).toMatchObject({
      t: "valid",
      problems: [],
      config: { vip: { address: "10.100.0.100" }, lease: { leaseDurationMs: 12_000, renewDeadlineMs: 8000 } },
    });
  });
});

describe("the table of settings", () => {
  test("names everything once", () => {
    for (const names of [
      ALL_SETTINGS.map(({ name }) => name),
      ALL_SETTINGS.flatMap(({ flag }) => flag ?? []),
      ALL_SETTINGS.flatMap(({ env }) => env ?? []),
      ALL_SETTINGS.flatMap(({ keys }) => keys),
      [
        ...ALL_SETTINGS.flatMap(({ kubeVipEnv }) => kubeVipEnv),
        ...Object.keys({ ...REQUIRED_ON, ...REFUSED, ...LEFT_OUT }),
        ...IGNORED,
      ],
    ]) {
      expect(names).toEqual([...new Set(names)]);
    }
  });

  test.each(ALL_SETTINGS.filter(({ defaultText = "<" }) => !defaultText.startsWith("<")))(
    "the default of $name is one that the setting takes",
    ({ kind, defaultText }) => {
      expect(kind.read(defaultText ?? "").t).toBe("valid");
    },
  );
});

test("docs/errors.md explains exactly the problems that there are, with their severity and in their order", () => {
  const section = /\n## Configuration\n([\s\S]*?)(?=\n## |$)/.exec(errorsPage)?.[1] ?? "";
  const rows = [...section.matchAll(/^\| `([A-Z_]+)` \| (error|warning) \| .{10,} \| .{10,} \|$/gm)];
  expect(rows.map(([, name, severity]) => [name, severity])).toEqual(Object.entries(SEVERITIES));
});
