import { join } from "node:path";
import fc from "fast-check";
import { describe, expect, test, vi } from "vitest";
import { parse, stringify } from "yaml";
import { loadConfig } from "../config/load.ts";
import { CAPABILITIES, RESOURCES } from "../overlay/container.ts";
import { makeManifest } from "./manifest.ts";
import { formatRemark } from "./remark.ts";

// The property takes 1 s where nothing else runs.
vi.setConfig({ testTimeout: 60_000 });

const FIXTURES = join(import.meta.dirname, "../../../../test/fixtures/manifest");
const CONTAINER = { image: "registry.example/vcluster-kube-vip:0.1.0", pullPolicy: undefined, ...RESOURCES };
const FLAGS = { address: "192.168.12.10", interface: "eth0" };

/** Of the page for openCenter, in the place where Kubespray has them. */
const PAGE = `kube_vip_enabled: true
kube_vip_controlplane_enabled: true
kube_vip_address: 192.168.12.10 # The floating VIP address
kube_vip_arp_enabled: true
loadbalancer_apiserver:
  address: 192.168.12.10
  port: 6443
`;

interface Asked {
  readonly flags?: Readonly<Record<string, string>>;
  readonly init?: boolean;
}

function manifest(texts: readonly string[], { flags = {}, init = false }: Asked = {}) {
  const files = texts.map((text, index) => ({ name: `${index}.yml`, text }));
  return makeManifest(files, { flags, init, container: CONTAINER });
}

function made(texts: readonly string[], asked?: Asked): string {
  const result = manifest(texts, asked);
  if (result.t === "refused") throw new Error(result.remarks.map(formatRemark).join("\n"));
  return result.text;
}

/** The container's variables that are said in the manifest, not found out on the machine. */
function variables(text: string): Record<string, string> {
  const { env } = parse(text).spec.containers[0] as { env: { name: string; value?: string }[] };
  return Object.fromEntries(env.flatMap(({ name, value }) => (value === undefined ? [] : [[name, value]])));
}

function remarks(texts: readonly string[], asked?: Asked): readonly string[] {
  return manifest(texts, asked).remarks.map(formatRemark);
}

describe("the manifest", () => {
  test("of two flags is the published text", async () => {
    await expect(made([], { flags: FLAGS })).toMatchFileSnapshot(join(FIXTURES, "kube-vip.yaml"));
  });

  test("of Kubespray's variables says what was done with each", async () => {
    const text = made([PAGE], { flags: { interface: "eth0" } });
    await expect(text).toMatchFileSnapshot(join(FIXTURES, "kubespray.yaml"));
  });

  test("is a pod in the machine's network that kubectl finds as the page looks for it", () => {
    const { metadata, spec } = parse(made([], { flags: FLAGS }));
    expect(metadata).toMatchObject({ namespace: "kube-system", labels: { "app.kubernetes.io/name": "kube-vip" } });
    expect(spec.hostNetwork).toBe(true);
  });

  test("may no more than the overlay's container, runs no shell, and can write nothing of the machine", () => {
    const { containers, volumes } = parse(made([], { flags: FLAGS })).spec;
    const [{ args, command, securityContext, volumeMounts }] = containers;
    expect([args, command]).toEqual([["run"], undefined]);
    expect(securityContext).toMatchObject({
      allowPrivilegeEscalation: false,
      readOnlyRootFilesystem: true,
      capabilities: { drop: ["ALL"], add: [...CAPABILITIES] },
    });
    expect(volumeMounts.every(({ readOnly }: { readOnly: boolean }) => readOnly)).toBe(true);
    expect(volumes).toEqual([{ name: "kubeconfig", hostPath: { path: "/etc/kubernetes/admin.conf", type: "File" } }]);
  });

  test("holds settings that the program takes, and takes as they were said", () => {
    const flags = { ...FLAGS, port: "7443", gateway: "192.168.12.1/24", leaseDurationSeconds: "12", httpPort: "2113" };
    const env = { ...variables(made([], { flags })), POD_NAME: "cp1", POD_IP: "192.168.12.11" };
    const facts = { hostname: "cp1", bootId: "4b3c5a52-6cf5-4b13-a59b-7d2c2a5ae0c1" };
    expect(loadConfig({ file: undefined, flags: {}, env, facts })).toMatchObject({
      t: "valid",
      problems: [],
      config: {
        vip: { address: "192.168.12.10", port: 7443, interfaceName: "eth0", gateway: { address: "192.168.12.1" } },
        lease: { leaseDurationMs: 12_000 },
        // A static pod's UID is the same on every machine.
        identity: { podName: "cp1", podUid: facts.bootId },
        kubeApi: { server: "https://127.0.0.1:7443", tlsServerName: "kubernetes", peersInSlice: true, peersPort: 7443 },
        http: { port: 2113, addresses: ["127.0.0.1", "192.168.12.11"] },
      },
    });
  });

  test("without a gateway has none, so that no policy routing is set up", () => {
    expect(variables(made([], { flags: FLAGS }))).toEqual({
      VCLUSTER_KUBE_VIP_ENDPOINT: "192.168.12.10:6443",
      VCLUSTER_KUBE_VIP_INTERFACE: "eth0",
    });
  });

  test("puts an IPv6 VIP in brackets", () => {
    const text = made([], { flags: { ...FLAGS, address: "fd00:12::10" } });
    expect(variables(text)["VCLUSTER_KUBE_VIP_ENDPOINT"]).toBe("[fd00:12::10]:6443");
  });

  test("of the first control plane differs in the file it mounts, which is seen where admin.conf is", () => {
    const { containers, volumes } = parse(made([], { flags: FLAGS, init: true })).spec;
    expect(volumes[0].hostPath.path).toBe("/etc/kubernetes/super-admin.conf");
    expect(containers[0].volumeMounts[0].mountPath).toBe("/etc/kubernetes/admin.conf");
    expect(containers).toEqual(parse(made([], { flags: FLAGS })).spec.containers);
  });

  test("mounts another kubeconfig to where the default looks, too", () => {
    const { containers, volumes } = parse(made([], { flags: { ...FLAGS, kubeconfig: "/etc/vip/lease.conf" } })).spec;
    expect([volumes[0].hostPath.path, containers[0].volumeMounts[0].mountPath]).toEqual([
      "/etc/vip/lease.conf",
      "/etc/kubernetes/admin.conf",
    ]);
  });
});

