/**
 * Holds what is made of values.yaml and the sidecar's settings: values.schema.json and the tables of the chart's README.
 * `vitest run --project unit test/chart --update` writes them anew. Needs no helm; what helm makes of the chart is test/helm.
 */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { CHART_KEYS, OWN_SECTION } from "../../packages/sidecar/src/config/setting.ts";
import { readmeTables } from "./readme-tables.ts";
import { readValues, type ValueEntry } from "./values-file.ts";
import { OWN_SETTINGS, valuesSchema } from "./values-schema.ts";

const CHART = join(import.meta.dirname, "../../charts/vcluster-kube-vip");
const values = readValues(readFileSync(join(CHART, "values.yaml"), "utf8"));

function leavesOf(entry: ValueEntry): readonly ValueEntry[] {
  return entry.inner.length === 0 ? [entry] : entry.inner.flatMap(leavesOf);
}

describe("values.yaml", () => {
  it("explains every value", () => {
    const silent = values
      .flatMap(leavesOf)
      .filter(({ path, description }) => description === "" && path.at(-1) !== "create");
    expect(silent.map(({ path }) => path.join("."))).toEqual([]);
  });

  it("explains what each switch creates", () => {
    const own = values.find(({ path }) => path.join(".") === "global")?.inner[0]?.inner ?? [];
    const silent = own.filter(({ inner, description }) => inner.length > 0 && description === "");
    expect(silent.map(({ path }) => path.join("."))).toEqual([]);
  });

  it("has the keys under global.kubeVip that the sidecar leaves to it, and none of the sidecar's", () => {
    const own = values.find(({ path }) => path.join(".") === "global")?.inner[0]?.inner ?? [];
    const names = own.map(({ path }) => path.join("."));
    expect(names).toEqual(CHART_KEYS);
    expect(names.filter((name) => OWN_SETTINGS.has(name.slice(OWN_SECTION.length + 1)))).toEqual([]);
  });
});

describe("values.schema.json", () => {
  it("is what values.yaml and the table of settings say", async () => {
    const text = `${JSON.stringify(valuesSchema(values), undefined, 2)}\n`;
    await expect(text).toMatchFileSnapshot(join(CHART, "values.schema.json"));
  });
});

describe("the chart's README", () => {
  it("has the tables that values.yaml and the table of settings say", async () => {
    const path = join(CHART, "README.md");
    let expected = readFileSync(path, "utf8");
    for (const [name, rows] of Object.entries(readmeTables(values))) {
      const [before, rest] = expected.split(`<!-- ${name} -->\n`);
      const after = rest?.split(`<!-- /${name} -->`)[1];
      if (after === undefined) throw new Error(`README.md has no place for ${name}`);
      expected = `${before}<!-- ${name} -->\n\n${rows}\n\n<!-- /${name} -->${after}`;
    }
    await expect(expected).toMatchFileSnapshot(path);
  });
});
