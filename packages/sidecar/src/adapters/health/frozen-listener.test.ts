/** A listener that answers in ways of its own, over TLS: what the watch makes of each. */
import { createServer, type Server } from "node:https";
import type { AddressInfo } from "node:net";
import { afterEach, beforeEach, expect, it } from "vitest";
import type { ProbeResult } from "../../health/own-server.ts";
import { SystemClock } from "../clock.ts";
import { CredentialsFile } from "../kube-api/credentials.ts";
import { Bed } from "../kube-api/kube-lease-lock.bed.ts";
import { OwnServerWatch } from "./own-server-watch.ts";

let bed: Bed;
let server: Server;
let watch: OwnServerWatch;
/** By path; undefined: never. */
let answer: (path: string) => number | undefined;

beforeEach(async () => {
  bed = await Bed.make();
  const { certificate, key } = await bed.authority.server();
  server = createServer({ cert: certificate, key }, (request, response) => {
    const status = answer(request.url ?? "");
    if (status !== undefined) response.writeHead(status).end();
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  await bed.admit(`https://127.0.0.1:${port}`);
});
afterEach(async () => {
  watch.close();
  server.closeAllConnections();
  server.close();
  await bed.end();
});

interface Seen {
  readonly t: ProbeResult["t"];
  readonly askedAtMs: number;
}

async function probes(count: number): Promise<readonly Seen[]> {
  const { port } = server.address() as AddressInfo;
  const { promise, resolve } = Promise.withResolvers<readonly Seen[]>();
  const seen: Seen[] = [];
  watch = new OwnServerWatch({
    listener: { protocol: "https:", host: "127.0.0.1", port, tlsServerName: "kubernetes" },
    behind: undefined,
    credentials: new CredentialsFile(bed.kubeconfigPath),
    clock: new SystemClock(),
    onProbe: ({ t }, askedAtMs) => {
      if (seen.push({ t, askedAtMs }) === count) resolve(seen);
    },
  });
  watch.start();
  return promise;
}

it.each([
  ["says ok", () => 200, "ready"],
  ["does not know us, but answers", () => 403, "ready"],
  ["says that etcd is gone", () => 500, "unready"],
  ["is overloaded", () => 429, "unready"],
  [
    "waits for etcd, and answers what needs none",
    (path: string) => (path === "/livez/ping" ? 200 : undefined),
    "unready",
  ],
  ["answers nothing", () => undefined, "silent"],
] as const)("a listener that %s", async (_name, way, expected) => {
  answer = way;
  const [first] = await probes(1);
  expect(first?.t).toBe(expected);
});

it("a listener that answers nothing is looked at again at once", async () => {
  answer = () => undefined;
  const askedAtMs = (await probes(3)).map((probe) => probe.askedAtMs);
  expect((askedAtMs[2] ?? Number.NaN) - (askedAtMs[0] ?? Number.NaN)).toBeLessThan(1300);
});
