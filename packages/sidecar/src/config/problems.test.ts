/** Every code of SEVERITIES, from an input that provokes it to the sentence that answers it. */
import { describe, expect, test } from "vitest";
import { type ConfigInput, loadConfig } from "./load.ts";
import { formatProblem, SEVERITIES } from "./problem.ts";
import { CHART_KEYS, OWN_SECTION } from "./setting.ts";
import { FILE_CHARACTERS_MAX } from "./yaml-problems.ts";

interface Situation {
  /** YAML instead of the usual file. */
  readonly text?: string;
  /** Of the usual file; "" leaves the value empty. */
  readonly endpoint?: string;
  readonly interface?: string;
  readonly gateway?: string;
  readonly enabled?: string;
  /** Lines under global.kubeVip. */
  readonly own?: string;
  readonly env?: Readonly<Record<string, string>>;
  readonly flags?: Readonly<Record<string, string>>;
  readonly file?: ConfigInput["file"];
  readonly hostname?: string;
}

const POD = { VCLUSTER_NAME: "my-vc", POD_NAMESPACE: "team-x", POD_NAME: "my-vc-0", POD_IP: "10.64.1.2" };

function textOf(situation: Situation): string {
  return [
    "controlPlane:",
    `  endpoint: ${situation.endpoint ?? "10.100.0.100:8443"}`,
    "  advanced:",
    "    kubeVip:",
    `      enabled: ${situation.enabled ?? "false"}`,
    `      interface: ${situation.interface ?? "net1"}`,
    `      gateway: ${situation.gateway ?? "10.100.0.1/24"}`,
    ...(situation.own === undefined ? [] : ["global:", "  kubeVip:", `    ${situation.own}`]),
  ].join("\n");
}

function problemsOf(situation: Situation): readonly string[] {
  const file =
    "file" in situation ? situation.file : { name: "config.yaml", text: situation.text ?? textOf(situation) };
  const { problems } = loadConfig({
    file,
    env: situation.env ?? POD,
    flags: situation.flags ?? {},
    facts: { hostname: situation.hostname ?? "node-1", bootId: "4b3c5a52-6cf5-4b13-a59b-7d2c2a5ae0c1" },
  });
  return problems.map(formatProblem);
}

const CODES = Object.keys(SEVERITIES);
const seen = new Set<string>();

/** The situation has this one problem, whose place is said and whose sentence has this in it. */
function check(situation: Situation, place: string, code: string, sentence: string): void {
  const problems = problemsOf(situation);
  expect(problems).toHaveLength(1);
  expect(problems[0]).toMatch(new RegExp(`^${place.replace(/[.$]/g, "\\$&")}.*\\b${code}: `));
  expect(problems[0]).toContain(sentence);
  for (const known of CODES) if (problems[0]?.includes(` ${known}: `)) seen.add(known);
}

