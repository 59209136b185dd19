/** A proxy between real sockets on the loopback addresses. */
import { connect, createServer, type Server, type Socket } from "node:net";
import { afterEach, beforeEach, expect, test } from "vitest";
import type { Endpoint } from "../kube-api/endpoints.ts";
import { PeerProxy } from "./peer-proxy.ts";

const HOST = "127.0.0.1";
const WHOLE_BYTES = 3_000_000;

let peers: Endpoint[];
let proxy: PeerProxy;
const servers: Server[] = [];
const sockets: Socket[] = [];

beforeEach(() => {
  peers = [];
  proxy = new PeerProxy(() => peers);
});

afterEach(() => {
  proxy.close();
  for (const socket of sockets.splice(0)) socket.destroy();
  for (const server of servers.splice(0)) server.close();
});

function endpoint(port: number): Endpoint {
  return { protocol: "https:", host: HOST, port, tlsServerName: undefined };
}

/** A peer, as `serve` serves. */
async function listen(serve: (socket: Socket) => void): Promise<Endpoint> {
  const server = createServer({ allowHalfOpen: true }, (socket) => {
    sockets.push(socket.on("error", () => undefined));
    serve(socket);
  });
  servers.push(server);
  await new Promise<void>((resolve) => server.listen(0, HOST, resolve));
  const address = server.address();
  return endpoint(typeof address === "object" && address !== null ? address.port : 0);
}

/** A peer that is gone: its port refuses. */
async function gone(): Promise<Endpoint> {
  const peer = await listen(() => undefined);
  await new Promise((resolve) => servers.pop()?.close(resolve));
  return peer;
}

async function call(): Promise<Socket> {
  const socket = connect({ host: HOST, port: await proxy.listen(HOST), allowHalfOpen: true });
  sockets.push(socket);
  return socket;
}

/** All that comes, and how it ended. */
function whole(socket: Socket): Promise<{ readonly bytes: number; readonly end: string }> {
  const { promise, resolve } = Promise.withResolvers<{ bytes: number; end: string }>();
  let bytes = 0;
  socket.on("data", (chunk) => {
    bytes += chunk.length;
  });
  socket.on("error", (error: NodeJS.ErrnoException) => resolve({ bytes, end: String(error.code) }));
  socket.on("end", () => resolve({ bytes, end: "end" }));
  return promise;
}

test("what each says reaches the other whole, and a half that has ended lets the other speak on", async () => {
  peers = [
    await listen((socket) => {
      void whole(socket).then(({ bytes }) => socket.end(Buffer.alloc(bytes)));
    }),
  ];
  const client = await call();
  client.end(Buffer.alloc(WHOLE_BYTES));
  expect(await whole(client)).toEqual({ bytes: WHOLE_BYTES, end: "end" });
});

test("the next peer is asked where the first refuses, and the first again where it is the only one", async () => {
  const there = await listen((socket) => socket.end("hello"));
  peers = [await gone(), there];
  expect(await whole(await call())).toEqual({ bytes: 5, end: "end" });
});

test("with no peer that accepts, and with none at all, the client is reset", async () => {
  peers = [await gone()];
  expect(await whole(await call())).toEqual({ bytes: 0, end: "ECONNRESET" });
  peers = [];
  expect(await whole(await call())).toEqual({ bytes: 0, end: "ECONNRESET" });
});

test("a peer's reset is the client's, and a client that is gone is the peer's", async () => {
  peers = [await listen((socket) => socket.once("data", () => socket.resetAndDestroy()))];
  const client = await call();
  client.write("x");
  expect(await whole(client)).toEqual({ bytes: 0, end: "ECONNRESET" });

  const { promise, resolve } = Promise.withResolvers<string>();
  peers = [await listen((socket) => void whole(socket).then(({ end }) => resolve(end)))];
  const leaving = await call();
  leaving.write("x", () => leaving.resetAndDestroy());
  expect(["end", "ECONNRESET"]).toContain(await promise);
});

test("closed, it resets who came by it and refuses others; listened at again, it has them again", async () => {
  peers = [await listen((socket) => socket.write("hello"))];
  const port = await proxy.listen(HOST);
  expect(await proxy.listen(HOST)).toBe(port);
  const client = await call();
  await new Promise((resolve) => client.once("data", resolve));
  const ended = whole(client);
  proxy.close();
  expect((await ended).end).toBe("ECONNRESET");
  const refused = connect({ host: HOST, port });
  sockets.push(refused);
  expect((await whole(refused)).end).toBe("ECONNREFUSED");
  const again = await call();
  expect(await new Promise((resolve) => again.once("data", (chunk) => resolve(chunk.toString())))).toBe("hello");
});

test("an address that is not here is an error, and no reason not to try again", async () => {
  await expect(proxy.listen("203.0.113.1")).rejects.toThrow(/EADDRNOTAVAIL/);
  expect(await proxy.listen(HOST)).toBeGreaterThan(0);
});
