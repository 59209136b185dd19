/** What keeps this host silent past its deadline: the level aimed at, the one in force, and the gate itself. */
import { FENCE_LEVELS, type FenceLevel, type GateReading } from "@vcluster-kube-vip/routing";
import type { Config } from "../../config/config.ts";
import { check, notLookedAt } from "../check.ts";
import { type Fault, fault, ok } from "../finding.ts";
import type { GateLook, Looks } from "../looks.ts";

export interface FenceFacts {
  readonly fence: Config["fence"];
  readonly gate: GateLook;
  /** What the sidecar stands on; undefined: it does not say, or does not yet know. */
  readonly inForce: FenceLevel | undefined;
  readonly isVipHere: boolean;
}

export const fence = check<Looks, FenceFacts>({
  name: "fence",
  look: async (looks) => {
    const { vip, fence } = looks.config;
    if ((await looks.link()) === undefined) return notLookedAt(`${vip.interfaceName} is not there`);
    const [gate, sidecar, network] = await Promise.all([looks.gate(), looks.sidecar(), looks.network()]);
    const said = sidecar.t === "answered" ? sidecar.status.vip.fenceLevel : null;
    const inForce = FENCE_LEVELS.find((level) => level === said);
    return { fence, gate, inForce, isVipHere: network.vip.length > 0 };
  },
  judge: (facts) => {
    const { fence: aim, gate, inForce } = facts;
    const faults = [...levelFaults(facts), ...gateFaults(facts)];
    if (faults.length > 0) return faults;
    const level = inForce === undefined ? `${gate.available} can be had here` : `${inForce} is in force`;
    return [ok(`${level}, aimed at ${aim.level} (${aim.mode}); ${stateOf(gate.reading)}`)];
  },
});

function levelFaults({ fence: aim, gate, inForce = gate.available }: FenceFacts): readonly Fault[] {
  if (FENCE_LEVELS.indexOf(inForce) <= FENCE_LEVELS.indexOf(aim.level)) return [];
  const why = gate.reason ?? "the sidecar's log says why (fence)";
  return aim.mode === "strict"
    ? [fault("FENCE_REFUSED", `${aim.level} is demanded (strict) and cannot be had here: ${why}`)]
    : [fault("FENCE_WEAKER", `${inForce} is in force instead of ${aim.level}: ${why}`)];
}

function gateFaults({ gate, isVipHere, inForce = gate.available }: FenceFacts): readonly Fault[] {
  const { reading } = gate;
  if (reading?.t === "foreign")
    return [fault("GATE_NOT_OURS", `${reading.what} has the gate's name, and not its mark`)];
  const isMade = reading?.t === "open" || reading?.t === "closed";
  const isWanted = isVipHere && (inForce === "nft-egress" || inForce === "nft-arp");
  if (isMade || !isWanted || reading === undefined) return [];
  const what = reading.t === "damaged" ? `is damaged: ${reading.what}` : "is not there";
  return [fault("GATE_MISSING", `the VIP is here, and its gate ${what}`)];
}

function stateOf(reading: GateReading | undefined): string {
  switch (reading?.t) {
    case "open":
      return `the gate is open for another ${(reading.opening.timeoutMs / 1000).toFixed(1)} s`;
    case "closed":
      return "the gate is closed";
    default:
      return "there is no gate";
  }
}
