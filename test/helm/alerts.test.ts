/** The alerts and the dashboard as they are rendered: what Prometheus says of them, and that they ask for what there is. */
import { spawnSync } from "node:child_process";
import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { parse, stringify } from "yaml";
import { METRICS, type MetricDefinition } from "../../packages/sidecar/src/observe/metric-names.ts";
import { CHART, HELM_NAMES, type HelmName, objects, PAGE } from "./chart.ts";

interface Rule {
  readonly alert: string;
  readonly expr: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly annotations: Readonly<Record<string, string>>;
}

interface Rules {
  readonly groups: readonly { readonly name: string; readonly rules: readonly Rule[] }[];
}

interface UnitTest {
  readonly alert_rule_test: readonly { readonly alertname: string; readonly exp_alerts: readonly object[] }[];
}

const UNIT_TESTS = join(import.meta.dirname, "alerts.yaml");
/** promtool is quick; a machine that is busy elsewhere may need seconds. */
const PROMTOOL_MAX_MS = 30_000;

function rendered(helm: HelmName, kubeVip: object = {}): Rules {
  const values = { global: { kubeVip: { prometheusRule: { create: true }, ...kubeVip } } };
  return objects({ helm, files: [PAGE], values }).get("PrometheusRule")?.spec as Rules;
}

/** What promtool says of these rules, where it is to find them as alerts.rules.yaml. */
function promtool(rules: Rules, argvOf: (rules: string, tests: string) => readonly string[]) {
  const folder = mkdtempSync(join(tmpdir(), "alerts-"));
  try {
    const [file, tests] = [join(folder, "alerts.rules.yaml"), join(folder, "alerts.yaml")];
    writeFileSync(file, stringify(rules));
    cpSync(UNIT_TESTS, tests);
    const { status, stdout, stderr } = spawnSync("promtool", argvOf(file, tests), {
      encoding: "utf8",
      timeout: PROMTOOL_MAX_MS,
    });
    return { status, said: stdout + stderr };
  } finally {
    rmSync(folder, { recursive: true });
  }
}

/** promtool compares all annotations; the long ones would be in the file twice. */
function withSummaryOnly({ groups }: Rules): Rules {
  const shortened = ({ annotations: { summary = "" }, ...rule }: Rule) => ({ ...rule, annotations: { summary } });
  return { groups: groups.map((group) => ({ ...group, rules: group.rules.map(shortened) })) };
}

