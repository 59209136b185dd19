/** What a person with a shell in the pod (or a tool that tidies up) takes away or changes under a holder. */
import type { Pod } from "../pod.ts";
import { PAGE } from "../segment.ts";
import { type Fault, NOTHING_TO_HEAL } from "./fault.ts";

/** The page's default: the rule's priority and its table. */
const TABLE = "847";

const COMMANDS: readonly (readonly [name: string, argv: readonly string[]])[] = [
  ["address deleted by hand", ["ip", "addr", "del", `${PAGE.vip}/32`, "dev", PAGE.interfaceName]],
  ["rule flushed by hand", ["ip", "rule", "flush", "pref", TABLE]],
  ["all of the table's routes flushed by hand", ["ip", "route", "flush", "table", TABLE]],
  ["nft flush ruleset by hand", ["nft", "flush", "ruleset"]],
];

export const TAKEN_BY_HAND: readonly Fault[] = COMMANDS.map(([name, argv]) => ({
  name,
  victim: "holder",
  lastsMs: [0, 0],
  async apply(_bed, victim) {
    await victim.namespace.exec(argv);
    return NOTHING_TO_HEAL;
  },
}));

export const LINK_BOUNCED: Fault = {
  name: "net1 set down and up again",
  victim: "holder",
  lastsMs: [0, 1_000],
  async apply(_bed, victim) {
    await victim.namespace.ip(`link set ${PAGE.interfaceName} down`);
    return () => victim.namespace.ip(`link set ${PAGE.interfaceName} up`);
  },
};

export const MAC_CHANGED: Fault = {
  name: "MAC address of net1 changed",
  victim: "holder",
  lastsMs: [0, 0],
  async apply(_bed, victim, random) {
    await setMac(victim, madeUpMac(random));
    return NOTHING_TO_HEAL;
  },
};

/** By the bridge plugin both times, so that link index and host's end are new. */
export function net1Replaced(mac: "same" | "other"): Fault {
  return {
    name: `net1 removed and added again with ${mac === "same" ? "the same" : "another"} MAC address`,
    victim: "holder",
    lastsMs: [0, 3_000],
    async apply(_bed, victim) {
      const before = victim.mac;
      await victim.detachNet1();
      return async () => {
        await victim.attachNet1();
        if (mac === "same") await setMac(victim, before);
      };
    },
  };
}

async function setMac(pod: Pod, mac: string): Promise<void> {
  await pod.namespace.ip(`link set ${PAGE.interfaceName} address ${mac}`);
  if (pod.attachment !== undefined) pod.attachment = { ...pod.attachment, mac };
}

/** Locally administered, and none of stranger.ts's. */
function madeUpMac(random: () => number): string {
  const bytes = Array.from({ length: 5 }, () => Math.floor(random() * 256));
  return [0x06, ...bytes].map((byte) => byte.toString(16).padStart(2, "0")).join(":");
}
