import { type FenceLevel, type Gate, type Opening, RoutingError, ValidLftGate } from "@vcluster-kube-vip/routing";
import { ip, MemoryClock, MemoryGate, mac } from "@vcluster-kube-vip/routing/testing";
import { describe, expect, it } from "vitest";
import type { Happening } from "../observe/happening.ts";
import { Fence } from "./fence.ts";

const target = { vip: ip("10.100.0.100"), linkName: "net1", linkIndex: 7 };
const unsupported = new RoutingError("GATE_UNSUPPORTED", "no nf_tables here");

interface Given {
  readonly missing?: readonly FenceLevel[];
  readonly fence?: "strict" | "best";
  readonly aim?: FenceLevel;
  /** Whose gate nft-egress opens; default ours. */
  readonly egressLease?: string;
}

const opening: Opening = { holderIdentity: "cp-0_uid_nonce", untilWallMs: 1e15, timeoutMs: 5_000 };

function ladder({ missing = [], fence = "best", aim = "nft-egress", egressLease = "ns/lease" }: Given = {}) {
  const clock = new MemoryClock();
  const told: Happening[] = [];
  const gates = new Map<FenceLevel, MemoryGate>();
  const levels: readonly FenceLevel[] = ["nft-egress", "nft-arp", "responder"];
  for (const level of levels)
    gates.set(level, new MemoryGate(clock, level === "nft-egress" ? egressLease : "ns/lease", level));
  const open = async (level: FenceLevel): Promise<Gate> => {
    if (missing.includes(level)) throw unsupported;
    return gates.get(level) ?? new ValidLftGate("ns/lease");
  };
  const rungs = [...levels, "valid-lft" as const].map((level) => ({ level, open: () => open(level) }));
  const made = new Fence({
    rungs,
    fence,
    fenceLevel: aim,
    lease: "ns/lease",
    tell: (happening) => told.push(happening),
  });
  const gate = (level: FenceLevel): MemoryGate => {
    const found = gates.get(level);
    if (found === undefined) throw new TypeError(`no ${level}`);
    return found;
  };
  return { fence: made, told, gate };
}

