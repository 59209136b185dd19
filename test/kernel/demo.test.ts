/** The demo as a person meets it: a command, its lines, its exit status, and nothing left of it when it was interrupted. */
import { spawn } from "node:child_process";
import { mkdtempSync, readdirSync, readlinkSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { SANDBOX_VARIABLE } from "../bed/sandbox.ts";
import { monotonicMs, sleep, waitFor } from "../bed/wait.ts";

const DEMO = join(import.meta.dirname, "../demo/main.ts");
/** Everything of an interrupted demo is gone by then. */
const GONE_WITHIN_MS = 3_000;

interface Run {
  readonly signal: (signal: NodeJS.Signals) => void;
  /** Resolves when standard output contains `text`. */
  readonly said: (text: string) => Promise<unknown>;
  readonly ended: Promise<{ readonly status: number | null; readonly output: string; readonly tookMs: number }>;
}

test("the demo plays its story in a pipe, within 90 s, and serves the VIP at its end", async () => {
  const { status, output, tookMs } = await startDemo().ended;
  expect(output).toContain("The VIP ended reachable from both, and never did two replicas answer for it.");
  expect(output).not.toContain("\u001b");
  expect(status).toBe(0);
  expect(tookMs).toBeLessThan(90_000);
}, 120_000);

const MOMENTS: readonly (readonly [moment: string, afterText: string | number])[] = [
  ["at once", 0],
  ["while the sandbox is made", 200],
  ["while namespaces are made", "making namespaces"],
  ["while the Lease API starts", "starting the embedded"],
  ["while the first holder is elected", "act 1 of 6"],
  ["when the VIP is served", "took the VIP"],
  ["while a pod is being killed", "act 4 of 6"],
];
for (const [moment, after] of MOMENTS) {
  test(`Ctrl-C ${moment} leaves no namespace, process or file behind`, async () => {
    await leavesNothing(after, "SIGINT");
  }, 60_000);
}

test("the demo killed with SIGKILL leaves nothing behind either", async () => {
  await leavesNothing("act 1 of 6", "SIGKILL");
}, 60_000);

test("a wrong argument gets a sentence and status 2, and --help every option", async () => {
  const wrong = await startDemo(["--api", "fake"]).ended;
  expect(wrong).toMatchObject({ status: 2, output: 'demo: --api wants "embedded" or "real", not fake; see --help.\n' });
  const help = await startDemo(["--help"]).ended;
  expect(help).toMatchObject({ status: 0, output: expect.stringContaining("--api real") });
});

test("without ip the demo says what to install", async () => {
  const { status, output } = await startDemo([], { PATH: mkdtempSync(join(tmpdir(), "empty-")) }).ended;
  expect(output).toBe("demo: ip is missing; install the package iproute2.\n");
  expect(status).toBe(1);
});

/** `after` is a text of the demo's output, or ms. */
async function leavesNothing(after: string | number, signal: NodeJS.Signals): Promise<void> {
  const before = traces();
  const run = startDemo();
  await (typeof after === "string" ? run.said(after) : sleep(after));
  run.signal(signal);
  await run.ended;
  await waitFor(
    "no trace of the demo is left",
    () => (traces().every((trace) => before.includes(trace)) ? true : undefined),
    {
      withinMs: GONE_WITHIN_MS,
      diagnose: () =>
        traces()
          .filter((trace) => !before.includes(trace))
          .join("\n"),
    },
  );
}

/** Processes with their namespaces, named namespaces and temporary files. /proc is the test sandbox's own. */
function traces(): readonly string[] {
  const processes = readdirSync("/proc").filter((name) => /^\d+$/.test(name));
  return [
    ...processes.flatMap(namespacesOf),
    ...readdirSync("/run", { recursive: true }).map((path) => `/run/${String(path)}`),
    ...readdirSync("/tmp")
      .filter((name) => /^(logs|lease-api|api|capture)-/.test(name))
      .map((name) => `/tmp/${name}`),
  ];
}

function namespacesOf(pid: string): readonly string[] {
  try {
    return ["net", "mnt"].map((kind) => `process ${pid} in ${readlinkSync(`/proc/${pid}/ns/${kind}`)}`);
  } catch {
    // It has ended; what /proc still lists waits for its parent to ask for its status.
    return [];
  }
}

function startDemo(args: readonly string[] = [], env: NodeJS.ProcessEnv = {}): Run {
  const startMs = monotonicMs();
  // The demo makes its own sandbox, within the test's.
  const child = spawn(process.execPath, [DEMO, ...args], {
    env: { ...process.env, [SANDBOX_VARIABLE]: undefined, ...env },
  });
  let output = "";
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding("utf8").on("data", (text: string) => {
      output += text;
    });
  }
  return {
    signal: (signal) => void child.kill(signal),
    said: (text) =>
      waitFor(`the demo says "${text}"`, () => output.includes(text) || undefined, {
        withinMs: 50_000,
        everyMs: 5,
        diagnose: () => output,
      }),
    ended: new Promise((resolve) =>
      child.once("close", (status) => resolve({ status, output, tookMs: monotonicMs() - startMs })),
    ),
  };
}
