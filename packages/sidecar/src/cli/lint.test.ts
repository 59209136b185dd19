/** The command as a user runs it: files, standard input, exit status. */
import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { afterAll, expect, test, vi } from "vitest";

const MAIN = resolve(import.meta.dirname, "../main.ts");
const folder = mkdtempSync(join(tmpdir(), "lint-"));
afterAll(() => rmSync(folder, { recursive: true }));
// Each run is a process that loads everything from its sources.
vi.setConfig({ testTimeout: 30_000 });

const PAGE = `privateNodes:
  enabled: true
controlPlane:
  endpoint: 10.100.0.100:8443
  statefulSet:
    annotations:
      k8s.v1.cni.cncf.io/networks: a/b
  advanced:
    kubeVip: {enabled: true, interface: net1, gateway: 10.100.0.1/24}
`;
writeFileSync(join(folder, "vcluster.yaml"), PAGE);
writeFileSync(
  join(folder, "right.yaml"),
  PAGE.replace("    annotations:\n      k8s", "    pods:\n      annotations:\n        k8s"),
);
writeFileSync(join(folder, "other.yaml"), "controlPlane: {endpoint: '10.9.0.1:8443'}\n");
writeFileSync(join(folder, "broken.yaml"), "a: [\n");

function run(args: readonly string[], input = "") {
  const { status, stdout, stderr } = spawnSync(process.execPath, [MAIN, "lint", ...args], {
    cwd: folder,
    input,
    encoding: "utf8",
  });
  return { status, stdout, stderr };
}

test("errors are status 1, and their text is a patch that cures them", () => {
  const { status, stdout } = run(["-f", "vcluster.yaml"]);
  expect(status).toBe(1);
  expect(stdout).toContain("vcluster.yaml:7:7: error NETWORKS_ON_STATEFULSET: ");
  const copy = mkdtempSync(join(folder, "copy-"));
  writeFileSync(join(copy, "vcluster.yaml"), PAGE);
  expect(spawnSync("patch", ["-p1"], { cwd: copy, input: stdout, encoding: "utf8" }).status).toBe(0);
  expect(run(["-f", join(copy, "vcluster.yaml")]).status).toBe(0);
});

test("warnings are status 0, and a later file may make them errors", () => {
  expect(run(["-f", "right.yaml"]).status).toBe(0);
  const { status, stdout } = run(["-f", "right.yaml", "-f", "other.yaml"]);
  expect(status).toBe(1);
  expect(stdout).toContain("other.yaml:1:26: error VIP_OUTSIDE_SUBNET: ");
});

test("standard input is a file called stdin", () => {
  const { status, stdout } = run(["--values", "-", "--format", "json"], PAGE);
  expect([status, JSON.parse(stdout).findings[0].file]).toEqual([1, "stdin"]);
});

test("a chart from before sidecars is an error of its own", () => {
  const { status, stdout } = run(["-f", "right.yaml", "--chart-version", "0.29"]);
  expect([status, stdout]).toEqual([
    1,
    expect.stringContaining("CHART_TOO_OLD: --chart-version: expected a vCluster chart of"),
  ]);
});

test.each([
  [["-f", "broken.yaml"], /YAML_SYNTAX/],
  [["-f", "missing.yaml"], /expected a readable file, but ENOENT.*missing.yaml.*: name a vcluster.yaml/],
  [["-f", "-", "-f", "-"], /expected - once/],
  [["-f", "right.yaml", "--chart-version", "new"], /expected a version, as in 0.34/],
  [["-f", "right.yaml", "--format", "xml"], /Allowed choices are text, json, sarif, github/],
  [[], /required option '-f, --values <file>'/],
])("%j cannot be judged: status 2", (args, reason) => {
  const { status, stdout, stderr } = run(args);
  expect([status, stdout + stderr]).toEqual([2, expect.stringMatching(reason)]);
});
