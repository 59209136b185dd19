/** The peers' pages over real sockets: who answers in time, who is ourselves, and who is no replica. */
import http, { type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { afterEach, expect, it } from "vitest";
import { VirtualClock } from "../../testing/virtual-clock.ts";
import { PeerStatuses } from "./peer-statuses.ts";

const servers: Server[] = [];
let peers: PeerStatuses | undefined;

afterEach(() => {
  peers?.close();
  for (const server of servers.splice(0)) {
    server.closeAllConnections();
    server.close();
  }
});

function pageOf(identity: string): string {
  const health = {
    verdict: "able",
    reason: "able",
    fault: null,
    serverReadyForMs: 9000,
    serverReadyAgoMs: 200,
    segment: "answers",
    segmentAnsweredAgoMs: 100,
    revision: null,
  };
  return JSON.stringify({ identity, ready: true, vip: { mac: null, fenceLevel: "nft-egress" }, health });
}

type Answer = (response: http.ServerResponse) => void;

/** One server per address of 127.0.0.0/8, all on one port. */
async function serve(answers: readonly Answer[]): Promise<{ port: number; addresses: readonly string[] }> {
  let port = 0;
  const addresses: string[] = [];
  for (const [index, answer] of answers.entries()) {
    const address = `127.0.1.${index + 1}`;
    const server = http.createServer((_request, response) => answer(response));
    servers.push(server);
    await new Promise<void>((resolve) => server.listen(port, address, resolve));
    port = (server.address() as AddressInfo).port;
    addresses.push(address);
  }
  return { port, addresses };
}

async function asking(answers: readonly Answer[], clock = new VirtualClock()): Promise<PeerStatuses> {
  const { port, addresses } = await serve(answers);
  const lookup = async () => addresses;
  peers = new PeerStatuses({ port, ownAddress: undefined, ownIdentity: "a-0_uid_1", clock, lookup });
  await new Promise((resolve) => setImmediate(resolve));
  return peers;
}

const says =
  (text: string, status = 200): Answer =>
  (response) =>
    void response.writeHead(status).end(text);

it("asks all at once, and leaves out itself and whoever has no page in time", async () => {
  const found = await asking([
    says(pageOf("a-0_uid_1")),
    says(pageOf("a-1_uid_2")),
    () => undefined,
    says("<html>"),
    says(pageOf("a-4_uid_5"), 503),
    says(" ".repeat(300_000)),
    (response) => void response.destroy(),
  ]);
  const answered = await found.ask(400);
  expect(answered.map(({ identity }) => identity)).toEqual(["a-1_uid_2"]);
});

it("asks by itself every 7.5 s while somebody follows, at once when it begins, and no more after", async () => {
  let asked = 0;
  const known: string[] = [];
  const clock = new VirtualClock();
  const count: Answer = (response) => {
    asked += 1;
    response.end(pageOf("a-1_uid_2"));
  };
  const found = await asking([count], clock);
  const settle = async (expected: number): Promise<void> => {
    while (asked < expected || known.length < expected) await new Promise((resolve) => setTimeout(resolve, 1));
  };
  found.follow((statuses) => known.push(...statuses.map(({ identity }) => identity)));
  await settle(1);
  await clock.advance(7400);
  expect(asked).toBe(1);
  await clock.advance(100);
  await settle(2);
  found.follow(undefined);
  await clock.advance(60_000);
  await found.ask(1000);
  expect(asked).toBe(3);
  expect(known).toEqual(["a-1_uid_2", "a-1_uid_2"]);
});

it("says nothing after close", async () => {
  const found = await asking([says(pageOf("a-1_uid_2"))]);
  const answer = found.ask(400);
  found.close();
  expect(await answer).toEqual([]);
});
