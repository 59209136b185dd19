import { spawnSync } from "node:child_process";
import { describe, expect, it } from "vitest";
import type { Happening, Snapshot } from "./happening.ts";
import { METRICS } from "./metric-names.ts";
import { Metrics } from "./metrics.ts";
import { EVERY_HAPPENING, HOLDER, NEWCOMER } from "./testing/samples.ts";

function render(happenings: readonly Happening[], snapshot: Snapshot): string {
  const metrics = new Metrics("0.1.0");
  for (const happening of happenings) metrics.record(happening);
  return metrics.render(snapshot);
}

/** Starting promtool takes 50 ms, and seconds where a build has all cores. */
const PROMTOOL_MAX_MS = 25_000;

/** The lines that these happenings add to the page. */
function check(happenings: readonly Happening[], expected: readonly string[]): void {
  const lines = render(happenings, NEWCOMER).split("\n");
  const before = new Set(render([], NEWCOMER).split("\n"));
  expect(lines.filter((line) => !before.has(line) && !line.startsWith("#"))).toEqual(expected);
}

describe("counters", () => {
  it("count each kind of happening", () => {
    check(
      [
        { t: "transition", machine: "link", from: "up", to: "down", reason: "no carrier" },
        { t: "notice", notice: { t: "moves-alarm", moves: 3, windowMs: 180_000 } },
        { t: "trouble", where: "wire", code: "ENETDOWN", message: "" },
        { t: "frames-sent", form: "takeover", count: 4 },
        { t: "conflict", mac: "02:00:00:00:00:07" },
        { t: "restored", what: "a route" },
        { t: "swept", what: "an address" },
      ],
      [
        'vcluster_kube_vip_troubles_total{where="wire",code="ENETDOWN"} 1',
        'vcluster_kube_vip_transitions_total{machine="link",to="down"} 1',
        'vcluster_kube_vip_notices_total{notice="moves-alarm"} 1',
        'vcluster_kube_vip_frames_sent_total{form="takeover"} 4',
        "vcluster_kube_vip_conflicts_total 1",
        "vcluster_kube_vip_restored_total 1",
        "vcluster_kube_vip_swept_total 1",
      ],
    );
  });

  it("name the reason why a hold ended, and only then", () => {
    const ended = (from: string, reason: string): Happening => ({
      t: "transition",
      machine: "election",
      from,
      to: "waiting",
      reason,
    });
    const lines = render([ended("holding", "other-holder"), ended("taking", "take not confirmed: conflict")], HOLDER);
    expect(lines.match(/holds_ended_total\{.*/g)).toEqual(['holds_ended_total{reason="other-holder"} 1']);
  });

  it("leave a watch's length out of the durations of requests", () => {
    const request = { t: "lease-request", outcome: "ok", durationMs: 300_000, endpoint: "127.0.0.1:6443" } as const;
    check([{ ...request, verb: "watch" }], ['vcluster_kube_vip_lease_requests_total{verb="watch",outcome="ok"} 1']);
  });

  it("measure a takeover in seconds", () => {
    const lines = render([{ t: "took", transitions: 1, wonToFirstFrameMs: 2.5 }], HOLDER);
    expect(lines).toContain('\nvcluster_kube_vip_won_to_first_frame_seconds_bucket{le="0.002"} 0\n');
    expect(lines).toContain('\nvcluster_kube_vip_won_to_first_frame_seconds_bucket{le="0.005"} 1\n');
    expect(lines).toContain("\nvcluster_kube_vip_won_to_first_frame_seconds_sum 0.0025\n");
  });
});

describe("gauges", () => {
  it("say what a holder knows", () => {
    const lines = render([], HOLDER);
    expect(lines).toContain("\nvcluster_kube_vip_is_holder 1\n");
    expect(lines).toContain("\nvcluster_kube_vip_deadline_seconds 12.5\n");
    expect(lines).toContain("\nvcluster_kube_vip_lease_transitions 3\n");
    expect(lines).toContain("\nvcluster_kube_vip_acknowledged_neighbours 1\n");
    expect(lines).toContain("\nvcluster_kube_vip_unacknowledged_neighbours 1\n");
  });

  it("say nothing of what is not known", () => {
    const lines = render([], NEWCOMER);
    expect(lines).toContain("\nvcluster_kube_vip_is_holder 0\n");
    expect(lines).not.toMatch(/deadline_seconds|lease_age_seconds|lease_transitions/);
  });

  it("count the problems by severity", () => {
    const lines = render([], NEWCOMER);
    expect(lines).toContain('\nvcluster_kube_vip_config_problems{severity="error"} 1\n');
    expect(lines).toContain('\nvcluster_kube_vip_config_problems{severity="warning"} 1\n');
  });
});

describe("the page of metrics", () => {
  it("has every metric once everything happened and is known", () => {
    const page = render(EVERY_HAPPENING, HOLDER);
    const types = [...page.matchAll(/^# TYPE (\S+) (\S+)$/gm)].map(([, name, type]) => [name, type]);
    expect(types).toEqual(Object.values(METRICS).map(({ name, type }) => [name, type]));
    expect(page.endsWith("\n")).toBe(true);
  });

  it("is read by Prometheus' own parser without complaint", { timeout: 2 * PROMTOOL_MAX_MS }, ({ skip }) => {
    for (const page of [render(EVERY_HAPPENING, HOLDER), render([], NEWCOMER)]) {
      expect(promtool(page, skip)).toEqual({ status: 0, complaints: "" });
    }
  });

  it("is refused by that parser when a metric breaks its rules", { timeout: PROMTOOL_MAX_MS }, ({ skip }) => {
    const wrong = "# TYPE vcluster_kube_vip_wrong counter\nvcluster_kube_vip_wrong 1\n";
    const { status, complaints } = promtool(`${render([], HOLDER)}${wrong}`, skip);
    expect(complaints).toContain('vcluster_kube_vip_wrong counter metrics should have "_total" suffix');
    expect(status).not.toBe(0);
  });
});

function promtool(page: string, skip: (why: string) => never) {
  const run = spawnSync("promtool", ["check", "metrics"], { input: page, encoding: "utf8", timeout: PROMTOOL_MAX_MS });
  if (run.error !== undefined && "code" in run.error && run.error.code === "ENOENT") {
    skip("promtool is missing; install the package prometheus (apt-get install prometheus).");
  }
  return { status: run.status, complaints: run.stdout + run.stderr };
}
