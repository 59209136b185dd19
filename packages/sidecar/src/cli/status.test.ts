/** The command as a user runs it, beside a page as the sidecar serves it. */
import { spawn } from "node:child_process";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { resolve } from "node:path";
import { afterAll, beforeAll, expect, test, vi } from "vitest";
import { status, statusText } from "../observe/status.ts";
import { HOLDER } from "../observe/testing/samples.ts";

const MAIN = resolve(import.meta.dirname, "../main.ts");
const AT = "2026-01-02T03:04:05.000000Z";
const PAGE = statusText(status({ version: "0.1.0", time: AT, moves: [], troubles: [], snapshot: HOLDER }));
// Each run is a process that loads everything from its sources.
vi.setConfig({ testTimeout: 60_000 });

let body = PAGE;
const server = createServer((_request, response) => response.end(body));
let port = 0;

beforeAll(async () => {
  await new Promise<void>((listening) => server.listen(0, "127.0.0.1", listening));
  ({ port } = server.address() as AddressInfo);
});

afterAll(() => void server.close());

/** Ends it at its second line "replica", or lets it end. */
function run(
  args: readonly string[],
  httpPort = port,
): Promise<{ readonly code: number | null; readonly text: string }> {
  const child = spawn(process.execPath, [MAIN, "status", "--http-port", String(httpPort), ...args]);
  let text = "";
  for (const stream of [child.stdout, child.stderr])
    stream.setEncoding("utf8").on("data", (chunk: string) => {
      text += chunk;
      if ((text.match(/"?version"?:|^replica/gm)?.length ?? 0) > 1) child.kill("SIGINT");
    });
  return new Promise((ended) => child.once("close", (code) => ended({ code, text })));
}

test("the table is printed once, with status 0", async () => {
  const { code, text } = await run([]);
  expect([code, text]).toEqual([0, expect.stringContaining("role          holding, ready\n")]);
});

test("--json is the page", async () => {
  expect(await run(["--json"])).toEqual({ code: 0, text: PAGE });
});

test("--watch prints again until it is interrupted; with --json a line each time", async () => {
  const table = await run(["--watch"]);
  expect(table.text.match(/^replica/gm)).toHaveLength(2);
  const [first, second] = (await run(["--watch", "--json"])).text.split("\n");
  expect([first, second].map((line) => JSON.parse(line ?? ""))).toEqual([JSON.parse(PAGE), JSON.parse(PAGE)]);
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
    expect.stringMatching(/^nobody answers at http:\/\/127\.0\.0\.1:\d+\/status \(.+\n$/),
  ]);
});
