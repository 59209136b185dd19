/** What rtnetlink says of ARP on a real kernel, against `ip`: a link's arp_ignore, its neighbours, the room for them. */
import { readFileSync } from "node:fs";
import { afterAll, beforeAll, expect, test } from "vitest";
import type { Kernel } from "../../packages/routing/src/kernel.ts";
import { openRtNetlink } from "../../packages/routing/src/rtnetlink/rtnetlink.ts";
import { run } from "../bed/command.ts";

const LINK = "rta0";
const PEER = "rta1";

let kernel: Kernel;
let linkIndex: number;

beforeAll(async () => {
  await shell(
    `ip link add name ${LINK} type veth peer name ${PEER}; ip link set dev ${LINK} up; ip link set dev ${PEER} up`,
  );
  linkIndex = (await json(`ip -j link show dev ${LINK}`))[0].ifindex;
  kernel = await openRtNetlink();
});

afterAll(async () => {
  kernel.close();
  await shell(`ip link del dev ${LINK}`);
});

async function shell(commands: string): Promise<void> {
  await run(["sh", "-ec", commands]);
}

// biome-ignore lint/suspicious/noExplicitAny: what iproute2 prints has no type.
async function json(command: string): Promise<any[]> {
  return JSON.parse(await run(command.split(" ")));
}

test("a muted link is read back as the kernel shows it, and an alias goes as it came", async () => {
  const shown = async (): Promise<readonly unknown[]> => {
    const [link] = await json(`ip -j link show dev ${LINK}`);
    return [readFileSync(`/proc/sys/net/ipv4/conf/${LINK}/arp_ignore`, "utf8").trim(), link.ifalias];
  };
  expect(await kernel.setArp({ linkIndex, arpIgnore: 8, alias: "muted" })).toBe("done");
  expect(await shown()).toEqual(["8", "muted"]);
  expect((await kernel.links()).items.find(({ index }) => index === linkIndex)).toMatchObject({
    arpIgnore: 8,
    alias: "muted",
  });
  expect(await kernel.setArp({ linkIndex, arpIgnore: 1, alias: undefined })).toBe("done");
  expect(await shown()).toEqual(["1", undefined]);
  expect(await kernel.setArp({ linkIndex, arpIgnore: 0, alias: undefined })).toBe("done");
  expect(await kernel.setArp({ linkIndex: 4_000_000, arpIgnore: 8, alias: undefined })).toBe("missing");
});

test("the neighbours of a link are those of `ip neigh`", async () => {
  await shell(`
    ip neigh add 10.100.0.1 lladdr 02:00:00:00:00:99 dev ${LINK} nud reachable
    ip neigh add 10.100.0.2 dev ${LINK} nud failed
    ip neigh add fd00:100::1 lladdr 02:00:00:00:00:98 dev ${LINK} nud permanent
    ip neigh add 10.100.0.3 lladdr 02:00:00:00:00:97 dev ${PEER} nud permanent
  `);
  const states: Record<string, number> = { REACHABLE: 0x02, STALE: 0x04, FAILED: 0x20, NOARP: 0x40, PERMANENT: 0x80 };
  const expected = (await json(`ip -j neigh show nud all dev ${LINK}`)).map(({ dst, lladdr, state }) => ({
    linkIndex,
    address: dst,
    mac: lladdr,
    state: states[state[0]],
  }));
  expect(expected.length).toBeGreaterThanOrEqual(3);
  expect(new Set((await kernel.neighbours(linkIndex)).items)).toEqual(new Set(expected));
});

test("the room of the neighbour table is that of `ip ntable`", async () => {
  const text = await run(["ip", "-s", "ntable", "show", "name", "arp_cache"]);
  const table = await kernel.neighbourTable(4);
  expect(table?.entriesMax).toBe(Number(/thresh3 (\d+)/.exec(text)?.[1]));
  // All namespaces of the machine share it, so that it changes between two looks.
  expect(Math.abs((table?.entries ?? 0) - Number(/entries (\d+)/.exec(text)?.[1]))).toBeLessThan(100);
});
