import fc from "fast-check";
import { expect, test } from "vitest";
import { encodeDatagram, type NetlinkPart } from "../netlink/datagram.ts";
import { ip } from "../testing/index.ts";
import { encodeDeletion, encodeFlush } from "./element.ts";
import { type GateTable, gateTable } from "./gate-table.ts";
import { encodeBatch, type GateFamily } from "./message.ts";
import { encodeOpening, prepareOpening } from "./opening.ts";

const opening = fc.record({
  holderIdentity: fc.string({ maxLength: 40 }).filter((text) => !text.includes("\0")),
  untilWallMs: fc.integer({ min: 1, max: 9_000_000_000_000 }),
  timeoutMs: fc.integer({ min: 1, max: 60_000 }),
});

function tables(families: readonly GateFamily[], vip: string) {
  const target = { vip: ip(vip), linkName: "net1", linkIndex: 3 };
  return families.map((family) => gateTable(family, "vcluster-kube-vip-77", "a mark", target));
}

test.each([
  { families: ["arp", "netdev"], vip: "10.100.0.100" },
  { families: ["ip6", "netdev"], vip: "fd00:100::64" },
  { families: ["arp"], vip: "10.100.0.100" },
] as const)(
  "prepared, $families are opened and refreshed by the bytes that are made from their parts",
  ({ families, vip }) => {
    fc.assert(
      fc.property(opening, (to) => {
        const gate = tables(families, vip);
        const made = (first: (table: GateTable) => NetlinkPart) =>
          encodeDatagram(encodeBatch(gate.flatMap((table) => [first(table), ...encodeOpening(table, to)])));
        const refreshed = made((table) => encodeDeletion(table.family, table.name, table.vip));
        expect(prepareOpening("refresh", gate, to.holderIdentity)(to)).toEqual(refreshed);
        const opened = made((table) => encodeFlush(table.family, table.name));
        expect(prepareOpening("open", gate, to.holderIdentity)(to)).toEqual(opened);
      }),
      { numRuns: 50 },
    );
  },
);

test("each opening has bytes of its own: one that waits to be sent stays as it is", () => {
  const encode = prepareOpening("refresh", tables(["arp"], "10.100.0.100"), "cp-0_uid_nonce");
  const first = encode({ untilWallMs: 1, timeoutMs: 1 });
  const before = first.bytes.slice();
  encode({ untilWallMs: 2, timeoutMs: 2 });
  expect(first.bytes).toEqual(before);
});
