/**
 * From everything we are told to one Config, or to all that is wrong with it. Pure: the file's text, the environment,
 * the flags and the machine's facts come in as values (adapters/settings.ts). Never throws on any of them.
 */
import type { IpAddress } from "@vcluster-kube-vip/routing";
import type { Config, ConfigResult, Problem } from "./config.ts";
import { checkEnvironment } from "./kube-vip-environment.ts";
import { checkMissing } from "./missing.ts";
import { checkHttpIsNotOnVip, checkVipInSubnet, checkVipIsNotPodIp, checkVipPort } from "./network.ts";
import { problem } from "./problem.ts";
import {
  type Facts,
  readFence,
  readHttp,
  readIdentity,
  readKubeApi,
  readLease,
  readMoves,
  readRouting,
  readVip,
} from "./sections.ts";
import { BLOCK, CHART_KEYS, OWN_SECTION } from "./setting.ts";
import { ALL_SETTINGS, SETTINGS } from "./settings.ts";
import { Reader } from "./sources.ts";
import { findYamlKeys, type YamlKeys } from "./vcluster-yaml.ts";
import type { YamlFile } from "./yaml-problems.ts";

export interface ConfigInput {
  /**
   * The mounted vcluster.yaml; absent where none is mounted; with the reason where it could not be read. Or what
   * somebody has found already, in files that are merged only later (lint).
   */
  readonly file: YamlFile | { readonly name: string; readonly unreadable: string } | YamlKeys | undefined;
  /** By setting name: `{ leaseName: "…" }`. */
  readonly flags: Readonly<Record<string, string | undefined>>;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly facts: Facts;
}

const KEYS = ALL_SETTINGS.flatMap((setting) => setting.keys);

/** All problems at once, in the order: file, environment, what is missing, values and how they fit. */
export function loadConfig(input: ConfigInput): ConfigResult {
  const yaml = readFile(input.file);
  const reader = new Reader({ flags: input.flags, env: input.env, file: yaml.values });
  const owner = readOwner(reader);
  // Only to report an unreadable path: whoever read the file has followed it already.
  reader.read(SETTINGS.configFile);
  const vip = readVip(reader);
  const around = {
    inVcluster: input.file !== undefined || reader.isSaid(SETTINGS.vclusterName),
    likeKubeVip: vip?.address.place === "kube-vip",
    vipPort: vip?.port,
    podIp: reader.read(SETTINGS.podIp)?.value,
  };
  const interfaceName = reader.read(SETTINGS.interface)?.value;
  const gateway = reader.read(SETTINGS.gateway);
  const http = readHttp(reader, around);
  const logLevel = reader.readOrDefault(SETTINGS.logLevel).value;
  const rest = {
    lease: readLease(reader, around),
    routing: readRouting(reader),
    fence: readFence(reader),
    identity: readIdentity(reader, input.facts),
    kubeApi: readKubeApi(reader, around),
    moves: readMoves(reader),
    quorum: reader.readOrDefault(SETTINGS.quorum).value,
  };
  if (vip !== undefined) {
    if (gateway !== undefined) reader.report(...checkVipInSubnet(vip.address, gateway));
    if (around.inVcluster) reader.report(...checkVipPort(vip));
    reader.report(
      ...checkVipIsNotPodIp(vip.address, around.podIp),
      ...checkHttpIsNotOnVip(vip.address, http.addresses),
    );
  }
  const missing = yaml.readable ? checkMissing(reader, around.inVcluster) : [];
  const problems = [...yaml.problems, ...checkEnvironment(input.env), ...missing, ...reader.problems];
  const voice = { http: { port: http.port, addresses: besides(vip?.address.value, http.addresses.value) }, logLevel };
  if (owner === "vcluster") return { t: "other-owner", voice, problems };
  const isBroken = problems.some(({ severity }) => severity === "error");
  if (isBroken || vip === undefined || interfaceName === undefined) return { t: "invalid", voice, problems };
  const { address, port } = vip;
  const config = { vip: { address: address.value, port, interfaceName, gateway: gateway?.value }, ...rest, ...voice };
  return { t: "valid", config, problems };
}

/** Which Lease it is, and what is wrong with how that is said: for who asks from elsewhere, and knows no more. */
export function loadLease(input: ConfigInput): Pick<Config, "lease"> & { readonly problems: readonly Problem[] } {
  const reader = new Reader({ flags: input.flags, env: input.env, file: readFile(input.file).values });
  const likeKubeVip = readVip(reader)?.address.place === "kube-vip";
  const { length } = reader.problems;
  return { lease: readLease(reader, { likeKubeVip }), problems: reader.problems.slice(length) };
}

/** Also where configured otherwise: nothing of ours is served on the VIP. */
function besides(vip: IpAddress | undefined, addresses: readonly IpAddress[]): readonly IpAddress[] {
  return addresses.filter((address) => address !== vip);
}

function readFile(file: ConfigInput["file"]): YamlKeys {
  if (file === undefined) return { readable: true, values: new Map(), problems: [] };
  if ("readable" in file) return file;
  if ("text" in file) return findYamlKeys(file, KEYS, { closed: [OWN_SECTION, BLOCK], foreign: CHART_KEYS });
  const sentence = `expected a readable vcluster.yaml, but ${file.unreadable}: mount it, or set configFile to where it is`;
  const origin = { field: file.name, position: undefined };
  return { readable: false, values: new Map(), problems: [problem("FILE_UNREADABLE", origin, sentence)] };
}

function readOwner(reader: Reader): "vcluster" | "us" {
  const enabled = reader.read(SETTINGS.enabled);
  if (enabled === undefined || !enabled.value) return "us";
  const sentence =
    "expected false, but found true, so vCluster's own kube-vip owns the VIP and this sidecar stays passive: install with the overlay, which sets it to false";
  reader.report(problem("OTHER_OWNER", enabled.origin, sentence));
  return "vcluster";
}
