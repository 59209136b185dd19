import { spawnSync } from "node:child_process";
import { existsSync, rmSync, statSync } from "node:fs";
import { join } from "node:path";
import { afterEach, expect, test } from "vitest";

/** No real architecture, so that the file in use stays as it is. */
const ARCH = `test${process.pid}`;
const OUTPUT = join(import.meta.dirname, "build", `raw_socket-linux-${ARCH}.node`);

afterEach(() => rmSync(OUTPUT, { force: true }));

function build(environment: NodeJS.ProcessEnv): { status: number | null; stderr: string } {
  const argv = [join(import.meta.dirname, "build.ts"), ARCH];
  const { status, stderr } = spawnSync(process.execPath, argv, { env: environment, encoding: "utf8" });
  return { status, stderr };
}

test("the native file is compiled without a warning, and not twice", () => {
  expect(build(process.env)).toEqual({ status: 0, stderr: "" });
  const { mtimeMs } = statSync(OUTPUT);
  expect(build(process.env)).toEqual({ status: 0, stderr: "" });
  expect(statSync(OUTPUT).mtimeMs).toBe(mtimeMs);
});

test("without a compiler one sentence says what to install", () => {
  const { status, stderr } = build({ PATH: "/nowhere" });
  expect(status).toBe(1);
  expect(stderr).toMatch(/^raw-socket: no C compiler found: install one \(Debian: `apt-get install gcc.*\n$/);
});

test("CC names the compiler, with its arguments", () => {
  expect(build({ ...process.env, CC: "no-such-compiler -x" })).toMatchObject({ status: 1 });
  expect(build({ ...process.env, CC: "cc -pipe" })).toEqual({ status: 0, stderr: "" });
  expect(existsSync(OUTPUT)).toBe(true);
});
