/**
 * The shipped sidecar with hands on the outside of its adapters: it stops itself at a step that fault-control.ts names,
 * and reads a wall clock that is wrong by order. What is between the adapters is the product's, unchanged; the product
 * has no hook for this. Bundled by faulty-program.ts in the place of src/main.ts; used by tests only.
 */
import { readFileSync } from "node:fs";
import https from "node:https";
import { join } from "node:path";
import { openRtNetlink } from "../../../packages/routing/src/index.ts";
import { openNftGate } from "../../../packages/routing/src/nftables/nft-gate.ts";
import { SystemClock } from "../../../packages/sidecar/src/adapters/clock.ts";
import { KubeLeaseLock } from "../../../packages/sidecar/src/adapters/kube-api/kube-lease-lock.ts";
import { PacketSegment } from "../../../packages/sidecar/src/adapters/segment.ts";
import { CONTROL_FOLDER, type FaultControl, type Phase } from "./fault-control.ts";

// biome-ignore lint/suspicious/noExplicitAny: any method of any adapter is wrapped.
type Verb = (...args: any[]) => unknown;

const file = join(process.env[CONTROL_FOLDER] ?? "", `${process.env["POD_NAME"]}.json`);
/** Orders that were there before this life are not for it. */
let served = control().freeze?.order ?? 0;
let steps = 0;

wrapWrite();
wrapClock();
await wrapKernel();
await wrapGate();
around(PacketSegment.prototype, "announce", "before-announce");
around(PacketSegment.prototype, "extend", "before-announce");
await import("../../../packages/sidecar/src/main.ts");

function control(): FaultControl {
  try {
    return JSON.parse(readFileSync(file, "utf8")) as FaultControl;
  } catch {
    // No file: no fault. It is replaced by rename, so there is never half a file.
    return {};
  }
}

/** The process is at this step now. */
function reached(phase: Phase): void {
  const { freeze, clock } = control();
  if (clock?.stepAt === phase) steps += 1;
  if (freeze?.phase !== phase || freeze.order === served) return;
  served = freeze.order;
  process.kill(process.pid, "SIGSTOP");
}

function wrapClock(): void {
  const clock = SystemClock.prototype;
  const wallTimeMs = clock.wallTimeMs;
  clock.wallTimeMs = function (this: SystemClock) {
    const offsets = control().clock?.offsetsMs ?? [];
    return wallTimeMs.call(this) + (offsets[steps % offsets.length] ?? 0);
  };
}

/** The class is not exported, and all that is needed is where its methods are. */
async function wrapKernel(): Promise<void> {
  const kernel = await openRtNetlink();
  around(Object.getPrototypeOf(kernel), "replaceAddress", "before-address", "after-address");
  kernel.close();
}

/** Where there are no nf_tables there is no such gate, and its steps are never reached. */
async function wrapGate(): Promise<void> {
  const options = { level: "nft-arp", family: 4, protocol: 84, lease: "" } as const;
  const gate = await openNftGate(options).catch(() => undefined);
  if (gate === undefined) return;
  for (const verb of ["install", "open", "refresh"])
    around(Object.getPrototypeOf(gate), verb, "before-gate", "after-gate");
  gate.end();
}

function wrapWrite(): void {
  around(KubeLeaseLock.prototype, "write", "before-write", "write-answered");
  const request = https.request as Verb;
  const replaced: Verb = (...args) => {
    const sending = request(...args) as ReturnType<typeof https.request>;
    if (sending.method === "PUT") sending.once("finish", () => reached("write-sent"));
    return sending;
  };
  https.request = replaced as typeof https.request;
}

/** `before` when the method is called; `after` when what it promised is there, before its caller hears of it. */
function around(prototype: object, method: string, before: Phase, after?: Phase): void {
  const methods = prototype as Record<string, Verb>;
  const original = methods[method];
  if (original === undefined) throw new TypeError(`there is no ${method} to wrap`);
  methods[method] = function (this: unknown, ...args) {
    reached(before);
    const result = original.apply(this, args);
    if (after === undefined) return result;
    return Promise.resolve(result).finally(() => reached(after));
  };
}
