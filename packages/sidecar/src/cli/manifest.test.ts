/** The command as a user runs it: flags, files, exit status. */
import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { afterAll, expect, test, vi } from "vitest";
import { parse } from "yaml";

const MAIN = resolve(import.meta.dirname, "../main.ts");
const folder = mkdtempSync(join(tmpdir(), "manifest-"));
afterAll(() => rmSync(folder, { recursive: true }));
// Each run is a process that loads everything from its sources.
vi.setConfig({ testTimeout: 120_000 });

writeFileSync(join(folder, "all.yml"), "loadbalancer_apiserver: {address: 10.0.0.9, port: 6443}\n");

function run(args: readonly string[], input = "") {
  const argv = [MAIN, "manifest", "pod", ...args];
  const { status, stdout, stderr } = spawnSync(process.execPath, argv, { cwd: folder, input, encoding: "utf8" });
  return { status, stdout, stderr };
}

test("flags, a file and standard input make one pod, and what was done with them is said beside it", () => {
  const args = ["--from-kubespray", "all.yml", "--from-kubespray", "-", "--image", "r/v:1", "--lease-name", "a/b"];
  const { status, stdout, stderr } = run(args, "kube_vip_interface: eth0\n");
  expect(status).toBe(0);
  const [container] = parse(stdout).spec.containers;
  expect(container.image).toBe("r/v:1");
  expect(container.env).toContainEqual({ name: "VCLUSTER_KUBE_VIP_LEASE_NAME", value: "a/b" });
  expect(stderr).toContain("stdin:1:1: note: kube_vip_interface: taken as --interface eth0\n");
});

test.each([
  [["--interface", "eth0"], /^error ENDPOINT_MISSING: --address: /],
  [["--from-kubespray", "missing.yml"], /^--from-kubespray: expected a readable file, but ENOENT.*group_vars/],
  [["--address", "10.0.0.9", "--interface", "eth0", "--limits", "much"], /^--limits: expected amounts/],
  [["--adress", "10.0.0.9"], /unknown option '--adress'/],
])("%j is status 2, and nothing that could be taken for a manifest is printed", (args, sentence) => {
  const { status, stdout, stderr } = run(args);
  expect([status, stdout]).toEqual([2, ""]);
  expect(stderr).toMatch(sentence);
});
