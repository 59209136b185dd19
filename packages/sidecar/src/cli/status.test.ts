/** The command as a user runs it, beside pages as the sidecars serve them. */
import { spawn } from "node:child_process";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { resolve } from "node:path";
import { afterAll, beforeAll, expect, test, vi } from "vitest";
import { status, statusText } from "../observe/status.ts";
import { HOLDER } from "../observe/testing/samples.ts";
import type { Overview } from "../status/overview.ts";

const MAIN = resolve(import.meta.dirname, "../main.ts");
const AT = "2026-01-02T03:04:05.000000Z";
const PAGE = statusText(status({ version: "0.1.0", time: AT, moves: [], troubles: [], snapshot: HOLDER }));
const STANDBY = { ...HOLDER, identity: "vcluster-1_uid_nonce", role: "waiting", deadlineInMs: undefined };
const PEERS_PAGE = statusText(status({ version: "0.1.0", time: AT, moves: [], troubles: [], snapshot: STANDBY }));
const CONFIG = ["--endpoint", "10.100.0.100:8443", "--interface", "net1", "--gateway", "10.100.0.1/24"];
// Each run is a process that loads everything from its sources.
vi.setConfig({ testTimeout: 60_000 });

let body = PAGE;
const servers: readonly Server[] = [
  createServer((_request, response) => response.end(body)),
  createServer((_request, response) => response.end(PEERS_PAGE)),
];
let port = 0;

/** Ours on 127.0.0.1, the peer's on 127.0.0.2, both on the same port. */
beforeAll(async () => {
  for (const [index, server] of servers.entries()) {
    await new Promise<void>((listening) => server.listen(port, `127.0.0.${index + 1}`, listening));
    ({ port } = server.address() as AddressInfo);
  }
});

afterAll(() => {
  for (const server of servers) server.close();
});

interface Ran {
  readonly code: number | null;
  readonly text: string;
}

/** Ends it when it begins for the second time, or lets it end. */
function run(args: readonly string[], httpPort = port): Promise<Ran> {
  const child = spawn(process.execPath, [MAIN, "status", "--http-port", String(httpPort), ...args]);
  let text = "";
  for (const stream of [child.stdout, child.stderr])
    stream.setEncoding("utf8").on("data", (chunk: string) => {
      text += chunk;
      if ((text.match(/^\{"time"|^VIP/gm)?.length ?? 0) > 1) child.kill("SIGINT");
    });
  return new Promise((ended) => child.once("close", (code) => ended({ code, text })));
}

function overviewIn(text: string): Overview {
  return JSON.parse(text) as Overview;
}

test("the replicas are in one table, with status 0", async () => {
  const { code, text } = await run([...CONFIG, "--peers-host", "127.0.0.2"]);
  expect(code).toBe(0);
  expect(text).toMatch(/^REPLICA +ROLE +READY +WHY\nvcluster-0 \(here\) +holding +yes\nvcluster-1 +waiting +yes/m);
});

test("--json has each replica's page, and every key of what is put together of them", async () => {
  const { code, text } = await run([...CONFIG, "--peers-host", "127.0.0.2", "--json"]);
  const { replicas, deadlineInMs, unknown } = overviewIn(text);
  expect([code, deadlineInMs, unknown]).toEqual([0, 12_500, []]);
  expect(replicas?.map((replica) => replica.status)).toEqual([JSON.parse(PAGE), JSON.parse(PEERS_PAGE)]);
});

test("without a usable configuration it shows the own replica, and says why no other", async () => {
  const { code, text } = await run([]);
  expect([code, text]).toEqual([
    0,
    expect.stringMatching(/not known: who the other replicas are: the configuration has errors\n$/),
  ]);
});

test("--watch prints again until it is interrupted; with --json a line each time", async () => {
  const table = await run(["--watch"]);
  expect(table.text.match(/^VIP/gm)).toHaveLength(2);
  const [first, second] = (await run(["--watch", "--json"])).text.split("\n");
  expect([first, second].map((line) => overviewIn(line ?? "").replicas?.length)).toEqual([1, 1]);
});

test("where only another replica answers, it is shown, and the status is 1", async () => {
  body = "{}";
  const { code, text } = await run([...CONFIG, "--peers-host", "127.0.0.2"]);
  body = PAGE;
  expect([code, text]).toEqual([1, expect.stringMatching(/no answer: what answers there is not this sidecar\n/)]);
});

test.each([
  ["nobody listens", PAGE, 9],
  ["another program listens", "{}", undefined],
  ["it is no JSON", "hello", undefined],
])("where %s there is one sentence, and status 1", async (_what, page, otherPort) => {
  body = page;
  const { code, text } = await run([], otherPort ?? port);
  body = PAGE;
  expect([code, text]).toEqual([
    1,
    expect.stringMatching(/^nobody answers at http:\/\/127\.0\.0\.1:\d+\/status \(.+\): no sidecar runs here; .+\n$/),
  ]);
});
