/**
 * A VIP that is muted for a move, on a real kernel: its address outlasts the longest move, and not much more, so that a
 * gate flushed by another hand makes nobody answer beside the next holder for long.
 */
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, expect, test } from "vitest";
import { type Hold, openNftGate, openRtNetlink, ownerOf, type Permit } from "../../packages/routing/src/index.ts";
import { interfaceName, ip, prefix } from "../../packages/routing/src/testing/index.ts";
import { SystemClock } from "../../packages/sidecar/src/adapters/clock.ts";
import { MUTED_MAX_MS } from "../../packages/sidecar/src/election/turn.ts";
import { VipKernel } from "../../packages/sidecar/src/vip/kernel.ts";
import { run } from "../bed/command.ts";
import { measured } from "../bed/measured.ts";
import { monotonicMs, waitFor } from "../bed/wait.ts";

const LINK = "mute0";
const HOLD_MS = 14_352;
/** Whole seconds, less what the kernel may be early. */
const SHORTEST_S = 3;
/** What the kernel may be late. */
const LATE_MS = 1_250;

const clock = new SystemClock();
let hold: Hold;
const permit: Permit = { hold: () => hold, clock };
let kernel: Awaited<ReturnType<typeof openRtNetlink>>;
let gate: Awaited<ReturnType<typeof openNftGate>>;
let vipKernel: VipKernel;
let placement: Parameters<VipKernel["configure"]>[0];

beforeAll(async () => {
  await run(["ip", "link", "add", LINK, "type", "veth", "peer", "name", "mute1"]);
  for (const name of [LINK, "mute1"]) await run(["ip", "link", "set", name, "up"]);
  const linkIndex = JSON.parse(await run(["ip", "-j", "link", "show", "dev", LINK]))[0].ifindex;
  const lease = "kube-system/vcluster-kube-vip";
  kernel = await openRtNetlink();
  gate = await openNftGate({ level: "nft-egress", family: 4, protocol: 77, lease });
  const owner = ownerOf(77, interfaceName(LINK));
  const gateway = { address: ip("10.100.0.1"), subnet: prefix("10.100.0.0/24") };
  const routing = { gateway, table: 847, rulePriority: 847 };
  placement = { vip: ip("10.100.0.99"), linkName: interfaceName(LINK), linkIndex, lease, owner, ...routing };
  vipKernel = new VipKernel({ kernel, gate, sockets: undefined }, owner);
});

afterAll(async () => {
  await vipKernel.sweep(placement);
  gate.end();
  kernel.close();
  await run(["ip", "link", "del", LINK]);
});

/** In seconds, as iproute2 reads it; undefined: there is no such address. */
async function lifetimeOfVip(): Promise<number | undefined> {
  const [link] = JSON.parse(await run(["ip", "-j", "-4", "addr", "show", "dev", LINK])) as readonly {
    readonly addr_info?: readonly { readonly local: string; readonly valid_life_time: number }[];
  }[];
  return link?.addr_info?.find(({ local }) => local === "10.100.0.99")?.valid_life_time;
}

async function take(): Promise<void> {
  const deadlineMs = clock.nowMs() + HOLD_MS;
  hold = { holderIdentity: "cp-0_uid_nonce", deadlineMs, exclusiveUntilMs: deadlineMs + 50 };
  expect(await vipKernel.configure(placement, permit)).toMatchObject({ t: "done" });
}

test("the address is there as long as a move may last, and gone soon after though nobody takes it away", async () => {
  await take();
  expect(await lifetimeOfVip()).toBeGreaterThan(SHORTEST_S + 5);
  const mutedAtMs = monotonicMs();
  expect(await vipKernel.mute(placement, permit, MUTED_MAX_MS)).toMatchObject({ t: "done" });
  expect(await lifetimeOfVip()).toBeLessThanOrEqual(SHORTEST_S);
  await sleep(mutedAtMs + MUTED_MAX_MS - monotonicMs());
  expect(await lifetimeOfVip()).toBeDefined();
  const isGone = async () => ((await lifetimeOfVip()) === undefined ? true : undefined);
  await waitFor("the address is gone", isGone, { withinMs: 4_000 });
  const goneAfterMs = monotonicMs() - mutedAtMs;
  measured("muted and left alone: until the kernel takes the address away", [goneAfterMs]);
  expect(goneAfterMs).toBeLessThanOrEqual(SHORTEST_S * 1_000 + LATE_MS + 100);
});

test("resumed before that it lasts as long as the hold again", async () => {
  await take();
  await vipKernel.mute(placement, permit, MUTED_MAX_MS);
  await take();
  expect(await lifetimeOfVip()).toBeGreaterThan(SHORTEST_S + 5);
});

test("what has less time left than that is not given more", async () => {
  await take();
  hold = { ...hold, deadlineMs: clock.nowMs() + 2_300, exclusiveUntilMs: clock.nowMs() + 2_350 };
  await vipKernel.mute(placement, permit, MUTED_MAX_MS);
  expect(await lifetimeOfVip()).toBe(1);
});
