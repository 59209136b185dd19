/** The command as a user runs it: files, standard input, exit status. */
import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { afterAll, expect, test, vi } from "vitest";
import { parse } from "yaml";

const MAIN = resolve(import.meta.dirname, "../main.ts");
const folder = mkdtempSync(join(tmpdir(), "overlay-"));
afterAll(() => rmSync(folder, { recursive: true }));
// Each run is a process that loads everything from its sources.
vi.setConfig({ testTimeout: 60_000 });

writeFileSync(join(folder, "vcluster.yaml"), "controlPlane: {endpoint: '10.100.0.100:8443'}\n");
writeFileSync(join(folder, "broken.yaml"), "a: [\n");
const MORE = "controlPlane: {statefulSet: {sidecarContainers: [{name: mine}]}}\n";

function run(args: readonly string[], input = "") {
  const argv = [MAIN, "overlay", ...args];
  const { status, stdout, stderr } = spawnSync(process.execPath, argv, { cwd: folder, input, encoding: "utf8" });
  return { status, stdout, stderr };
}

test("several files, standard input among them, make one overlay with the flags' image", () => {
  const { status, stdout, stderr } = run(["-f", "vcluster.yaml", "-f", "-", "--image", "r/v:1"], MORE);
  expect([status, stderr]).toEqual([0, ""]);
  const [mine, ours] = parse(stdout).controlPlane.statefulSet.sidecarContainers;
  expect([mine, ours.name, ours.image]).toEqual([{ name: "mine" }, "vcluster-kube-vip", "r/v:1"]);
});

test.each([
  [["-f", "broken.yaml"], /^broken\.yaml:2:1: error YAML_SYNTAX: broken\.yaml: expected YAML, but/],
  [["-f", "missing.yaml"], /^--values: expected a readable file, but ENOENT.*missing\.yaml.*: name a vcluster\.yaml/],
  [["-f", "-", "-f", "-"], /^--values: expected - once/],
  [["-f", "vcluster.yaml", "--limits", "much"], /^--limits: expected amounts/],
  [["-f", "vcluster.yaml", "--image-pull-policy", "Sometimes"], /Allowed choices are Always, IfNotPresent, Never/],
  [[], /required option '-f, --values <file>' not specified/],
])("%j is status 2, and nothing that could be taken for an overlay is printed", (args, sentence) => {
  const { status, stdout, stderr } = run(args);
  expect([status, stdout]).toEqual([2, ""]);
  expect(stderr).toMatch(sentence);
});

test("an empty file is said to be empty, and still has an overlay", () => {
  const { status, stdout, stderr } = run(["-f", "-"]);
  expect([status, stdout.includes("vcluster-kube-vip")]).toEqual([0, true]);
  expect(stderr).toContain("warning FILE_EMPTY");
});
