/**
 * Reads Kubespray's group_vars: what they say about the VIP as settings, and for each variable a remark on what was done
 * with it. Fills no templates: that is Ansible's. Pure; never throws on any text.
 */
import { IGNORED, LEFT_OUT, REFUSED, REQUIRED_ON } from "../config/kube-vip-environment.ts";
import { nearestName } from "../config/nearest-name.ts";
import { type Origin, quote } from "../config/problem.ts";
import { ALL_SETTINGS } from "../config/settings.ts";
import type { YamlFile } from "../config/yaml-problems.ts";
import { mergeTrees } from "../lint/merge.ts";
import { readTree } from "../lint/read-tree.ts";
import { booleanOf, type Entry, isAbsent } from "../lint/tree.ts";
import { IN_ENVIRONMENT, IN_SETTINGS, REMARKS } from "./kubespray-variables.ts";
import { fault, note, type Remark } from "./remark.ts";
import type { Said } from "./said.ts";

export interface GroupVars {
  /** By setting. */
  readonly said: ReadonlyMap<string, Said>;
  readonly remarks: readonly Remark[];
}

const LOAD_BALANCER = "loadbalancer_apiserver";
const ENABLED = "kube_vip_enabled";
const KNOWN = [...Object.keys(IN_ENVIRONMENT), ...Object.keys(IN_SETTINGS), ...Object.keys(REMARKS), ENABLED];

/**
 * @param files later ones win, as Ansible's nearer ones do
 * @param flags the settings that the command line says, which win
 */
export function readGroupVars(files: readonly YamlFile[], flags: ReadonlySet<string>): GroupVars {
  const trees = files.map(readTree);
  const reading = new Reading(flags);
  for (const { severity, code, message, ...origin } of trees.flatMap(({ problems }) => problems))
    if (code !== "FILE_EMPTY") reading.remarks.push({ ...origin, severity, code: undefined, message });
  const { entries } = mergeTrees(trees);
  const before = reading.remarks.length;
  for (const [name, entry] of entries) if (name.startsWith("kube_vip_")) reading.readVariable(name, entry);
  const port = entries.get("kube_apiserver_port");
  if (port !== undefined) reading.readVariable("kube_apiserver_port", port);
  const loadBalancer = entries.get(LOAD_BALANCER);
  if (loadBalancer !== undefined) reading.readLoadBalancer(loadBalancer);
  if (files.length > 0 && reading.remarks.length === before) {
    const field = files.map(({ name }) => name).join(", ");
    reading.remarks.push(
      note({ field, position: undefined }, `nothing about kube-vip or ${LOAD_BALANCER} is said here`),
    );
  }
  return reading;
}

class Reading implements GroupVars {
  readonly said = new Map<string, Said>();
  readonly remarks: Remark[] = [];
  readonly #flags: ReadonlySet<string>;

  constructor(flags: ReadonlySet<string>) {
    this.#flags = flags;
  }

  readVariable(name: string, entry: Entry): void {
    const origin = originOf(name, entry);
    const env = own(IN_ENVIRONMENT, name);
    const setting =
      own(IN_SETTINGS, name) ?? ALL_SETTINGS.find(({ kubeVipEnv }) => kubeVipEnv.includes(env ?? ""))?.name;
    if (setting !== undefined) this.#take(setting, origin, entry);
    else if (name === ENABLED) this.remarks.push(note(origin, remarkOnEnabled(entry)));
    else if (env !== undefined) this.remarks.push(remarkOn(env, origin, entry));
    else this.remarks.push(remarkOnOther(name, origin));
  }

  /** What kubeconfigs are made to point at. Its address is the VIP's, and nobody translates its port. */
  readLoadBalancer(entry: Entry): void {
    const { value } = entry;
    for (const setting of ["address", "port"]) {
      const inner = value.t === "map" ? value.entries.get(setting) : undefined;
      if (inner === undefined) continue;
      const origin = originOf(`${LOAD_BALANCER}.${setting}`, inner);
      const variable = setting === "address" ? "kube_vip_address" : "kube_apiserver_port";
      const before = this.said.get(setting);
      const text = textOf(inner);
      if (before === undefined) this.#take(setting, origin, inner);
      else if (text === before.text || text.replaceAll(/\s/g, "") === `{{${variable}}}`)
        this.remarks.push(note(origin, `the same as ${variable}, as it must be`));
      else this.remarks.push({ ...note(origin, differs(text, variable, before)), severity: "warning" });
    }
    if (value.t !== "map")
      this.remarks.push(note(originOf(LOAD_BALANCER, entry), "left out: neither address nor port are in it"));
  }

