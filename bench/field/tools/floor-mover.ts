/**
 * Process of the floor, in the pod that the VIP moves to: `node floor-mover.ts VIP LINK OLD_NAMESPACE`. Adds the address
 * here, says so on the segment, and deletes it there; prints when it began.
 */
import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { openPacketSocket } from "@vcluster-kube-vip/raw-socket";
import type { IpAddress, MacAddress } from "../../../packages/routing/src/index.ts";
import { encodeArp } from "../../../packages/sidecar/src/announce/arp.ts";
import { monotonicMs } from "../../../test/bed/wait.ts";

const [vip = "", link = "", old = ""] = process.argv.slice(2);
const own = readFileSync(`/sys/class/net/${link}/address`, "utf8").trim();
const socket = openPacketSocket({
  linkIndex: Number(readFileSync(`/sys/class/net/${link}/ifindex`, "utf8")),
  etherType: 0,
  onMessage: () => undefined,
  onError: (error) => {
    throw error;
  },
});
process.stdout.write(`${monotonicMs()}\n`);
execFileSync("ip", ["addr", "add", `${vip}/32`, "dev", link], { timeout: 5_000 });
socket.send(claim());
execFileSync("ip", ["-n", old, "addr", "del", `${vip}/32`, "dev", link], { timeout: 5_000 });
socket.close();

/** A gratuitous request, which every Linux takes at once whatever its age. */
function claim(): Uint8Array {
  const [mac, address] = [own as MacAddress, vip as IpAddress];
  return encodeArp({
    t: "arp",
    to: "ff:ff:ff:ff:ff:ff" as MacAddress,
    from: mac,
    operation: "request",
    senderMac: mac,
    senderAddress: address,
    targetMac: "00:00:00:00:00:00" as MacAddress,
    targetAddress: address,
  });
}