describe("the VIP", () => {
  test.each([
    ["10.100.0.100", "ENDPOINT_WITHOUT_PORT", 'found "10.100.0.100", which has no port: append'],
    ["'10.100.0.100:'", "ENDPOINT_WITHOUT_PORT", "which has no port"],
    ["api.example.com:8443", "VIP_NOT_AN_ADDRESS", "which is not an IP address (a DNS name is not accepted here)"],
    ["https://10.100.0.100:8443", "VIP_NOT_AN_ADDRESS", "which is a URL: leave out the scheme"],
    ["010.100.0.100:8443", "VIP_NOT_AN_ADDRESS", 'which has the octal-looking part "010"'],
    ["10.1:8443", "VIP_NOT_AN_ADDRESS", "which has 2 parts, but an IPv4 address has 4"],
    ["0x0a.100.0.100:8443", "VIP_NOT_AN_ADDRESS", 'which has the part "0x0a"'],
    ["10.100.0.256:8443", "VIP_NOT_AN_ADDRESS", "which is over 255"],
    ["fd00:100::64:8443", "VIP_NOT_AN_ADDRESS", "put an IPv6 address in brackets"],
    ["'[::ffff:10.100.0.100]:8443'", "VIP_NOT_AN_ADDRESS", "which has an IPv4 tail"],
    ["10.100.0.100/24:8443", "VIP_NOT_AN_ADDRESS", "which has a prefix length"],
    [":8443", "VIP_NOT_AN_ADDRESS", "which has no address"],
    ["10.100.0.100:0", "NUMBER_OUT_OF_RANGE", 'which has the port "0", which is out of range'],
    ["10.100.0.100:08443", "NUMBER_INVALID", "without leading zeros"],
    ["10.100.0.100:http", "NUMBER_INVALID", "which is not a decimal number"],
    ["'10.100.0.100:8443,10.100.0.101:8443'", "VIP_LIST", "which is a list: give one address"],
    ["['10.100.0.100:8443', '10.100.0.101:8443']", "VIP_LIST", "which is a list: give one address"],
    ["127.0.0.1:8443", "VIP_RESERVED", "which is a loopback address"],
    ["224.0.0.18:8443", "VIP_RESERVED", "which is a multicast address"],
    ["169.254.1.1:8443", "VIP_RESERVED", "which is a link-local address"],
    ["0.0.0.0:8443", "VIP_RESERVED", "which is the unspecified address"],
    ["255.255.255.255:8443", "VIP_RESERVED", "which is the broadcast address"],
    ["'[fe80::1]:8443'", "VIP_RESERVED", "which is a link-local address"],
    ["'[ff02::1]:8443'", "VIP_RESERVED", "which is a multicast address"],
    ["10.100.0.1:8443", "VIP_IS_GATEWAY", "10.100.0.1 is the gateway itself: choose another address in 10.100.0.0/24"],
    ["10.100.0.0:8443", "VIP_IS_NETWORK", "is the subnet itself"],
    ["10.100.0.255:8443", "VIP_IS_BROADCAST", "is its broadcast address"],
    ["10.101.0.100:8443", "VIP_OUTSIDE_SUBNET", "is outside"],
    ["'[fd00:100::64]:8443'", "FAMILY_MISMATCH", "is IPv6: use the same IP version"],
    ["10.100.0.100:6443", "PORT_WITHOUT_LISTENER", "found 6443, which nobody translates"],
    ["''", "ENDPOINT_MISSING", "is set nowhere"],
  ])("%s is answered with %s", (endpoint, code, sentence) => {
    const place = code === "ENDPOINT_MISSING" ? "error" : "config.yaml:2:13: ";
    check({ endpoint }, place, code, sentence);
  });

  test("the pod's own address is refused: to remove it would cut the pod off", () => {
    check(
      { env: { ...POD, POD_IP: "10.100.0.100" }, flags: { httpAddresses: "127.0.0.1" } },
      "config.yaml:2:13: ",
      "VIP_IS_POD_IP",
      "is the pod's own",
    );
  });

  test.each([
    ["10.100.0.2/31", "10.100.0.3:8443"],
    ["10.100.0.3/31", "10.100.0.2:8443"],
    ["fd00::/127", "'[fd00::1]:8443'"],
  ])("a point-to-point subnet %s has room for %s", (gateway, endpoint) => {
    expect(problemsOf({ gateway, endpoint })).toEqual([]);
  });
});

describe("interface and gateway", () => {
  test.each([
    ["private-network0", "which is 16 characters long, but the kernel takes at most 15"],
    ["net/1", 'which has the character "/"'],
    ["'net 1'", 'which has the character " "'],
    ["..", "which the kernel refuses"],
  ])("the interface name %s is refused", (name, sentence) => {
    check({ interface: name }, "config.yaml:6:18: ", "INTERFACE_NAME_INVALID", sentence);
  });

  test("a missing interface is not guessed", () => {
    check({ interface: "" }, "error", "INTERFACE_MISSING", "not guessed from the default route");
  });

  test.each([
    ["10.100.0.1", "GATEWAY_WITHOUT_PREFIX", "which has no prefix length: append"],
    ["10.100.0.0/24", "GATEWAY_INVALID", "which is the subnet itself"],
    ["10.100.0.255/24", "GATEWAY_INVALID", "which is the subnet's broadcast address"],
    ["10.100.0.1/33", "GATEWAY_INVALID", "at most 32 is possible"],
    ["10.100.0.1/024", "GATEWAY_INVALID", "which is not a decimal number"],
    ["10.100.0.1/255.255.255.0", "GATEWAY_INVALID", "which is not a decimal number"],
    ["10.100/24", "GATEWAY_INVALID", "which has 2 parts, but an IPv4 address has 4"],
    ["224.0.0.1/24", "GATEWAY_INVALID", "which is a multicast address"],
  ])("the gateway %s is answered with %s", (gateway, code, sentence) => {
    check({ gateway }, "config.yaml:7:16: ", code, sentence);
  });

  test("a vCluster needs its gateway", () => {
    check({ gateway: "" }, "error", "GATEWAY_MISSING", "answers from the VIP leave by the pod network");
  });
});

