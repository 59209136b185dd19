// `pnpm vcluster-kube-vip …` in a clone: pnpm runs it in the clone's folder, and says in INIT_CWD where the caller stands.
import { spawnSync } from "node:child_process";
import { cpSync, mkdtempSync, readFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { expect, test } from "vitest";
import workspace from "../package.json" with { type: "json" };

const ROOT = join(import.meta.dirname, "..");
const STATIC_OVERLAY = readFileSync(join(ROOT, "charts/vcluster-kube-vip/files/vip.yaml"), "utf8");

/** The program from its sources takes a second; on a busy machine several. */
const SLOW = { timeout: 30_000 };

function overlayCalledFrom(folder: string | undefined): ReturnType<typeof spawnSync> {
  const argv = ["-c", `${workspace.scripts["vcluster-kube-vip"]} "$@"`, "sh", "overlay", "-f", "mine.yaml"];
  const path = `${dirname(process.execPath)}:${process.env["PATH"]}`;
  const env = { ...process.env, PATH: path, INIT_CWD: folder };
  return spawnSync("sh", argv, { cwd: ROOT, encoding: "utf8", env });
}

test(
  "the files of its command line are those of the caller's folder, and only the overlay is on standard output",
  SLOW,
  () => {
    const folder = mkdtempSync(join(tmpdir(), "caller-"));
    cpSync(join(ROOT, "test/fixtures/config/page.yaml"), join(folder, "mine.yaml"));
    const { status, stdout } = overlayCalledFrom(folder);
    expect(status).toBe(0);
    expect(stdout).toContain(STATIC_OVERLAY.slice(STATIC_OVERLAY.indexOf("    sidecarContainers:")));
  },
);

test("without pnpm they are those of the folder it is run in, and the exit status is the program's", SLOW, () => {
  expect(overlayCalledFrom(undefined)).toMatchObject({ status: 2, stdout: "" });
});
