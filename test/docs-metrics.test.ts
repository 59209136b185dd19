/** docs/metrics.md against the code, in both directions: metrics, status, log events; and its table of the alerts. */
import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { parse } from "yaml";
import { logLine } from "../packages/sidecar/src/observe/log-line.ts";
import { METRICS, type MetricDefinition } from "../packages/sidecar/src/observe/metric-names.ts";
import { status } from "../packages/sidecar/src/observe/status.ts";
import { EVERY_HAPPENING, HOLDER } from "../packages/sidecar/src/observe/testing/samples.ts";
import { rowsOf } from "./page-rows.ts";

const PAGE = readFileSync(new URL("../docs/metrics.md", import.meta.url), "utf8");
const ALERTS = readFileSync(new URL("../charts/vcluster-kube-vip/files/alerts.yaml", import.meta.url), "utf8");

interface Rule {
  readonly alert: string;
  readonly labels: { readonly severity: string };
  readonly for?: string;
}

function keysOf(value: object): readonly string[] {
  return Object.entries(value).flatMap(([key, inner]: [string, unknown]) =>
    typeof inner === "object" && inner !== null && !Array.isArray(inner)
      ? keysOf(inner).map((rest) => `${key}.${rest}`)
      : [key],
  );
}

describe("docs/metrics.md", () => {
  it("lists every metric with its type, labels and help, in the order of the page, and no other", () => {
    const documented = rowsOf(PAGE, "metric").map((row) => row.slice(0, 4));
    const defined = Object.values<MetricDefinition>(METRICS).map(({ name, type, labels, help }) => [
      name,
      type,
      labels.length === 0 ? "—" : labels.join(", "),
      help,
    ]);
    expect(documented).toEqual(defined);
  });

  it("has a hint or a dash for each metric", () => {
    expect(rowsOf(PAGE, "metric").filter((row) => row.length !== 5 || row[4] === "")).toEqual([]);
  });

  it("lists every alert with its severity and how long it waits, in their order, and no other", () => {
    const rules = parse(ALERTS) as { groups: readonly { rules: readonly Rule[] }[] };
    const defined = rules.groups.flatMap((group) =>
      group.rules.map(({ alert, labels, for: after = "at once" }) => [alert, labels.severity, after]),
    );
    expect(rowsOf(PAGE, "alert").map((row) => row.slice(0, 3))).toEqual(defined);
  });

  it("shows a status with exactly the keys that there are", () => {
    const [, json = ""] = /```json\n([^`]*)```/.exec(PAGE) ?? [];
    const shown = JSON.parse(json) as object;
    const made = status({ version: "", time: "", snapshot: HOLDER, moves: [], troubles: [] });
    expect(keysOf(shown)).toEqual(keysOf(made));
  });

  it("lists every event of the log with its level, and no other", () => {
    const documented = rowsOf(PAGE, "event").map(([event, level = ""]) => `${event} ${level.split(";")[0]}`);
    const logged = EVERY_HAPPENING.map(logLine).map(({ level, fields }) => `${fields.event} ${level}`);
    expect(documented.toSorted()).toEqual(logged.toSorted());
  });
});
