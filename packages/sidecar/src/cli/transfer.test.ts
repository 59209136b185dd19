/** The command as a user runs it, beside a socket as the sidecar listens on it. */
import { spawn } from "node:child_process";
import { rmdir } from "node:fs";
import { dirname, resolve } from "node:path";
import { afterAll, beforeAll, expect, test, vi } from "vitest";
import { transferSocketPath } from "../adapters/transfer/socket-path.ts";
import { TransferListener } from "../adapters/transfer/transfer-listener.ts";
import type { TransferRequest } from "../transfer/line.ts";
import type { TransferOutcome } from "../transfer/outcome.ts";

const MAIN = resolve(import.meta.dirname, "../main.ts");
/** Of a network for documents: no sidecar of this machine serves it. */
const VIP = "198.51.100.7";
const MOVED: TransferOutcome = { t: "moved", to: "my-vcluster-1_uid_nonce", tookMs: 12.5, acknowledged: "2/2" };
// Each run is a process that loads everything from its sources.
vi.setConfig({ testTimeout: 60_000 });

const asked: TransferRequest[] = [];
let outcome: TransferOutcome = MOVED;
const listener = new TransferListener({
  path: transferSocketPath(VIP),
  onRequest: async (request) => {
    asked.push(request);
    return outcome;
  },
  onUnavailable: (message) => {
    throw new TypeError(message);
  },
});

beforeAll(() => listener.start());

afterAll(() => {
  listener.close();
  // Not empty where a sidecar of this machine listens there, too.
  rmdir(dirname(transferSocketPath(VIP)), () => undefined);
});

function run(words: readonly string[], vip = VIP): Promise<{ readonly status: number | null; readonly said: string }> {
  const settings = ["--endpoint", `${vip}:8443`, "--interface", "net1", "--gateway", "198.51.100.1/24"];
  const child = spawn(process.execPath, [MAIN, "transfer", ...words, ...settings]);
  let said = "";
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding("utf8").on("data", (chunk: string) => {
      said += chunk;
    });
  }
  return new Promise((ended) => child.once("close", (status) => ended({ status, said })));
}

test("it asks for the replica that is named, and says where the VIP is now", async () => {
  expect(await run(["my-vcluster-1"])).toEqual({
    status: 0,
    said: "the VIP moved to my-vcluster-1 (my-vcluster-1_uid_nonce) in 12.5 ms; 2 of 2 neighbours have acknowledged it\n",
  });
  expect(asked.at(-1)).toEqual({ to: "my-vcluster-1" });
});

test("without a name it asks for the best, and says so to programs with --json", async () => {
  expect(await run(["--json"])).toEqual({ status: 0, said: `${JSON.stringify(MOVED)}\n` });
  expect(asked.at(-1)).toEqual({ to: undefined });
});

test("where the VIP stays its status is 1", async () => {
  outcome = { t: "stayed", reason: "no other replica answers" };
  expect(await run([])).toEqual({ status: 1, said: "the VIP stays: no other replica answers\n" });
});

test("where nobody can be asked its status is 2", async () => {
  const { status, said } = await run([], "198.51.100.8");
  expect([status, said]).toEqual([
    2,
    expect.stringMatching(/^the sidecar does not answer at .*198\.51\.100\.8\.sock \(/),
  ]);
});

test("without settings there is nobody to be asked", async () => {
  const { status, said } = await run(["--endpoint", "nonsense"], "nonsense");
  expect([status, said]).toEqual([2, "the settings say no VIP; see vcluster-kube-vip doctor\n"]);
});