describe("the election's times", () => {
  test.each([
    [
      "leaseDurationSeconds: 8",
      "default",
      "RENEW_DEADLINE_TOO_LONG",
      "expected less than the leaseDuration, 8 s, but found 10 s",
    ],
    [
      "renewDeadlineSeconds: 15",
      "file",
      "RENEW_DEADLINE_TOO_LONG",
      "expected less than the leaseDuration, 15 s, but found 15 s",
    ],
    [
      "retryPeriodSeconds: 9",
      "file",
      "RETRY_PERIOD_TOO_LONG",
      "expected less than renewDeadline / 1.2, 8.33 s, but found 9 s",
    ],
    [
      "{leaseDurationSeconds: 3, renewDeadlineSeconds: 2.9, retryPeriodSeconds: 2}",
      "flow",
      "HOLD_TOO_SHORT",
      "expected a hold of at least 3.37 s",
    ],
    [
      "{leaseDurationSeconds: 3, renewDeadlineSeconds: 2, retryPeriodSeconds: 0.5, recordResolutionSeconds: 1}",
      "flow",
      "ADDRESS_LIFETIME_TOO_SHORT",
      "expected that the VIP's address may last for at least 1 s",
    ],
  ])("%s do not fit together", (own, where, code, sentence) => {
    const text = where === "flow" ? `${textOf({})}\nglobal: {kubeVip: ${own}}` : textOf({ own });
    const place = { default: "error", file: "config.yaml:10:", flow: "config.yaml:8:" }[where] ?? "";
    check({ text }, place, code, sentence);
  });

  test.each([
    ["leaseDurationSeconds: 2", "NUMBER_OUT_OF_RANGE", "choose a value from 3 to 60"],
    ["leaseDurationSeconds: 61", "NUMBER_OUT_OF_RANGE", "choose a value from 3 to 60"],
    ["leaseDurationSeconds: 15.5", "NUMBER_INVALID", "which is not a whole number"],
    ["leaseDurationSeconds: 15s", "NUMBER_INVALID", "write a whole number without a unit"],
    ["leaseDurationSeconds: -15", "NUMBER_INVALID", "which is not a decimal number"],
    ["leaseDurationSeconds: 1e1", "NUMBER_INVALID", "which is not a decimal number"],
    ["leaseDurationSeconds: 0x10", "NUMBER_INVALID", "which is not a decimal number"],
  ])("%s is answered with %s, and the other times are not blamed", (own, code, sentence) => {
    check({ own }, "config.yaml:10:27: ", code, sentence);
  });
});