describe("Kubespray's variables", () => {
  const flags = { interface: "eth0" };

  test.each([
    [
      "address and port of the load balancer alone",
      "loadbalancer_apiserver: {address: 10.0.0.9, port: 8383}",
      "10.0.0.9:8383",
    ],
    [
      "the API server's port before the load balancer's",
      "kube_vip_address: 10.0.0.9\nkube_apiserver_port: 6444\nloadbalancer_apiserver: {port: 6443}",
      "10.0.0.9:6444",
    ],
    [
      "the page's own lines, whose indentation was lost",
      "kube_vip_address: 10.0.0.9\nloadbalancer_apiserver:\naddress: 10.0.0.9\nport: 6443",
      "10.0.0.9:6443",
    ],
    [
      "a template of the VIP in the load balancer",
      'kube_vip_address: "10.0.0.9"\nloadbalancer_apiserver: {address: "{{ kube_vip_address }}", port: "6443"}',
      "10.0.0.9:6443",
    ],
    ["JSON", '{"kube_vip_address": "10.0.0.9"}', "10.0.0.9:6443"],
  ])("%s", (_what, text, endpoint) => {
    expect(variables(made([text], { flags }))["VCLUSTER_KUBE_VIP_ENDPOINT"]).toBe(endpoint);
  });

  test("of several files the later ones win, and flags win over all", () => {
    const texts = [
      "kube_vip_address: 10.0.0.9\nkube_vip_interface: eth1",
      "kube_vip_interface: eth2\nkube_vip_leaseduration: 20",
    ];
    expect(variables(made(texts, { flags: { leaseDurationSeconds: "12" } }))).toMatchObject({
      VCLUSTER_KUBE_VIP_INTERFACE: "eth2",
      VCLUSTER_KUBE_VIP_LEASE_DURATION_SECONDS: "12",
    });
    expect(remarks(texts, { flags: { leaseDurationSeconds: "12" } })).toContain(
      "1.yml:2:1: note: kube_vip_leaseduration: left out: --lease-duration-seconds is given, which wins",
    );
  });

  test.each([
    [
      "kube_vip_services_enabled: yes",
      /^0\.yml:2:1: warning KUBE_VIP_LEFT_OUT: .*not supported yet and left out: Services/,
    ],
    ["kube_vip_lb_enable: true", /warning KUBE_VIP_LEFT_OUT: .*connections are not spread/],
    ["kube_vip_cidr: 24", /warning KUBE_VIP_LEFT_OUT: .*\/32/],
    ["kube_vip_cidr: 32", /note: kube_vip_cidr: left out: it asks for nothing/],
    ["kube_vip_bgppeers: [10.0.0.1:65000::false]", /note: kube_vip_bgppeers: not supported yet.*BGP/],
    ["kube_vip_metrics_port: ':9090'", /note: kube_vip_metrics_port: taken as --http-port/],
    ["kube_vip_enabled: true", /note: kube_vip_enabled: set it to false/],
    ["kube_vip_enabled: false", /note: kube_vip_enabled: as it must be/],
    ["kube_vip_interfce: eth0", /warning KUBE_VIP_UNKNOWN_NAME: .*did you mean kube_vip_interface\?/],
    [
      "loadbalancer_apiserver: {address: 10.0.0.8}",
      /warning: loadbalancer_apiserver\.address: expected kube_vip_address, "10\.0\.0\.9"/,
    ],
    ["kube_vip_cp_detect:", /note: kube_vip_cp_detect: empty/],
  ])("%s is printed with a word", (line, sentence) => {
    const text = made([`kube_vip_address: 10.0.0.9\n${line}\n`], { flags });
    const said = remarks([`kube_vip_address: 10.0.0.9\n${line}\n`], { flags });
    expect(said.at(-1)).toMatch(sentence);
    expect(text).toContain(`#   ${(said.at(-1) ?? "").replace(/^.*?(kube_vip|loadbalancer)/, "$1")}`);
  });

  test.each([
    ["kube_vip_bgp_enabled: true", /error KUBE_VIP_MODE: .*not supported yet: the VIP is announced by ARP, not by BGP/],
    ["kube_vip_arp_enabled: false", /error KUBE_VIP_MODE/],
    ["kube_vip_controlplane_enabled: no", /error KUBE_VIP_MODE/],
    ["kube_vip_ddns_enabled: true", /error KUBE_VIP_MODE/],
    ['kube_vip_leaseduration: "{{ l }}"', /error: kube_vip_leaseduration: a template, .*give --lease-duration-seconds/],
    ["kube_vip_leaseduration: 5s", /^0\.yml:2:1: error NUMBER_INVALID: kube_vip_leaseduration: expected whole seconds/],
    ["kube_vip_renewdeadline: 30", /error RENEW_DEADLINE_TOO_LONG/],
    ["kube_vip_address: [10.0.0.9]", /error VIP_NOT_AN_ADDRESS: kube_vip_address/],
    ["kube_apiserver_port: 0", /error NUMBER_OUT_OF_RANGE: kube_apiserver_port/],
    ["a: [", /error: /],
  ])("%s is refused with a sentence", (line, sentence) => {
    const start = line.startsWith("kube_vip_address") ? "x: 1" : "kube_vip_address: 10.0.0.9";
    expect(manifest([`${start}\n${line}\n`], { flags }).t).toBe("refused");
    expect(remarks([`${start}\n${line}\n`], { flags }).filter((said) => said.includes("error"))[0]).toMatch(sentence);
  });

  test("a file that says nothing of it is said to", () => {
    expect(remarks(["bin_dir: /usr/local/bin"], { flags: FLAGS })).toEqual([
      "note: 0.yml: nothing about kube-vip or loadbalancer_apiserver is said here",
    ]);
  });

  test("a password is printed nowhere", () => {
    const texts = ["kube_vip_address: 10.0.0.9\nkube_vip_bgp_peerpass: hunter2\n"];
    expect([made(texts, { flags }), ...remarks(texts, { flags })].join()).not.toContain("hunter2");
  });

  test("no name or value of theirs gets out of its comment or its scalar", () => {
    const variable = fc.string({ unit: "binary", maxLength: 20 }).map((rest) => `kube_vip_${rest}`);
    fc.assert(
      fc.property(fc.dictionary(variable, fc.string({ unit: "binary", maxLength: 20 }), { maxKeys: 4 }), (theirs) => {
        const result = manifest([stringify({ ...theirs, kube_vip_address: "10.0.0.9" })], { flags });
        if (result.t === "made")
          expect(Object.keys(parse(result.text))).toEqual(["apiVersion", "kind", "metadata", "spec"]);
      }),
      { numRuns: 100 },
    );
  });
});

