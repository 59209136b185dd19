import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { bundle } from "./build.ts";
import manifest from "./package.json" with { type: "json" };

const folder = mkdtempSync(join(tmpdir(), "bundle-"));
const file = join(folder, "vcluster-kube-vip.mjs");
beforeAll(() => bundle(join(import.meta.dirname, "src", "main.ts"), file));
afterAll(() => rmSync(folder, { recursive: true }));

test("the bundle runs by itself, alone in a folder, with the flags of its first line", () => {
  const { stdout, status } = spawnSync(process.execPath, ["--lite-mode", file, "--help"], {
    encoding: "utf8",
    cwd: folder,
  });
  expect(status).toBe(0);
  expect(stdout).toContain("vcluster-kube-vip");
  expect(readFileSync(file, "utf8")).toMatch(/^#!\/usr\/bin\/env -S node --lite-mode /);
});

test("a packed tarball asks no registry for anything: what the program needs is in the bundle", () => {
  expect(Object.keys(manifest)).not.toContain("dependencies");
  expect(manifest).toMatchObject({ files: ["dist"], scripts: { prepack: "node build.ts" } });
});

test("it carries neither undici nor the generated API classes", () => {
  const text = readFileSync(file, "utf8");
  expect(text).toContain("KubeConfig");
  expect(text).not.toContain("WebAssembly");
  expect(text).not.toContain("V1ReplicaSet");
  expect(statSync(file).size).toBeLessThan(1_100_000);
});

test("what it imports of Node loads no undici, as an import of node:http does", async () => {
  const lock = join(folder, "lock.mjs");
  await bundle(join(import.meta.dirname, "src", "adapters", "kube-api", "kube-lease-lock.ts"), lock);
  const undiciLoadedBy = (module: string): boolean => {
    const program = `await import(${JSON.stringify(module)}); console.log(process.moduleLoadList.join("\\n"))`;
    const { stdout } = spawnSync(process.execPath, ["--input-type=module", "-e", program], { encoding: "utf8" });
    expect(stdout).toContain("NativeModule http");
    return stdout.includes("NativeModule internal/deps/undici/undici");
  };
  expect([undiciLoadedBy(lock), undiciLoadedBy("node:http")]).toEqual([false, true]);
});
