/**
 * A holder at the fence level "responder", as a process that can be stopped and killed: gate, address, and a renewal
 * every 200 ms until `holdForMs` have passed. Tells each step as one JSON line; SIGTERM gives up in order.
 */
import type { Opening } from "../../packages/routing/src/index.ts";
import { openRtNetlink, ownerOf, parseInterfaceName, parseIpAddress } from "../../packages/routing/src/index.ts";
import { SystemClock } from "../../packages/sidecar/src/adapters/clock.ts";
import { ResponderGate } from "../../packages/sidecar/src/adapters/responder-gate.ts";

export interface HolderOptions {
  readonly vip: string;
  readonly linkName: string;
  /** How long each opening lasts. */
  readonly openForMs: number;
  /** No renewal begins after that. */
  readonly holdForMs: number;
}

export type HolderLine =
  | { readonly t: "holding" }
  | { readonly t: "refreshed"; readonly outcome: string; readonly lateMs: number; readonly tookMs: number }
  | { readonly t: "failed"; readonly message: string }
  | { readonly t: "restored" };

const RENEW_EVERY_MS = 200;

const options = JSON.parse(process.argv[2] ?? "{}") as HolderOptions;
const clock = new SystemClock();
const kernel = await openRtNetlink();
const linkName = parsed(parseInterfaceName(options.linkName));
const owner = ownerOf(83, linkName);
const link = (await kernel.links()).items.find(({ name }) => name === linkName);
if (link === undefined) throw new TypeError(`no link ${linkName}`);
const vip = parsed(parseIpAddress(options.vip));
const target = { vip, linkName, linkIndex: link.index };
const address = { linkIndex: link.index, address: vip, prefixLength: 32, protocol: owner.protocol, label: undefined };
const gate = new ResponderGate({ lease: "kube-system/vcluster-kube-vip", owner, kernel, clock });
let current = opening();
let timer: NodeJS.Timeout | undefined;

// Sockets alone do not keep a process alive.
const alive = setInterval(() => undefined, 60_000);
// Before anything is told: who reads "holding" may send it at once.
process.once("SIGTERM", () => void giveUp());
try {
  await gate.remove();
  await gate.install(target, undefined);
  current = opening();
  await gate.open(target, current);
  await kernel.replaceAddress({ ...address, validSeconds: 20 });
  tell({ t: "holding" });
  renewAt(clock.nowMs() + RENEW_EVERY_MS, clock.nowMs() + options.holdForMs);
} catch (error) {
  tell({ t: "failed", message: String(error) });
}

function renewAt(atMs: number, untilMs: number): void {
  if (atMs > untilMs) return;
  timer = setTimeout(
    async () => {
      const lateMs = clock.nowMs() - atMs;
      const next = opening();
      const outcome = await gate.refresh(target, current, next);
      if (outcome === "done") current = next;
      tell({ t: "refreshed", outcome, lateMs, tookMs: clock.nowMs() - atMs - lateMs });
      renewAt(Math.max(atMs + RENEW_EVERY_MS, clock.nowMs()), untilMs);
    },
    Math.max(0, atMs - clock.nowMs()),
  );
}

function opening(): Opening {
  const { openForMs } = options;
  return {
    holderIdentity: "pod-0_uid_1",
    untilWallMs: Math.floor(clock.wallTimeMs()) + openForMs,
    timeoutMs: openForMs,
  };
}

async function giveUp(): Promise<void> {
  clearTimeout(timer);
  clearInterval(alive);
  await gate.close(target);
  await kernel.deleteAddress({ ...address, validSeconds: undefined });
  await gate.remove();
  gate.end();
  kernel.close();
  tell({ t: "restored" });
}

function tell(line: HolderLine): void {
  process.stdout.write(`${JSON.stringify(line)}\n`);
}

function parsed<T>(value: { readonly t: string; readonly value?: T }): T {
  if (value.value === undefined) throw new TypeError("not a name or an address");
  return value.value;
}