describe("other values", () => {
  test.each([
    ["routingTable: 254", "TABLE_RESERVED", "which belongs to the kernel (table main)"],
    ["routeProtocol: 186", "PROTOCOL_TAKEN", "which belongs to bgp: choose a number nobody else uses"],
    ["routeProtocol: 4", "NUMBER_OUT_OF_RANGE", "choose a value from 5 to 255"],
    ["rulePriority: 32766", "NUMBER_OUT_OF_RANGE", "choose a value from 1 to 32765"],
    ["httpAddresses: [127.0.0.1, 10.100.0.100]", "HTTP_ON_VIP", "10.100.0.100 is it"],
    ["httpAddresses: 0.0.0.0", "HTTP_ON_VIP", "which means every address, the VIP too"],
    ["httpAddresses: 127.0.0.1 10.64.1.2", "ADDRESS_INVALID", "write one address in full"],
    ["peersHost: http://x", "HOST_INVALID", "which has a character that such a name cannot have"],
    ["logLevel: verbose", "LOG_LEVEL_INVALID", "which is none of them"],
    ["fence: strongest", "WORD_INVALID", "expected strict or best"],
    ["fenceLevel: nft", "WORD_INVALID", "expected nft-egress or nft-arp or responder or valid-lft"],
    ["leaseName: Kube_VIP", "NAME_INVALID", "use lower-case letters"],
    ["leaseName: a/b/c", "NAME_INVALID", 'which has more than one "/"'],
    ["leaseNamespace: kube.system", "NAME_INVALID", "which has a dot"],
    [`leaseNamespace: ${"a".repeat(64)}`, "NAME_INVALID", "which is 64 characters long"],
    ["kubeconfig: admin.conf", "PATH_INVALID", "which does not begin with /"],
    ["server: http://127.0.0.1:8080", "SERVER_INVALID", "which is not https"],
    ["leaseDuration: 15", "UNKNOWN_SETTING", "did you mean leaseDurationSeconds?"],
    ["zebra: 1", "UNKNOWN_SETTING", "look its name up in docs/configuration.md"],
    ["interface: {name: net1}", "WRONG_TYPE", "expected a plain value, but found a map"],
  ])("%s is answered with %s", (own, code, sentence) => {
    check({ own }, "config.yaml:10:", code, sentence);
  });

  test.each(CHART_KEYS)("%s, which the chart reads, is nothing unknown", (key) => {
    expect(problemsOf({ own: `${key.replace(`${OWN_SECTION}.`, "")}: {create: true}` })).toEqual([]);
  });

  test.each([
    [{ POD_UID: "a_b" }, "error", "UID_INVALID", "$POD_UID: expected a UID such as a pod's"],
    [
      { POD_NAMESPACE: "", VCLUSTER_NAME: "" },
      "warning",
      "PEERS_UNKNOWN",
      "a dead local API server cannot be gone round",
    ],
    [{ VCLUSTER_KUBE_VIP_LEASENAME: "x" }, "warning", "UNKNOWN_SETTING", "did you mean VCLUSTER_KUBE_VIP_LEASE_NAME?"],
    [{ prometheus_server: "2112" }, "error", "LISTEN_ADDRESS_INVALID", "which has no port after one colon"],
    [{ bgp_enable: "true" }, "error", "KUBE_VIP_MODE", "$bgp_enable: expected false or nothing"],
    [{ vip_arp: "false" }, "error", "KUBE_VIP_MODE", "expected true or nothing"],
    [{ svc_enable: "true" }, "warning", "KUBE_VIP_LEFT_OUT", "Services of type LoadBalancer are not announced"],
    [{ vip_subnet: "24" }, "warning", "KUBE_VIP_LEFT_OUT", "the VIP is added as one address"],
    [{ vip_leasename_: "x" }, "warning", "KUBE_VIP_UNKNOWN_NAME", "did you mean vip_leasename?"],
    [{ vip_anything: "x" }, "warning", "KUBE_VIP_UNKNOWN_NAME", "settings of this program are in global.kubeVip"],
    [{ cp_enabled: "true" }, "warning", "KUBE_VIP_UNKNOWN_NAME", "did you mean cp_enable?"],
    [{ address: "10.100.0.100,fd00::1" }, "error", "VIP_LIST", "dual stack is not served"],
    [{ address: "vip.example.com" }, "error", "VIP_NOT_AN_ADDRESS", "a DNS name is not accepted"],
  ])("the environment %j is answered at %s", (env, place, code, sentence) => {
    check({ env: { ...POD, ...env } }, place, code, sentence);
  });

  test.each([
    [{ vip_cidr: "32" }],
    [{ bgp_enable: "false", vip_leaderelection: "true", bgp_as: "64512", vip_arpRate: "3000" }],
    [{ VCLUSTER_KUBE_VIP_PORT: "tcp://10.0.0.1:443", VCLUSTER_KUBE_VIP_SERVICE_HOST: "10.0.0.1" }],
    [{ cp_something: "of somebody else" }],
    [{ port: "not a port, and without address not ours" }],
  ])("the environment %j needs no word", (env) => {
    expect(problemsOf({ env: { ...POD, ...env } })).toEqual([]);
  });

  test("a hostname that is no name needs POD_NAME", () => {
    const env = { ...POD, POD_NAME: "" };
    check({ env, hostname: "node_1" }, "error", "NAME_INVALID", "hostname: expected a name");
  });
});

