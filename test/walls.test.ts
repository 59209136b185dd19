// The core's walls: a lint rule refuses imports and globals, this file shows that it can, and finds what it cannot.
import { execFileSync, spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join, resolve } from "node:path";
import { describe, expect, it } from "vitest";

const CORE = [
  "packages/sidecar/src/election",
  "packages/sidecar/src/quorum",
  "packages/sidecar/src/vip",
  "packages/sidecar/src/announce",
  "packages/sidecar/src/config",
  "packages/sidecar/src/observe",
  "packages/sidecar/src/health",
  "packages/sidecar/src/transfer",
  "packages/sidecar/src/lint",
  "packages/sidecar/src/overlay",
  "packages/sidecar/src/manifest",
  "packages/routing/src/values",
];

const biome = resolve("node_modules/.bin/biome");

/** What the linter, with the project's own rules, says about a text that lies at `path` of another folder. */
function lint(path: string, text: string): readonly string[] {
  const root = mkdtempSync(join(tmpdir(), "walls-"));
  try {
    const rules: object = JSON.parse(readFileSync("biome.json", "utf8"));
    writeFileSync(join(root, "biome.json"), JSON.stringify({ ...rules, vcs: { enabled: false } }));
    mkdirSync(join(root, dirname(path)), { recursive: true });
    writeFileSync(join(root, path), text);
    const argv = ["lint", "--max-diagnostics=100", "--reporter=github", path];
    const { stdout } = spawnSync(biome, argv, { cwd: root, encoding: "utf8" });
    return stdout.split("\n").filter((line) => line.startsWith("::error"));
  } finally {
    rmSync(root, { recursive: true });
  }
}

describe("the wall around the core", () => {
  const impure = readFileSync("test/fixtures/walls/impure-core.ts.txt", "utf8");

  it.each(CORE)("refuses adapters, node modules, clocks and timers in %s", (folder) => {
    const errors = lint(`${folder}/impure.ts`, impure);
    expect(errors.filter((error) => error.includes("noRestrictedImports"))).toHaveLength(4);
    expect(errors.filter((error) => error.includes("noRestrictedGlobals"))).toHaveLength(7);
  });

  it("lets adapters do all of it", () => {
    const errors = lint("packages/sidecar/src/adapters/impure.ts", impure);
    expect(errors.filter((error) => error.includes("noRestricted"))).toEqual([]);
  });

  it("has no randomness behind it", () => {
    const files = execFileSync("git", ["ls-files", "--cached", "--others", "--exclude-standard", ...CORE], {
      encoding: "utf8",
    });
    const guilty = files
      .split("\n")
      .filter((file) => file.endsWith(".ts") && !file.endsWith(".test.ts"))
      .filter((file) => /Math\.random|getRandomValues/.test(readFileSync(file, "utf8")));
    expect(guilty).toEqual([]);
  });
});
