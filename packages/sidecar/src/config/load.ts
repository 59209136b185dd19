/**
 * From everything we are told to one Config, or to all that is wrong with it. Pure: the file's text, the environment,
 * the flags and the machine's facts come in as values (adapters/settings.ts). Never throws on any of them.
 */
import type { InterfaceAddress } from "@vcluster-kube-vip/routing";
import type { Config, ConfigResult, Problem } from "./config.ts";
import { checkEnvironment } from "./kube-vip-environment.ts";
import { checkHttpIsNotOnVip, checkVipInSubnet, checkVipIsNotPodIp } from "./network.ts";
import { error, unreadable, warning } from "./problem.ts";
import {
  type Facts,
  readHttp,
  readIdentity,
  readKubeApi,
  readLease,
  readMoves,
  readRouting,
  readVip,
  type Vip,
} from "./sections.ts";
import { ALL_SETTINGS, BLOCK, OWN_SECTION, OWNER_KEY, OWNER_KIND, SETTINGS } from "./settings.ts";
import { type Given, Reader } from "./sources.ts";
import { type FoundValue, findYamlKeys, type YamlFile, type YamlKeys } from "./vcluster-yaml.ts";

export interface ConfigInput {
  /** The mounted vcluster.yaml; absent where none is mounted; with the reason where it could not be read. */
  readonly file: YamlFile | { readonly name: string; readonly unreadable: string } | undefined;
  /** By setting name: `{ leaseName: "…" }`. */
  readonly flags: Readonly<Record<string, string | undefined>>;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly facts: Facts;
}

const KEYS = [OWNER_KEY, ...ALL_SETTINGS.flatMap((setting) => setting.keys)];
/** vCluster's listener (controlPlane.proxy.port); nobody translates the VIP's port to it. */
const VCLUSTER_PORT = 8443;

/** All problems at once, in the order: file, environment, values, relations between values. */
export function loadConfig(input: ConfigInput): ConfigResult {
  const yaml = readFile(input.file);
  const reader = new Reader({ flags: input.flags, env: input.env, file: yaml.values });
  // Only to report an unreadable one: whoever read the file has found it already.
  reader.read(SETTINGS.configFile);
  const inVcluster = input.file !== undefined || reader.isSaid(SETTINGS.vclusterName);
  const vip = readVip(reader);
  const around = { inVcluster, likeKubeVip: vip?.address.place === "kube-vip", vipPort: vip?.port ?? VCLUSTER_PORT };
  const interfaceName = reader.read(SETTINGS.interface)?.value;
  const gateway = reader.read(SETTINGS.gateway);
  const { lease, problems: leaseProblems } = readLease(reader, around);
  const podIp = reader.read(SETTINGS.podIp)?.value;
  const http = readHttp(reader, podIp);
  const rest = {
    lease,
    routing: readRouting(reader),
    identity: readIdentity(reader, input.facts),
    kubeApi: readKubeApi(reader, around),
    http: { port: http.port, addresses: http.addresses.value },
    logLevel: reader.readOrDefault(SETTINGS.logLevel).value,
    moves: readMoves(reader),
  };
  const owner = checkOwner(yaml.values.get(OWNER_KEY));
  const problems = [
    ...yaml.problems,
    ...owner.problems,
    ...checkEnvironment(input.env),
    ...reader.problems,
    ...(yaml.readable ? missing(reader, inVcluster) : []),
    ...leaseProblems,
    ...(vip === undefined ? [] : checkVip(vip, gateway, inVcluster)),
    ...(vip === undefined ? [] : checkVipIsNotPodIp(vip.address, podIp)),
    ...(vip === undefined ? [] : checkHttpIsNotOnVip(vip.address, http.addresses)),
  ];
  if (owner.other) return { t: "other-owner", problems };
  const isBroken = problems.some(({ severity }) => severity === "error");
  if (isBroken || vip === undefined || interfaceName === undefined) return { t: "invalid", problems };
  const config: Config = {
    vip: { address: vip.address.value, port: vip.port, interfaceName, gateway: gateway?.value },
    ...rest,
  };
  return { t: "valid", config, problems };
}

function readFile(file: ConfigInput["file"]): YamlKeys {
  if (file === undefined) return { readable: true, values: new Map(), problems: [] };
  if ("text" in file) return findYamlKeys(file, KEYS, [OWN_SECTION, BLOCK]);
  const sentence = `expected a readable vcluster.yaml, but ${file.unreadable}: mount it, or set configFile to where it is`;
  const problem = error("FILE_UNREADABLE", { field: file.name, position: undefined }, sentence);
  return { readable: false, values: new Map(), problems: [problem] };
}

function checkOwner(enabled: FoundValue | undefined): {
  readonly other: boolean;
  readonly problems: readonly Problem[];
} {
  if (enabled === undefined) return { other: false, problems: [] };
  const reading = OWNER_KIND.read(enabled.text);
  if (reading.t === "invalid") {
    const problem = unreadable(enabled.origin, OWNER_KIND.expected, enabled.text, reading);
    return { other: false, problems: [problem] };
  }
  if (!reading.value) return { other: false, problems: [] };
  const sentence =
    "expected false, but found true, so vCluster's own kube-vip owns the VIP and this sidecar stays passive: install with the overlay, which sets it to false";
  return { other: true, problems: [error("OTHER_OWNER", enabled.origin, sentence)] };
}

/** What must be said and is said nowhere. */
function missing(reader: Reader, inVcluster: boolean): readonly Problem[] {
  const problems: Problem[] = [];
  const report = (code: string, field: string, expected: string, cure: string) =>
    problems.push(error(code, { field, position: undefined }, `expected ${expected}, but it is not set: ${cure}`));
  if (!reader.isSaid(SETTINGS.endpoint) && !reader.isSaid(SETTINGS.address)) {
    const field = inVcluster ? "controlPlane.endpoint" : "$address";
    report(
      "ENDPOINT_MISSING",
      field,
      "the VIP",
      "set it, as in 10.100.0.100:8443 (for kube-vip's address without the port)",
    );
  }
  if (!reader.isSaid(SETTINGS.interface)) {
    const field = inVcluster ? `${BLOCK}.interface` : "$vip_interface";
    const cure = "name it; unlike kube-vip, this program does not guess the default route's";
    report("INTERFACE_MISSING", field, "the interface that gets the VIP", cure);
  }
  // The NetworkAttachmentDefinition gives net1 no address, so without a gateway answers would leave by eth0.
  if (inVcluster && !reader.isSaid(SETTINGS.gateway))
    report(
      "GATEWAY_MISSING",
      `${BLOCK}.gateway`,
      SETTINGS.gateway.kind.expected,
      "set it; answers from the VIP leave by it",
    );
  return problems;
}

function checkVip({ address, port }: Vip, gateway: Given<InterfaceAddress> | undefined, inVcluster: boolean) {
  const problems: Problem[] = gateway === undefined ? [] : [...checkVipInSubnet(address, gateway)];
  if (inVcluster && port !== VCLUSTER_PORT) {
    const sentence = `expected port ${VCLUSTER_PORT}, where vCluster listens, but found ${port}, which nobody translates: use ${VCLUSTER_PORT}`;
    problems.push(warning("PORT_WITHOUT_LISTENER", address.origin, sentence));
  }
  return problems;
}
