/** The command as a user runs it, outside of any pod: what it looks at there is test/kernel/doctor.test.ts's. */
import { spawnSync } from "node:child_process";
import { resolve } from "node:path";
import { expect, test, vi } from "vitest";

const MAIN = resolve(import.meta.dirname, "../main.ts");
// Each run is a process that loads everything from its sources, client-node whole among them.
vi.setConfig({ testTimeout: 120_000 });

function run(args: readonly string[]) {
  const env = { PATH: process.env["PATH"] };
  const { status, stdout, stderr } = spawnSync(process.execPath, [MAIN, "doctor", ...args], { env, encoding: "utf8" });
  return { status, stdout, stderr };
}

/** Nobody listens on port 9, so that a sidecar that runs on this machine is not asked. */
const WITHOUT_SIDECAR = ["--http-port", "9"];

test("with an error in the configuration only what needs none is looked at, and the status is 1", () => {
  const { status, stdout } = run([...WITHOUT_SIDECAR, "--json"]);
  const { findings } = JSON.parse(stdout) as { findings: { check: string; code: string | null }[] };
  expect([...new Set(findings.map(({ check }) => check))]).toEqual(["configuration", "capabilities", "sidecar"]);
  expect(findings.map(({ code }) => code)).toEqual(expect.arrayContaining(["ENDPOINT_MISSING", "SIDECAR_SILENT"]));
  expect(status).toBe(1);
});

test("a command line that cannot be followed is status 2", () => {
  const { status, stdout, stderr } = run(["--cure"]);
  expect([status, stdout, stderr]).toEqual([2, "", expect.stringContaining("unknown option '--cure'")]);
});