describe("the file", () => {
  const wrong: readonly [string, Situation, string, string, string][] = [
    ["on for vCluster's own", { enabled: "true" }, "config.yaml:5:16: ", "OTHER_OWNER", "this sidecar stays passive"],
    ["neither on nor off", { enabled: "maybe" }, "config.yaml:5:16: ", "BOOLEAN_INVALID", "write true or false"],
    ["no YAML", { text: "a: [1" }, "config.yaml:1:6: ", "YAML_SYNTAX", "expected YAML, but the parser says"],
    ["indented by tabs", { text: "a:\n\tb: 1" }, "config.yaml:2:1: ", "YAML_SYNTAX", "correct the file here"],
    ["two documents", { text: "a: 1\n---\nb: 2" }, "config.yaml:2:", "YAML_SYNTAX", "multiple documents"],
    ["nested beyond any use", { text: "[".repeat(10_000) }, "config.yaml:1:", "YAML_SYNTAX", ""],
    [
      "the same key twice",
      { text: `${textOf({})}\ncontrolPlane: {}` },
      "config.yaml:8:1: ",
      "YAML_DUPLICATE_KEY",
      "remove the other",
    ],
    ["a list", { text: "- a\n- b" }, "config.yaml:1:1: ", "WRONG_TYPE", "expected a map of settings, but found a list"],
    ["a word", { text: "hello" }, "config.yaml:1:1: ", "WRONG_TYPE", 'but found "hello"'],
    ["a list for a block", { text: "controlPlane: [1]" }, "config.yaml:1:15: ", "WRONG_TYPE", "found a list"],
    [
      "an alias of nothing",
      { text: "controlPlane: *x" },
      "config.yaml:1:15: ",
      "WRONG_TYPE",
      "found an alias of nothing",
    ],
    ["binary", { text: "a: b\nc: \u0000\u0001" }, "config.yaml:2:4: ", "FILE_NOT_TEXT", "found the character U+0000"],
    ["not UTF-8", { text: "a: \uFFFD" }, "config.yaml:1:4: ", "FILE_NOT_TEXT", "found the character U+FFFD"],
    [
      "5 MB",
      { text: "a: b\n".repeat(FILE_CHARACTERS_MAX) },
      "error",
      "FILE_TOO_LARGE",
      "expected at most 1048576 characters",
    ],
    [
      "unreadable",
      { file: { name: "/c.yaml", unreadable: "EACCES" } },
      "error",
      "FILE_UNREADABLE",
      "but EACCES: mount it",
    ],
  ];
  test.each(wrong)("%s is answered once, and nothing is called missing", (_, situation, place, code, sentence) => {
    const all = problemsOf(situation);
    const first = all[0] ?? "";
    expect(first).toContain(` ${code}: `);
    expect(first.startsWith(place)).toBe(true);
    expect(first).toContain(sentence);
    expect(all.join()).not.toContain("_MISSING");
    expect(all.length).toBeLessThanOrEqual(10);
    seen.add(code);
  });

  test("empty, it is warned about, and what is missing is said", () => {
    const codes = problemsOf({ text: "# nothing\n" }).map((line) => /([A-Z_]{5,}): /.exec(line)?.[1]);
    expect(codes).toEqual(["FILE_EMPTY", "ENDPOINT_MISSING", "INTERFACE_MISSING", "GATEWAY_MISSING"]);
    seen.add("FILE_EMPTY");
  });

  test("anchors and aliases are followed", () => {
    const text = `x: &e 10.100.0.100:8443\n${textOf({ endpoint: "*e" })}`;
    expect(problemsOf({ text })).toEqual([]);
    const wrong = `x: &e 10.100.0.100\n${textOf({ endpoint: "*e" })}`;
    check({ text: wrong }, "config.yaml:3:13: ", "ENDPOINT_WITHOUT_PORT", "which has no port");
  });
});

test("every code has been provoked above", () => {
  expect(CODES.filter((code) => !seen.has(code))).toEqual([]);
});
