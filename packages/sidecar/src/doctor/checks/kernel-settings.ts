/**
 * The kernel's ARP and routing settings (networking/ip-sysctl.rst) that can silence a VIP of /32. They belong to whoever
 * made the pod's network: reported, never set. IPv6 has none of them.
 */
import { familyOf } from "@vcluster-kube-vip/routing";
import { readMark } from "../../adapters/mute-mark.ts";
import type { SidecarAnswer } from "../../adapters/sidecar-page.ts";
import { check, notLookedAt, notNeeded } from "../check.ts";
import { fault, ok, type Verdict } from "../finding.ts";
import type { KernelSetting, Looks } from "../looks.ts";
import { missingRouting } from "./routes.ts";

const OF_IPV4 = "a setting of IPv4; the VIP is an IPv6 address";

export interface SettingFacts {
  readonly linkName: string;
  readonly setting: KernelSetting;
  /** Whether the policy rule that sends the VIP's answers back by its own link is there. */
  readonly hasRule: boolean;
}

/** For a setting whose effect hangs on the rule; skipped where the VIP is IPv6's. */
async function settingFacts(looks: Looks, name: "rpFilter" | "arpAnnounce" | "arpFilter") {
  const { vip } = looks.config;
  if (familyOf(vip.address) === 6) return notNeeded(OF_IPV4);
  const link = await looks.link();
  if (link === undefined) return notLookedAt(`${vip.interfaceName} is not there`);
  const [settings, network] = await Promise.all([looks.settings(), looks.network()]);
  const { rules, foreign, isUnsure } = missingRouting(looks.config, link, network);
  const hasRule = vip.gateway !== undefined && rules.length + foreign.length === 0 && !isUnsure;
  return { linkName: vip.interfaceName, setting: settings[name], hasRule, settings };
}

const RP_FILTER_MODES = ["off", "strict", "loose"] as const;

/** The larger of both is in force. */
export const rpFilter = check<Looks, SettingFacts>({
  name: "rp_filter",
  look: (looks) => settingFacts(looks, "rpFilter"),
  judge: ({ linkName, setting, hasRule }) => {
    const inForce = Math.max(setting.all, setting.link);
    const mode = RP_FILTER_MODES[inForce] ?? "unknown to this program";
    const found = `${linkName}: ${inForce}, ${mode} (all ${setting.all}, ${linkName} ${setting.link})`;
    if (inForce !== 1 || hasRule) return [ok(inForce === 1 ? `${found}, which the policy rule satisfies` : found)];
    return [
      fault(
        "RP_FILTER_STRICT",
        `${found}: without the policy rule the kernel drops what comes by ${linkName}, ARP too`,
      ),
    ];
  },
});

export interface ArpIgnoreFacts {
  readonly linkName: string;
  readonly setting: KernelSetting;
  readonly alias: string | undefined;
  /** namespace/name of our Lease. */
  readonly lease: string;
  readonly sidecar: SidecarAnswer;
}

/** Answers only where the sender's address is in the subnet of the address asked for: a VIP of /32 has none. */
const ARP_IGNORE_OTHER_SUBNETS = 2;
const ARP_IGNORE_ALL = 8;

/** The larger of both is in force, and a number that means nothing is taken as 0. */
export const arpIgnore = check<Looks, ArpIgnoreFacts>({
  name: "arp_ignore",
  look: async (looks) => {
    const { vip, lease } = looks.config;
    if (familyOf(vip.address) === 6) return notNeeded(OF_IPV4);
    const link = await looks.link();
    if (link === undefined) return notLookedAt(`${vip.interfaceName} is not there`);
    const [{ arpIgnore: setting }, sidecar] = await Promise.all([looks.settings(), looks.sidecar()]);
    const ourLease = `${lease.namespace}/${lease.name}`;
    return { linkName: link.name, alias: link.alias, setting, lease: ourLease, sidecar };
  },
  judge: ({ linkName, setting, alias, lease, sidecar }) => {
    const inForce = Math.max(setting.all, setting.link);
    const found = `${linkName}: ${inForce} (all ${setting.all}, ${linkName} ${setting.link})`;
    if (inForce !== ARP_IGNORE_OTHER_SUBNETS && inForce !== ARP_IGNORE_ALL) return [ok(found)];
    const mark = setting.link === ARP_IGNORE_ALL ? readMark(alias) : undefined;
    if (mark === undefined)
      return [fault("ARP_IGNORE_BLOCKS", `${found}: the kernel does not answer for a VIP of /32 then`)];
    if (mark.lease === lease && sidecar.t === "answered" && sidecar.status.vip.fenceLevel === "responder")
      return [ok(`${found}: the sidecar answers in the kernel's place (fence level responder)`)];
    const left = `the alias of ${linkName} says that the sidecar of Lease ${mark.lease} answers, and it was ${mark.arpIgnore} before`;
    return [fault("ARP_IGNORE_LEFT", `${found}: ${left}, but no such sidecar runs here`)];
  },
});

const ARP_ANNOUNCE_MODES = [
  "any address of the host",
  "one of the target's subnet, if any",
  "the link's best",
] as const;

export interface ArpAnnounceFacts extends SettingFacts {
  /** In force where either is 1. */
  readonly arpFilter: KernelSetting;
}

/** Every arp_announce works; arp_filter beside it does with the rule only. */
export const arpAnnounce = check<Looks, ArpAnnounceFacts>({
  name: "arp_announce",
  look: async (looks) => {
    const facts = await settingFacts(looks, "arpAnnounce");
    return "t" in facts ? facts : { ...facts, arpFilter: facts.settings.arpFilter };
  },
  judge: ({ linkName, setting, arpFilter, hasRule }): readonly Verdict[] => {
    const filters = Math.max(arpFilter.all, arpFilter.link) > 0;
    if (filters && !hasRule)
      return [
        fault(
          "ARP_FILTER_BLOCKS",
          `arp_filter of ${linkName} is 1 (all ${arpFilter.all}, ${linkName} ${arpFilter.link}): without the policy rule the kernel answers nobody whom it would reach by another link`,
        ),
      ];
    const inForce = Math.max(setting.all, setting.link);
    const mode = ARP_ANNOUNCE_MODES[inForce] ?? "unknown to this program";
    return [
      ok(`${linkName}: ${inForce}, the kernel's own questions name ${mode}${filters ? "; arp_filter is 1" : ""}`),
    ];
  },
});
