/**
 * `manifest pod`: from flags and Kubespray's variables to a static pod for bare control planes. It holds only what is
 * said; defaults stay the program's. Checked as the program will check it. Pure; never throws on any text.
 */
import type { Problem } from "../config/config.ts";
import { loadConfig } from "../config/load.ts";
import { vipAddress, port as vipPort } from "../config/network-kinds.ts";
import { unreadable } from "../config/problem.ts";
import { HOST_KUBECONFIG } from "../config/sections.ts";
import { ALL_SETTINGS, SETTINGS } from "../config/settings.ts";
import type { YamlFile } from "../config/yaml-problems.ts";
import type { ContainerOptions } from "../overlay/container.ts";
import { readGroupVars } from "./kubespray.ts";
import { fault, note, type Remark } from "./remark.ts";
import type { Said } from "./said.ts";
import { staticPodText } from "./static-pod.ts";

export interface ManifestOptions {
  /** By setting, as given on the command line; `address` and `port` instead of `endpoint`. */
  readonly flags: Readonly<Record<string, string | undefined>>;
  /** While `kubeadm init` runs on the first control plane. */
  readonly init: boolean;
  readonly container: ContainerOptions;
}

export type Manifest =
  | { readonly t: "made"; readonly text: string; readonly remarks: readonly Remark[] }
  /** At least one remark is an error. */
  | { readonly t: "refused"; readonly remarks: readonly Remark[] };

/**
 * Since 1.29 kubeadm gives admin.conf its rights only when the API server answers at the VIP, and it is this pod that
 * makes it answer there. super-admin.conf has them from the start.
 */
const INIT_KUBECONFIG = "/etc/kubernetes/super-admin.conf";

/** @param files Kubespray's group_vars, later ones win; may be none */
export function makeManifest(files: readonly YamlFile[], { flags, init, container }: ManifestOptions): Manifest {
  const given = Object.entries(flags).flatMap(([name, text]) =>
    text ? [[name, saidByFlag(name, text)] as const] : [],
  );
  const groupVars = readGroupVars(files, new Set(given.map(([name]) => name)));
  const said = new Map([...groupVars.said, ...given]);
  const remarks = [...groupVars.remarks, ...checked(said), ...(init ? checkInit(said) : [])];
  if (remarks.some(({ severity }) => severity === "error")) return { t: "refused", remarks };
  const kubeconfig = init ? INIT_KUBECONFIG : (said.get("kubeconfig")?.text ?? HOST_KUBECONFIG);
  const head = [...(init ? INIT_REMARKS : []), ...remarksOn(files, groupVars.remarks)];
  return { t: "made", text: staticPodText({ container, env: environment(said), kubeconfig, remarks: head }), remarks };
}

function saidByFlag(name: string, text: string): Said {
  const flag = ALL_SETTINGS.find((setting) => setting.name === name)?.flag ?? `--${name}`;
  return { text, origin: { field: flag, position: undefined } };
}

/** As the program reads it on the machine, with the places where it was said here. */
function checked(said: ReadonlyMap<string, Said>): readonly Remark[] {
  const address = said.get("address");
  if (address === undefined) {
    const sentence = "expected the VIP, but it is set nowhere: give it, as in 192.168.12.10";
    return [fault("ENDPOINT_MISSING", { field: "--address", position: undefined }, sentence)];
  }
  const faults = [checkKind(vipAddress, address), checkKind(vipPort, said.get("port"))].flat();
  if (faults.length > 0) return faults;
  const flags = Object.fromEntries([...said].map(([name, { text }]) => [name, text]));
  // What only the machine knows is in no relation to what is said here.
  const facts = { hostname: "localhost", bootId: "" };
  const { problems } = loadConfig({ file: undefined, env: {}, flags: { ...flags, endpoint: endpointOf(said) }, facts });
  return problems.map((problem) => ({ ...problem, ...originOf(problem, said) }));
}

function checkKind(kind: typeof vipAddress | typeof vipPort, said: Said | undefined): readonly Remark[] {
  if (said === undefined) return [];
  const reading = kind.read(said.text);
  return reading.t === "valid" ? [] : [unreadable(said.origin, kind.expected, said.text, reading)];
}

function originOf({ field, position }: Problem, said: ReadonlyMap<string, Said>) {
  if (field === "--endpoint") return said.get("address")?.origin;
  const setting = ALL_SETTINGS.find(
    ({ flag, kubeVipEnv }) => flag === field || kubeVipEnv.some((env) => `$${env}` === field),
  );
  if (setting === undefined) return { field, position };
  return said.get(setting.name)?.origin ?? { field: setting.flag ?? field, position };
}

function endpointOf(said: ReadonlyMap<string, Said>): string {
  const address = said.get("address")?.text ?? "";
  const port = said.get("port")?.text ?? SETTINGS.port.defaultText;
  return address.includes(":") ? `[${address}]:${port}` : `${address}:${port}`;
}

/** In the order of docs/configuration.md. The kubeconfig is mounted to where the default looks. */
function environment(said: ReadonlyMap<string, Said>): ReadonlyMap<string, string> {
  const endpoint = { text: endpointOf(said) };
  return new Map(
    ALL_SETTINGS.flatMap(({ name, env }) => {
      const value = name === "endpoint" ? endpoint : said.get(name);
      return env === undefined || value === undefined || name === "kubeconfig" ? [] : [[env, value.text] as const];
    }),
  );
}

function checkInit(said: ReadonlyMap<string, Said>): readonly Remark[] {
  const kubeconfig = said.get("kubeconfig");
  if (kubeconfig === undefined) return [];
  const sentence = `expected it alone, but --kubeconfig is given, too: with --init the kubeconfig is ${INIT_KUBECONFIG}, leave one of them out`;
  return [{ ...note({ field: "--init", position: undefined }, sentence), severity: "error" }];
}

const INIT_REMARKS = [
  "For the first control plane while `kubeadm init` runs there: until it has ended, admin.conf may do nothing.",
  `Afterwards put the manifest without --init in its place, so that ${INIT_KUBECONFIG} can be taken away.`,
];

function remarksOn(files: readonly YamlFile[], remarks: readonly Remark[]): readonly string[] {
  if (files.length === 0) return [];
  const names = files.map(({ name }) => name.split("/").at(-1)).join(", ");
  return ["", `From ${names}:`, ...remarks.map(({ field, message }) => `  ${field}: ${message}`)];
}