/** The names, with the labels that are asked for and those that are grouped by. */
function metricsIn(expr: string): readonly { readonly name: string; readonly labels: readonly string[] }[] {
  return [...expr.matchAll(/(vcluster_kube_vip_\w+)(?:\{([^}]*)\})?/g)].map(([, name = "", matchers = ""]) => ({
    name,
    labels: [...matchers.matchAll(/(\w+)\s*(?:=|!=|=~|!~)"/g)].map(([, label = ""]) => label),
  }));
}

/** What a scrape adds to each sample: the PodMonitor's and Prometheus' own. */
const SCRAPED = ["namespace", "release", "pod"];

/** Undefined where the metric is exposed with these labels, else what is wrong. */
function complaint({
  name,
  labels,
}: {
  readonly name: string;
  readonly labels: readonly string[];
}): string | undefined {
  const metric = Object.values<MetricDefinition>(METRICS).find(
    (candidate) =>
      candidate.name === (candidate.type === "histogram" ? name.replace(/_(bucket|sum|count)$/, "") : name),
  );
  if (metric === undefined) return `${name} is no metric`;
  const strange = labels.filter((label) => ![...SCRAPED, ...metric.labels].includes(label));
  return strange.length === 0 ? undefined : `${name} has no label ${strange.join(", ")}`;
}

describe.each(HELM_NAMES)("the alerts, by %s", (helm) => {
  const rules = rendered(helm);
  const alerts = rules.groups.flatMap((group) => group.rules);

  it("are rules that Prometheus takes", () => {
    const { status, said } = promtool(rules, (file) => ["check", "rules", file]);
    expect(said).toContain(`SUCCESS: ${alerts.length} rules found`);
    expect(status).toBe(0);
  });

  it("fire when they are to, and not otherwise (test/helm/alerts.yaml)", () => {
    const { status, said } = promtool(withSummaryOnly(rules), (_, tests) => ["test", "rules", tests]);
    expect(said).toContain("SUCCESS");
    expect(status).toBe(0);
  });

  it("are all of one virtual cluster, with nothing left to fill in", () => {
    expect(stringify(rules)).not.toMatch(/\$(namespace|release|fenceLevel)/);
    for (const { expr } of alerts) {
      for (const { name, labels } of metricsIn(expr))
        expect([name, ...labels]).toEqual(expect.arrayContaining(SCRAPED.slice(0, 2)));
      expect(expr).toContain('namespace="team-x", release="my-vc"');
    }
  });

  it("ask for metrics and labels that there are", () => {
    expect(alerts.flatMap(({ expr }) => metricsIn(expr)).flatMap((metric) => complaint(metric) ?? [])).toEqual([]);
  });

  it("each say how bad it is, what it is, what it means and what to do", () => {
    for (const { labels, annotations } of alerts) {
      expect(["critical", "warning"]).toContain(labels["severity"]);
      expect(Object.keys(annotations).toSorted()).toEqual(["description", "runbook", "summary"]);
      expect(Object.values(annotations).filter((text) => text.length < 20)).toEqual([]);
    }
  });

  it("are silent about a fence level that was chosen", () => {
    const fence = rendered(helm, { fenceLevel: "nft-arp" }).groups[0]?.rules.find(
      ({ alert }) => alert === "VipFenceWeak",
    );
    expect(fence?.expr).toContain('level!="nft-arp"');
  });
});

it("each alert has a test in which it fires and one in which it does not", () => {
  const { tests } = parse(readFileSync(UNIT_TESTS, "utf8")) as { tests: readonly UnitTest[] };
  const expected = tests.flatMap((test) => test.alert_rule_test);
  const names = (isFiring: boolean) =>
    new Set(expected.filter(({ exp_alerts }) => exp_alerts.length > 0 === isFiring).map(({ alertname }) => alertname));
  const file = parse(readFileSync(join(CHART, "files/alerts.yaml"), "utf8")) as Rules;
  const alerts = new Set(file.groups.flatMap(({ rules }) => rules.map(({ alert }) => alert)));
  expect(names(true)).toEqual(alerts);
  expect(names(false)).toEqual(alerts);
});

describe("the dashboard", () => {
  interface Panel {
    readonly title: string;
    readonly datasource: { readonly uid: string };
    readonly targets: readonly {
      readonly expr: string;
      readonly legendFormat: string;
      readonly datasource: { readonly uid: string };
    }[];
  }
  interface Variable {
    readonly name: string;
    readonly type: string;
    readonly query: string | { readonly query: string };
    readonly datasource?: { readonly uid: string };
  }
  const { panels, templating } = JSON.parse(readFileSync(join(CHART, "files/dashboard.json"), "utf8")) as {
    panels: readonly Panel[];
    templating: { readonly list: readonly Variable[] };
  };
  const expressions = panels.flatMap(({ targets }) => targets.map(({ expr }) => expr));

  it("asks for metrics and labels that there are, of the chosen virtual cluster only", () => {
    const asked = expressions.flatMap(metricsIn);
    expect(asked.length).toBeGreaterThanOrEqual(panels.length);
    expect(asked.flatMap((metric) => complaint(metric) ?? [])).toEqual([]);
    expect(asked.filter(({ labels }) => !labels.includes("namespace") || !labels.includes("release"))).toEqual([]);
  });

  it("has a variable for all that it asks, and asks the chosen data source for each", () => {
    expect(templating.list.map(({ name, type }) => [name, type])).toEqual([
      ["datasource", "datasource"],
      ["namespace", "query"],
      ["release", "query"],
    ]);
    expect(templating.list[0]?.query).toBe("prometheus");
    const asking = [...panels, ...panels.flatMap(({ targets }) => targets), ...templating.list.slice(1)];
    expect(asking.filter(({ datasource }) => datasource?.uid !== "$" + "{datasource}")).toEqual([]);
  });

  it("speaks PromQL", () => {
    // Grafana's own variables are durations.
    const rules = expressions.map((expr, index) => ({
      record: `panel:${index}`,
      expr: expr.replaceAll(/\$__(rate_interval|range)/g, "5m"),
    }));
    const { status, said } = promtool({ groups: [{ name: "dashboard", rules }] } as unknown as Rules, (file) => [
      "check",
      "rules",
      file,
    ]);
    expect(said).toContain("SUCCESS");
    expect(status).toBe(0);
  });
});