  #take(setting: string, origin: Origin, entry: Entry): void {
    const text = textOf(entry);
    const flag = flagOf(setting);
    if (isAbsent(entry.value)) this.remarks.push(note(origin, "empty, so the default counts"));
    else if (this.#flags.has(setting)) this.remarks.push(note(origin, `left out: ${flag} is given, which wins`));
    else if (text.includes("{{"))
      this.remarks.push({ ...note(origin, `a template, which only Ansible fills: give ${flag}`), severity: "error" });
    else {
      // Kubespray writes the port with the colon that belongs to an empty address, too.
      this.said.set(setting, { text: setting === "httpPort" ? text.replace(/^:/, "") : text, origin });
      this.remarks.push(note(origin, `taken as ${flag} ${text}`));
    }
  }
}

function differs(text: string, variable: string, { text: other }: Said): string {
  return `expected ${variable}, ${quote(other)}, but found ${quote(text)}, which is where kubeconfigs will point: the VIP is not there, and its port is not translated`;
}

/** A name of kube-vip's environment that is no setting here. */
function remarkOn(env: string, origin: Origin, entry: Entry): Remark {
  const text = textOf(entry);
  const isOn = booleanOf(text);
  const reason = own(REQUIRED_ON, env) ?? own(REFUSED, env);
  if (isAbsent(entry.value)) return note(origin, "empty, so it says nothing");
  if (reason !== undefined) {
    const wanted = Object.hasOwn(REQUIRED_ON, env);
    if (isOn === wanted) return note(origin, `${wanted}, as here: ${reason}`);
    const sentence = `expected ${wanted} or nothing, but found ${quote(text)}, which is not supported yet: ${reason}; remove it, or keep kube-vip for this`;
    return fault("KUBE_VIP_MODE", origin, sentence);
  }
  const leftOut = own(LEFT_OUT, env);
  if (leftOut === undefined || IGNORED.includes(env))
    return note(origin, "left out: of no meaning here, or done in any case");
  if (leftOut.idle.includes(String(isOn ?? text))) return note(origin, "left out: it asks for nothing");
  const sentence = `expected it unset, but found ${quote(text)}, which is not supported yet and left out: ${leftOut.effect}`;
  return fault("KUBE_VIP_LEFT_OUT", origin, sentence);
}

/** Kubespray's own file is kube-vip.yml, so that both would be there. */
function remarkOnEnabled(entry: Entry): string {
  if (booleanOf(textOf(entry)) !== true) return "as it must be: Kubespray writes no manifest of kube-vip's";
  return "set it to false: else Kubespray writes kube-vip's own manifest, kube-vip.yml, beside this one";
}

function remarkOnOther(name: string, origin: Origin): Remark {
  const remark = own(REMARKS, name);
  if (remark !== undefined) return note(origin, remark);
  const near = nearestName(name, KNOWN);
  const cure = near === undefined ? "remove it, or see docs/bare-control-planes.md" : `did you mean ${near}?`;
  return fault("KUBE_VIP_UNKNOWN_NAME", origin, `expected a variable of Kubespray's, but this is none: ${cure}`);
}

function originOf(field: string, { key }: Entry): Origin {
  return { field, position: key.source.positionAt(key.start) };
}

function textOf({ value }: Entry): string {
  if (value.t === "scalar") return value.text;
  return value.t === "list" ? "a list" : "a map";
}

/** On this command's line. */
function flagOf(setting: string): string {
  return ALL_SETTINGS.find(({ name }) => name === setting)?.flag ?? `--${setting}`;
}

function own<T>(record: Readonly<Record<string, T>>, name: string): T | undefined {
  return Object.hasOwn(record, name) ? record[name] : undefined;
}