describe("flags", () => {
  test.each([
    [{ interface: "eth0" }, "error ENDPOINT_MISSING: --address: expected the VIP, but it is set nowhere"],
    [{ address: "10.0.0.9" }, "error INTERFACE_MISSING: --interface: expected the name of a network interface"],
    [{ address: "cp.example", interface: "eth0" }, "error VIP_NOT_AN_ADDRESS: --address: expected one IP address"],
    [{ ...FLAGS, port: "70000" }, "error NUMBER_OUT_OF_RANGE: --port: expected a whole number from 1 to 65535"],
    [
      { ...FLAGS, gateway: "10.0.0.1/24" },
      "error VIP_OUTSIDE_SUBNET: --address: expected a free address in 10.0.0.0/24",
    ],
    [{ ...FLAGS, leaseDurationSeconds: "8" }, "error RENEW_DEADLINE_TOO_LONG: "],
  ])("%j are refused with a sentence", (flags, sentence) => {
    const result = manifest([], { flags });
    expect(result.t).toBe("refused");
    expect(result.remarks.map(formatRemark)[0]).toContain(sentence);
  });

  test("--init and --kubeconfig contradict one another", () => {
    const flags = { ...FLAGS, kubeconfig: "/etc/vip/lease.conf" };
    expect(remarks([], { flags, init: true })).toEqual([expect.stringMatching(/^error: --init: expected it alone/)]);
  });
});
