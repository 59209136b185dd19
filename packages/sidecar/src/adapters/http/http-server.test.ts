import { once } from "node:events";
import { type IncomingMessage, request } from "node:http";
import { connect, createServer, type Socket } from "node:net";
import { type IpAddress, parseIpAddress } from "@vcluster-kube-vip/routing";
import { afterEach, describe, expect, it } from "vitest";
import type { Happening } from "../../observe/happening.ts";
import type { Pages } from "../../observe/pages.ts";
import { VirtualClock } from "../../testing/virtual-clock.ts";
import { HttpServer } from "./http-server.ts";

const PAGES: Pages = {
  "/healthz": () => ({ status: 200, contentType: "text/plain", body: "ok\n" }),
  "/status": () => {
    throw new Error("no picture");
  },
};

const clock = new VirtualClock();
const cleanups: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const cleanup of cleanups.splice(0)) await cleanup();
});

/** A server on loopback, and what it tells; `next` waits for the next thing told. */
function serve(addresses: readonly string[], port = 0, vip?: string) {
  const told: Happening[] = [];
  let onTold: (() => void) | undefined;
  const tell = (happening: Happening) => {
    told.push(happening);
    onTold?.();
  };
  const server = new HttpServer({
    addresses,
    port,
    vip: vip === undefined ? undefined : ip(vip),
    pages: PAGES,
    clock,
    tell,
  });
  cleanups.push(() => server.stop());
  server.start();
  const next = () => new Promise<void>((resolve) => (onTold = resolve));
  return { server, told, next };
}

function ip(text: string): IpAddress {
  const parsed = parseIpAddress(text);
  if (parsed.t === "invalid") throw new TypeError(parsed.reason);
  return parsed.value;
}

/** Listening is a matter of the loop's next turns, not of time. */
async function listening(server: HttpServer, count: number): Promise<readonly number[]> {
  for (let turn = 0; turn < 1000 && server.listening.length < count; turn += 1) {
    await new Promise((resolve) => setImmediate(resolve));
  }
  expect(server.listening).toHaveLength(count);
  return server.listening.map(({ port }) => port);
}

function get(
  port: number,
  path: string,
  method = "GET",
): Promise<{ status: number | undefined; body: string; head: IncomingMessage }> {
  return new Promise((resolve, reject) => {
    const sent = request({ host: "127.0.0.1", port, path, method, agent: false }, (head) => {
      let body = "";
      head.setEncoding("utf8");
      head.on("data", (chunk: string) => {
        body += chunk;
      });
      head.on("end", () => resolve({ status: head.statusCode, body, head }));
    });
    sent.on("error", reject);
    sent.end();
  });
}

async function raw(port: number, bytes: string): Promise<{ socket: Socket; received: () => string }> {
  const socket = connect(port, "127.0.0.1");
  let text = "";
  socket.on("data", (chunk: Buffer) => {
    text += chunk.toString("latin1");
  });
  socket.on("error", () => {
    // A cut connection is what some of these tests are about.
  });
  await once(socket, "connect");
  socket.write(bytes);
  return { socket, received: () => text };
}

/** Resolves however the connection ends. */
function closed(socket: Socket): Promise<void> {
  return new Promise((resolve) => {
    socket.once("close", () => resolve());
  });
}

function codes(told: readonly Happening[]): readonly string[] {
  return told.map((happening) => (happening.t === "trouble" ? happening.code : happening.t));
}

