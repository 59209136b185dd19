/**
 * Measured process: refreshes a real gate as often as it is told, and prints what one refresh took and cost. The level
 * with both tables, which is the dearest. Its gate has a protocol number of its own and is gone when it ends.
 */
import { type IpAddress, openNftGate } from "../packages/routing/src/index.ts";

export interface RefreshOptions {
  readonly family: 4 | 6;
  readonly vip: string;
  readonly linkName: string;
  readonly linkIndex: number;
  readonly refreshes: number;
}

export interface RefreshCost {
  readonly tookMs: readonly number[];
  /** User and system time of one refresh, the mean. */
  readonly cpuMs: number;
}

const PROTOCOL = 77;
const WARM_UP = 100;

const { family, vip, linkName, linkIndex, refreshes } = JSON.parse(process.argv[2] ?? "{}") as RefreshOptions;
const target = { vip: vip as IpAddress, linkName, linkIndex };
const gate = await openNftGate({
  level: "nft-egress",
  family,
  protocol: PROTOCOL,
  lease: "kube-system/vcluster-kube-vip",
});
let opening = { holderIdentity: "vcluster-0_uid_nonce", untilWallMs: Date.now() + 3_600_000, timeoutMs: 60_000 };
await gate.install(target, opening);
for (let warm = 0; warm < WARM_UP; warm += 1) await refresh();
const tookMs: number[] = [];
const before = process.cpuUsage();
for (let round = 0; round < refreshes; round += 1) tookMs.push(await refresh());
const { user, system } = process.cpuUsage(before);
await gate.remove();
gate.end();
const cost: RefreshCost = { tookMs, cpuMs: (user + system) / 1000 / refreshes };
process.stdout.write(`${JSON.stringify(cost)}\n`);

async function refresh(): Promise<number> {
  const to = { ...opening, untilWallMs: opening.untilWallMs + 1 };
  const startMs = performance.now();
  const outcome = await gate.refresh(target, opening, to);
  const took = performance.now() - startMs;
  if (outcome !== "done") throw new TypeError(outcome);
  opening = to;
  return took;
}
