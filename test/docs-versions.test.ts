// The documentation names the image and the tarball by the version that there is.
import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { VERSION } from "../packages/sidecar/src/version.ts";

const pages = execFileSync("git", ["ls-files", "README.md", "docs/*.md"], { encoding: "utf8" }).trim().split("\n");

test.each(pages)("%s names no other version than this one's", (page) => {
  const named = [...readFileSync(page, "utf8").matchAll(/vcluster-kube-vip[:-](\d+\.\d+\.\d+)/g)];
  expect(named.map(([, version]) => version).filter((version) => version !== VERSION)).toEqual([]);
});

test("the README's commands name one", () => {
  expect(readFileSync("README.md", "utf8")).toContain(`--image REGISTRY/vcluster-kube-vip:${VERSION} > vip.yaml`);
});