describe("the ladder of fence levels", () => {
  it("stands on the level aimed at, and says so once", async () => {
    const { fence, told, gate } = ladder();
    await fence.install(target, undefined);
    await fence.read(target);
    expect(fence.level).toBe("nft-egress");
    expect(gate("nft-egress").silences).toBe(true);
    expect(told).toEqual([{ t: "fence", fenceLevel: "nft-egress", aim: "nft-egress", reason: undefined }]);
  });

  it("steps down to the next level that this host has, and says why", async () => {
    const { fence, told, gate } = ladder({ missing: ["nft-egress", "nft-arp"] });
    await fence.install(target, undefined);
    expect(fence.level).toBe("responder");
    expect(gate("responder").silences).toBe(true);
    expect(told).toEqual([{ t: "fence", fenceLevel: "responder", aim: "nft-egress", reason: unsupported.message }]);
  });

  it("relays where the level that is stood on does", async () => {
    const giver = mac("02:00:00:00:00:02");
    for (const missing of [[], ["nft-egress"]] as const) {
      const { fence, gate } = ladder({ missing });
      await fence.install(target, undefined);
      await fence.relay.prepare(target);
      expect(await fence.relay.arm(target, giver)).toBe(missing.length === 0 ? "done" : "missing");
      expect(gate("nft-egress").givers).toEqual(missing.length === 0 ? [giver] : []);
    }
  });

  it("begins at the level aimed at, though a stronger one can be had", async () => {
    const { fence, gate } = ladder({ aim: "nft-arp" });
    await fence.install(target, undefined);
    expect(fence.level).toBe("nft-arp");
    expect(gate("nft-egress").calls).toEqual([]);
  });

  it("steps down from what somebody else's table stands on, and leaves that alone", async () => {
    const { fence, told, gate } = ladder();
    for (const level of ["nft-egress", "nft-arp"] as const) gate(level).putForeign("table arp t");
    expect(await fence.read(target)).toEqual({ t: "absent" });
    expect(fence.level).toBe("responder");
    expect(JSON.stringify(told)).toContain("table arp t");
  });

  it("steps down, too, where the foreign table is only found while installing", async () => {
    const { fence, gate } = ladder();
    for (const level of ["nft-egress", "nft-arp"] as const) gate(level).putForeign("table arp t");
    await fence.install(target, undefined);
    expect(fence.level).toBe("responder");
  });

  it("has at its foot a level that every host has", async () => {
    const { fence } = ladder({ missing: ["nft-egress", "nft-arp", "responder"] });
    await fence.install(target, undefined);
    expect(fence.level).toBe("valid-lft");
  });

  it("installs nothing weaker where it is strict, and says what to do", async () => {
    const { fence, gate } = ladder({ missing: ["nft-egress"], fence: "strict" });
    expect(await fence.read(target)).toEqual({ t: "absent" });
    await expect(fence.install(target, undefined)).rejects.toThrow(
      /nft-egress cannot be had here: .*set fence to best/,
    );
    expect(gate("nft-arp").calls).toEqual([]);
    expect(await fence.remove()).toBe("missing");
  });

  it("keeps to a level that is there where it is strict", async () => {
    const { fence } = ladder({ fence: "strict", aim: "nft-arp" });
    await fence.install(target, undefined);
    expect(fence.level).toBe("nft-arp");
  });

  it("removes what an earlier life left on another rung, where it would silence the VIP for ever", async () => {
    const { fence, gate } = ladder();
    await gate("responder").install(target, undefined);
    await fence.install(target, undefined);
    expect(gate("responder").silences).toBe(false);
    expect(gate("nft-egress").silences).toBe(true);
  });

  it("removes it without an installation, too: a life that never holds leaves nothing of another level behind", async () => {
    const { fence, gate } = ladder();
    await gate("responder").install(target, undefined);
    expect(await fence.read(target)).toEqual({ t: "absent" });
    expect(await fence.remove()).toBe("done");
    expect(gate("responder").silences).toBe(false);
    expect(await fence.remove()).toBe("missing");
  });

  it("removes it where it is strict and its own level cannot be had", async () => {
    const { fence, gate } = ladder({ missing: ["nft-egress"], fence: "strict" });
    await gate("responder").install(target, undefined);
    expect(await fence.remove()).toBe("done");
    expect(gate("responder").silences).toBe(false);
  });

  it("shows another Lease's holder who stands on another rung, so that nothing of his is cleared away", async () => {
    const { fence, gate } = ladder({ aim: "responder", egressLease: "ns/other" });
    await gate("nft-egress").install(target, opening);
    expect(await fence.read(target)).toMatchObject({ t: "open", lease: "ns/other" });
  });

  it("does not take its own Lease's opening on another rung for one to go on with", async () => {
    const { fence, gate } = ladder({ aim: "responder" });
    await gate("nft-egress").install(target, opening);
    expect(await fence.read(target)).toEqual({ t: "absent" });
  });

  it("tells of changes by another hand on the rung that it stands on", async () => {
    const { fence, gate } = ladder();
    let changed = 0;
    await fence.subscribe(() => {
      changed += 1;
    });
    await fence.install(target, undefined);
    gate("nft-egress").flushRuleset();
    gate("nft-arp").flushRuleset();
    expect(changed).toBe(1);
  });

  it("does not take a refusal that may pass for a missing level", async () => {
    const { fence, gate } = ladder();
    gate("nft-egress").failNext("install", new RoutingError("KERNEL_TIMEOUT", "no answer"));
    await expect(fence.install(target, undefined)).rejects.toMatchObject({ code: "KERNEL_TIMEOUT" });
    expect(fence.level).toBe("nft-egress");
  });
});
