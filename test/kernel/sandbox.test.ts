/** The sandbox ends with everything in it, whatever ends it. Here each is made inside the suite's own. */
import { type ChildProcess, spawn } from "node:child_process";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { attempt, run } from "../bed/command.ts";
import { sleep, waitFor } from "../bed/wait.ts";

const SANDBOX = join(import.meta.dirname, "../bed/sandbox.ts");

/** A process that does nothing but run `argv` in a sandbox, as pnpm demo and pnpm test do. */
function outside(...argv: readonly string[]): readonly string[] {
  const program = `import { runInSandbox } from ${JSON.stringify(SANDBOX)};
    process.exitCode = await runInSandbox(${JSON.stringify(argv)});`;
  return [process.execPath, "--input-type=module", "--eval", program];
}

/** Processes of this PID namespace and those in it that are asleep under `marker`, a number of seconds of its own. */
function sleepers(marker: string): number {
  const pids = readdirSync("/proc").filter((name) => /^\d+$/.test(name));
  return pids.map(commandOf).filter((command) => command === `sleep\0${marker}\0`).length;
}

function commandOf(pid: string): string {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, "utf8");
  } catch {
    // It ended after it was listed.
    return "";
  }
}

/** A sandbox whose inside does not listen to signals and has a grandchild of another session. */
async function stubborn(marker: string): Promise<ChildProcess> {
  const script = `trap "" TERM INT HUP; ip netns add left-behind; setsid sleep ${marker} & sleep ${marker}`;
  const [file = "", ...args] = outside("sh", "-c", script);
  const child = spawn(file, args, { stdio: "ignore" });
  onTestFinished(() => void child.kill("SIGKILL"));
  await waitFor("both sleepers are asleep", () => sleepers(marker) === 2 || undefined, { withinMs: 5_000 });
  return child;
}

async function gone(marker: string, withinMs: number): Promise<void> {
  await waitFor("no sleeper is left", () => sleepers(marker) === 0 || undefined, { withinMs });
  expect(await run(["ip", "netns", "list"])).not.toContain("left-behind");
}

test("the inside's exit status is the outside's", async () => {
  expect(await attempt(outside("sh", "-c", "exit 7"))).toMatchObject({ status: 7 });
});

test("a namespace and a temporary file made inside are not there outside", async () => {
  const script = 'ip netns add left-behind && touch "$TMPDIR/left-behind" && ip netns list && echo "$TMPDIR"';
  const inside = (await run(outside("sh", "-c", script))).trim().split("\n");
  expect(inside).toEqual(["left-behind", "/run/tmp"]);
  expect(await run(["ip", "netns", "list"])).not.toContain("left-behind");
  expect(readdirSync("/run/tmp")).not.toContain("left-behind");
});

test("nothing is left when the outside is killed by SIGKILL", async () => {
  const child = await stubborn("4001");
  child.kill("SIGKILL");
  await gone("4001", 2_000);
});

test("an inside that ignores SIGTERM is killed within its grace of 5 s", async () => {
  const child = await stubborn("4002");
  child.kill("SIGTERM");
  await gone("4002", 8_000);
});

test("a second Ctrl-C ends it at once", async () => {
  const child = await stubborn("4003");
  child.kill("SIGINT");
  // Two signals in the same instant would be one.
  await sleep(200);
  child.kill("SIGINT");
  await gone("4003", 2_000);
});
