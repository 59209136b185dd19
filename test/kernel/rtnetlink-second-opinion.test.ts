/**
 * Our rtnetlink codec and that of the npm package netlink read each other's work. The package runs in a process of its
 * own: it aborts where ours reports an overrun (docs/decisions/0003-own-netlink-codec.md).
 */
import { afterAll, beforeAll, expect, test } from "vitest";
import type { Kernel } from "../../packages/routing/src/kernel.ts";
import type { Address, Route, Rule } from "../../packages/routing/src/model.ts";
import { openRtNetlink } from "../../packages/routing/src/rtnetlink/rtnetlink.ts";
import { ip, prefix } from "../../packages/routing/src/testing/index.ts";
import { run } from "../bed/command.ts";

const LINK = "rts0";
const TABLE = 1078;
const PROTOCOL = 78;
const AF_INET = 2;

let kernel: Kernel;
let linkIndex: number;

beforeAll(async () => {
  await run(["ip", "link", "add", "name", LINK, "type", "veth", "peer", "name", "rts1"]);
  await run(["ip", "link", "set", "dev", LINK, "up"]);
  linkIndex = JSON.parse(await run(["ip", "-j", "link", "show", "dev", LINK]))[0].ifindex;
  kernel = await openRtNetlink();
});

afterAll(async () => {
  kernel.close();
  await run(["ip", "rule", "flush", "protocol", String(PROTOCOL)]);
  await run(["ip", "link", "del", "dev", LINK]);
});

const address = (text: string): Address => ({
  linkIndex,
  address: ip(text),
  prefixLength: 32,
  validSeconds: undefined,
  protocol: undefined,
  label: `${LINK}:two`,
});
const route = (text: string): Route => ({
  family: 4,
  table: TABLE,
  protocol: PROTOCOL,
  type: "unicast",
  destination: prefix(text),
  gateway: undefined,
  linkIndex,
  scope: "link",
  metric: 5,
});
const rule = (text: string): Rule => ({
  family: 4,
  priority: 1078,
  source: prefix(text),
  table: TABLE,
  protocol: PROTOCOL,
});

/** Runs the body with `socket`, the package's; what it returns comes back, with buffers as hexadecimal. */
async function netlink<T>(body: string): Promise<T> {
  const source = `
    import netlink from "netlink";
    const socket = netlink.createRtNetlink({ ref: true });
    const result = await (async () => { ${body} })();
    const plain = (_, value) => typeof value === "bigint" ? Number(value)
      : value?.type === "Buffer" ? Buffer.from(value.data).toString("hex") : value;
    console.log(JSON.stringify(result ?? null, plain));
    process.exit(0);
  `;
  return JSON.parse(await run([process.execPath, "--input-type=module", "-e", source]));
}

test("what is written here, the package reads", async () => {
  await kernel.replaceAddress(address("198.51.100.1"));
  await kernel.replaceRoute(route("198.51.100.0/24"));
  await kernel.addRule(rule("198.51.100.1/32"));
  const read = await netlink<readonly object[]>(
    "return [...await socket.getAddresses(), ...await socket.getRoutes(), ...await socket.getRules()];",
  );
  expect(read).toContainEqual(
    expect.objectContaining({
      data: {
        family: AF_INET,
        prefixlen: 32,
        flags: { deprecated: true, permanent: true },
        scope: 0,
        index: linkIndex,
      },
      attrs: expect.objectContaining({ address: "c6336401", local: "c6336401", label: `${LINK}:two` }),
    }),
  );
  expect(read).toContainEqual(
    expect.objectContaining({
      data: expect.objectContaining({ dstLen: 24, protocol: PROTOCOL, scope: "LINK", type: "UNICAST" }),
      attrs: { table: TABLE, dst: "c6336400", priority: 5, oif: linkIndex },
    }),
  );
  expect(read).toContainEqual(
    expect.objectContaining({
      data: expect.objectContaining({ srcLen: 32, action: "toTbl" }),
      attrs: expect.objectContaining({ table: TABLE, priority: 1078, src: "c6336401", protocol: PROTOCOL }),
    }),
  );
});

test("what the package writes is read here", async () => {
  await netlink(`
    const bytes = Buffer.from("c6336402", "hex");
    // 0x400: NLM_F_CREATE.
    await socket.newAddress({ family: ${AF_INET}, prefixlen: 32, index: ${linkIndex} },
      { local: bytes, address: bytes, label: "${LINK}:two" }, { flags: 0x400 });
    await socket.newRoute({ family: ${AF_INET}, dstLen: 32, table: 252, protocol: ${PROTOCOL}, scope: "LINK", type: "UNICAST" },
      { dst: bytes, oif: ${linkIndex}, table: ${TABLE}, priority: 5 }, { flags: 0x400 });
    await socket.newRule({ family: ${AF_INET}, srcLen: 32, action: "toTbl" },
      { src: bytes, table: ${TABLE}, priority: 1078, protocol: ${PROTOCOL} }, { flags: 0x400 });
  `);
  expect((await kernel.addresses()).items).toContainEqual(address("198.51.100.2"));
  expect((await kernel.routes(4)).items).toContainEqual(route("198.51.100.2/32"));
  expect((await kernel.rules(4)).items).toContainEqual(rule("198.51.100.2/32"));
});
