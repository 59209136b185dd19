// Every code that the program can say at work is explained in docs/errors.md, and nothing else is.
import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { expect, it } from "vitest";

const SOURCES = [
  "packages/raw-socket/src/raw-socket-error.ts",
  "packages/routing/src/routing-error.ts",
  "packages/sidecar/src/adapters",
  "packages/sidecar/src/cli",
  "packages/sidecar/src/supervisor",
];
/** Node's and the system's own names, which have the same shape. */
const NOT_OURS = /^(ERR_|UNABLE_TO_|SELF_SIGNED|DEPTH_ZERO|CERT_|POD_|RES_OPTIONS$|VCLUSTER_NAME$)/;

function codesInSource(): ReadonlySet<string> {
  const argv = ["ls-files", "--cached", "--others", "--exclude-standard", ...SOURCES];
  const files = execFileSync("git", argv, { encoding: "utf8" }).split("\n");
  const texts = files
    .filter((file) => file.endsWith(".ts") && !file.endsWith(".test.ts") && !file.endsWith("adapters/settings.ts"))
    .map((file) => readFileSync(file, "utf8"));
  return new Set(texts.flatMap(codesIn).filter((code) => !NOT_OURS.test(code)));
}

function codesIn(text: string): readonly string[] {
  return [...text.matchAll(/"([A-Z]+(?:_[A-Z]+)+)"/g)].map(([, code = ""]) => code);
}

it("explains in docs/errors.md every code that is said at work, and no other", () => {
  const [, atWork = ""] = readFileSync("docs/errors.md", "utf8").split("## At work");
  const rows = atWork.split("\n").filter((line) => line.startsWith("| `"));
  const explained = rows.flatMap((row) =>
    [...(row.split("|")[1] ?? "").matchAll(/`([A-Z_]+)`/g)].map(([, c = ""]) => c),
  );
  expect(explained.toSorted()).toEqual([...codesInSource()].toSorted());
});
