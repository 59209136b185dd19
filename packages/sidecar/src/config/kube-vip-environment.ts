/**
 * What becomes of kube-vip's environment names that are no settings here: what is refused, what is left out with a word,
 * what needs no word, and what nobody knows. After kube-vip 1.2 (pkg/kubevip/config_envvar.go).
 */
import type { Problem } from "./config.ts";
import { boolean } from "./kinds.ts";
import { nearestName } from "./nearest-name.ts";
import { type Origin, problem, quote } from "./problem.ts";
import { OWN_SECTION } from "./setting.ts";
import { ALL_SETTINGS } from "./settings.ts";

type Environment = Readonly<Record<string, string | undefined>>;

/** Switches that must not be off: kube-vip without them has no VIP for the control plane. */
export const REQUIRED_ON: Readonly<Record<string, string>> = {
  vip_arp: "only ARP mode (and its IPv6 twin) is served",
  cp_enable: "only the control plane's VIP is served",
};

/** Switches that must not be on: another way to be reachable, which this program has not. */
export const REFUSED: Readonly<Record<string, string>> = {
  bgp_enable: "the VIP is announced by ARP, not by BGP",
  vip_routingtable: "the VIP is held by one elected replica, not routed to all",
  vip_wireguard: "the VIP is announced by ARP, not through WireGuard",
  vip_ddns: "the VIP is a fixed address, not one from DHCP",
};

/** What kube-vip does and this program does not; `idle` values ask for nothing. */
export const LEFT_OUT: Readonly<Record<string, { readonly idle: readonly string[]; readonly effect: string }>> = {
  vip_subnet: { idle: ["32", "/32", "128", "/128"], effect: "the VIP is added as one address, /32 or /128" },
  vip_cidr: { idle: ["32", "/32", "128", "/128"], effect: "the VIP is added as one address, /32 or /128" },
  svc_enable: { idle: ["false", "0"], effect: "Services of type LoadBalancer are not announced" },
  lb_enable: { idle: ["false", "0"], effect: "the holder answers alone, connections are not spread" },
  enable_node_labeling: { idle: ["false", "0"], effect: "nodes are not labelled" },
  health_check_port: { idle: ["0"], effect: "/healthz is served on httpPort" },
  vip_preserve_on_leadership_loss: { idle: ["false", "0"], effect: "a VIP is never kept without the Lease" },
  vip_leaseannotations: { idle: ["{}"], effect: "the Lease gets no annotations but ours" },
  config_file: { idle: [], effect: "kube-vip's own file is not read" },
};

/** Needs no word: of no meaning here, or done here anyway. */
export const IGNORED: readonly string[] = [
  "vip_allow_interface_not_up",
  "vip_arpRate",
  "vip_cleanroutingtable",
  "vip_configmap",
  "vip_interfaceloglobal",
  "vip_leaderelection",
  "vip_loseleadership",
  "vip_loseleadership_timeout_seconds",
  "vip_routingprotocol",
  "vip_routingtableid",
  "vip_routingtableprotocol",
  "vip_routingtabletype",
  "vip_servicesinterface",
  "vip_singlenode",
  "vip_skipdad",
  "vip_startleader",
  "cp_detect",
];

const KNOWN_NAMES: readonly string[] = [
  ...ALL_SETTINGS.flatMap((setting) => setting.kubeVipEnv),
  ...Object.keys(REQUIRED_ON),
  ...Object.keys(REFUSED),
  ...Object.keys(LEFT_OUT),
  ...IGNORED,
];

const OWN_PREFIX = "VCLUSTER_KUBE_VIP_";
const OWN_NAMES: readonly string[] = ALL_SETTINGS.flatMap(({ env }) => (env === undefined ? [] : [env]));
/** What Kubernetes sets for a Service called vcluster-kube-vip (enableServiceLinks). */
const SERVICE_LINK = /^VCLUSTER_KUBE_VIP_(SERVICE_|PORT$|PORT_)/;

export function checkEnvironment(env: Environment): readonly Problem[] {
  const problems: Problem[] = [];
  for (const [name, value] of Object.entries(env)) {
    if (value === undefined || value === "") continue;
    const found = checkVariable(name, value);
    if (found !== undefined) problems.push(found);
  }
  return problems;
}

function checkVariable(name: string, value: string): Problem | undefined {
  const origin: Origin = { field: `$${name}`, position: undefined };
  const reason = own(REQUIRED_ON, name) ?? own(REFUSED, name);
  if (reason !== undefined) return checkSwitch(origin, value, { wanted: Object.hasOwn(REQUIRED_ON, name), reason });
  const leftOut = own(LEFT_OUT, name);
  if (leftOut !== undefined) {
    if (leftOut.idle.includes(value.toLowerCase())) return undefined;
    const sentence = `expected it unset, but found ${quote(value)}, which has no effect: ${leftOut.effect}`;
    return problem("KUBE_VIP_LEFT_OUT", origin, sentence);
  }
  if (KNOWN_NAMES.includes(name) || OWN_NAMES.includes(name)) return undefined;
  return unknownName(origin, name);
}

function checkSwitch(
  origin: Origin,
  value: string,
  { wanted, reason }: { readonly wanted: boolean; readonly reason: string },
): Problem | undefined {
  const reading = boolean.read(value);
  if (reading.t === "valid" && reading.value === wanted) return undefined;
  const cure = `${reason}; remove the variable, or keep kube-vip for this`;
  return problem("KUBE_VIP_MODE", origin, `expected ${wanted} or nothing, but found ${quote(value)}: ${cure}`);
}

/** Of names that begin like kube-vip's and ours; `cp_` is short enough to be others' too, so it must be near a known name. */
function unknownName(origin: Origin, name: string): Problem | undefined {
  if (name.startsWith(OWN_PREFIX)) {
    if (SERVICE_LINK.test(name)) return undefined;
    const near = nearestName(name, OWN_NAMES);
    return problem(
      "UNKNOWN_SETTING",
      origin,
      `expected a setting's name, but this is none and has no effect: ${cureFor(near)}`,
    );
  }
  // A pod has hundreds of variables (service links), and looking for a near name takes a while: only where it may be one.
  if (!name.startsWith("vip_") && !name.startsWith("cp_")) return undefined;
  const near = nearestName(name, KNOWN_NAMES);
  if (name.startsWith("cp_") && near === undefined) return undefined;
  const sentence = `expected a name that kube-vip knows, but this is none and has no effect: ${cureFor(near)}`;
  return problem("KUBE_VIP_UNKNOWN_NAME", origin, sentence);
}

function cureFor(near: string | undefined): string {
  if (near !== undefined) return `did you mean ${near}?`;
  return `remove it; settings of this program are in ${OWN_SECTION} or begin with ${OWN_PREFIX}`;
}

function own<T>(record: Readonly<Record<string, T>>, name: string): T | undefined {
  return Object.hasOwn(record, name) ? record[name] : undefined;
}