describe("the HTTP server", () => {
  it("serves pages and closes each connection", async () => {
    const { server } = serve(["127.0.0.1"]);
    const [port = 0] = await listening(server, 1);
    const { status, body, head } = await get(port, "/healthz");
    expect([status, body, head.headers.connection]).toEqual([200, "ok\n", "close"]);
    expect((await get(port, "/healthz", "HEAD")).body).toBe("");
    expect((await get(port, "/healthz", "POST")).status).toBe(405);
    expect((await get(port, "/nothing")).status).toBe(404);
  });

  it("answers 500 without the reason when a page cannot be made, and tells the reason", async () => {
    const { server, told } = serve(["127.0.0.1"]);
    const [port = 0] = await listening(server, 1);
    const { status, body } = await get(port, "/status");
    expect(status).toBe(500);
    expect(body).not.toContain("no picture");
    expect(told).toMatchObject([{ t: "trouble", where: "http", code: "HTTP_PAGE_FAILED" }]);
    expect((await get(port, "/healthz")).status).toBe(200);
  });

  it("never listens on the VIP, on all addresses, or on what is none", async () => {
    const { server, told } = serve(["127.0.0.2", "0.0.0.0", "::", "localhost", "127.0.0.1"], 0, "127.0.0.2");
    await listening(server, 1);
    expect(server.listening.map(({ address }) => address)).toEqual(["127.0.0.1"]);
    expect(codes(told)).toEqual([
      "HTTP_ADDRESS_IS_VIP",
      "HTTP_ADDRESS_WILDCARD",
      "HTTP_ADDRESS_WILDCARD",
      "HTTP_ADDRESS_INVALID",
    ]);
  });

  it("knows the VIP in any spelling", async () => {
    const { told } = serve(["FD00:0::64"], 0, "fd00::64");
    expect(codes(told)).toEqual(["HTTP_ADDRESS_IS_VIP"]);
  });

  it("serves the other addresses when one is not this host's", async () => {
    // TEST-NET-1: nobody's.
    const { server, told, next } = serve(["192.0.2.1", "127.0.0.1"]);
    await next();
    await listening(server, 1);
    expect(codes(told)).toEqual(["HTTP_ADDRESS_UNAVAILABLE"]);
  });

  it("waits for a taken port, less and less often, and says when it has it", async () => {
    const squatter = createServer().listen(0, "127.0.0.1");
    await once(squatter, "listening");
    const bound = squatter.address();
    const port = typeof bound === "object" && bound !== null ? bound.port : 0;
    const { server, told, next } = serve(["127.0.0.1"], port);
    await next();
    await Promise.all([next(), clock.advance(1_000)]);
    await clock.advance(1_900);
    expect(codes(told)).toEqual(["HTTP_ADDRESS_IN_USE", "HTTP_ADDRESS_IN_USE"]);
    squatter.close();
    await once(squatter, "close");
    await Promise.all([next(), clock.advance(200)]);
    expect(codes(told)).toEqual(["HTTP_ADDRESS_IN_USE", "HTTP_ADDRESS_IN_USE", "recovered"]);
    expect(server.listening).toEqual([{ address: "127.0.0.1", port }]);
  });

  it("stops trying once it is stopped", async () => {
    const { server, told, next } = serve(["192.0.2.1"]);
    await next();
    await server.stop();
    await clock.advance(120_000);
    expect(told).toHaveLength(1);
  });

  it("cuts a connection that sends its request too slowly", async () => {
    const { server } = serve(["127.0.0.1"]);
    const [port = 0] = await listening(server, 1);
    const { socket } = await raw(port, "GET /healthz HTTP/1.1\r\nhost: x\r\n");
    await clock.advance(4_900);
    expect(socket.destroyed).toBe(false);
    const end = closed(socket);
    await clock.advance(200);
    await end;
  });

  it("answers an oversized head with an error and ends", async () => {
    const { server } = serve(["127.0.0.1"]);
    const [port = 0] = await listening(server, 1);
    const { socket, received } = await raw(
      port,
      `GET /healthz HTTP/1.1\r\nhost: x\r\nx: ${"y".repeat(20_000)}\r\n\r\n`,
    );
    await closed(socket);
    expect(received()).toMatch(/^HTTP\/1\.1 431 /);
  });

  it("answers garbage with an error and ends", async () => {
    const { server } = serve(["127.0.0.1"]);
    const [port = 0] = await listening(server, 1);
    const { socket, received } = await raw(port, "\x16\x03\x01 not HTTP\r\n\r\n");
    await closed(socket);
    expect(received()).toMatch(/^HTTP\/1\.1 400 /);
  });

  it("refuses the 33rd connection at once", async () => {
    const { server } = serve(["127.0.0.1"]);
    const [port = 0] = await listening(server, 1);
    const open = await Promise.all(Array.from({ length: 32 }, () => raw(port, "GET ")));
    const { socket: over } = await raw(port, "GET /healthz HTTP/1.1\r\nhost: x\r\n\r\n");
    await closed(over);
    expect(open.filter(({ socket }) => socket.destroyed)).toEqual([]);
    for (const { socket } of open) socket.destroy();
  });

  it("frees its port and cuts its connections when it stops", async () => {
    const { server } = serve(["127.0.0.1"]);
    const [port = 0] = await listening(server, 1);
    const { socket } = await raw(port, "GET ");
    const end = closed(socket);
    await server.stop();
    await end;
    await expect(get(port, "/healthz")).rejects.toMatchObject({ code: "ECONNREFUSED" });
  });
});
