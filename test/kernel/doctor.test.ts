/**
 * `doctor` in pods of a real segment, one of which holds the VIP: each check is shown what it looks for, broken for
 * real. The API is the embedded one; sidecar and doctor are the shipped file.
 */
import { mkdtempSync, readFileSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { createCertificateAuthority, kubeconfig } from "../../packages/sidecar/src/testing/lease-api/certificates.ts";
import { Capture, captureObstacle } from "../bed/capture.ts";
import { type DoctorOptions, type DoctorRun, messages, runDoctor, said } from "../bed/doctor-run.ts";
import { Island } from "../bed/island.ts";
import { measured } from "../bed/measured.ts";
import { Pod } from "../bed/pod.ts";
import { podName } from "../bed/release.ts";
import { residueDiff, residueOf } from "../bed/residue.ts";
import { PAGE, Segment } from "../bed/segment.ts";
import { SidecarProcess } from "../bed/sidecar-process.ts";
import { waitFor } from "../bed/wait.ts";
import { withoutNfTables } from "../bed/without-nf-tables.ts";
import { EmbeddedApi } from "../demo/embedded-api.ts";

const CHECKS = [
  ...["configuration", "capabilities", "interface", "segment", "vip", "rp_filter", "arp_ignore", "arp_announce"],
  ...["routes", "fence", "api", "certificates", "lease", "clock", "sidecar"],
];
const DAY_MS = 86_400_000;
const TRIES_MAX = 3;

let segment: Segment;
let island: Island;
/** Holds the VIP. */
let holder: Pod;
/** Has no sidecar: what is broken in it, nobody mends. */
let bare: Pod;
let api: EmbeddedApi;
let sidecar: SidecarProcess;

beforeAll(async () => {
  segment = await Segment.create();
  island = await Island.create(segment);
  holder = await Pod.create(segment, { name: podName(0) });
  bare = await Pod.create(segment, { name: podName(1) });
  api = await EmbeddedApi.start([holder, bare]);
  sidecar = SidecarProcess.start(holder, { kubeconfig: api.kubeconfig() });
  await served();
});

afterAll(async () => {
  await sidecar?.close();
  await bare?.close();
  await holder?.close();
  await island?.close();
  await segment?.close();
});

/** Once more where the machine left it no time: only what hangs by itself is late thrice. */
async function doctor(pod: Pod, options: Partial<DoctorOptions> = {}): Promise<DoctorRun> {
  for (let tries = 1; ; tries += 1) {
    const run = await runDoctor(pod, { kubeconfig: api.kubeconfig(), ...options });
    const isLate = run.findings.some(({ message }) => /in time|ETIMEDOUT/.test(message));
    if (!isLate || tries === TRIES_MAX) return run;
  }
}

/** Address and gate are there: at first after a whole leaseDuration of 15 s. */
function served(): Promise<true> {
  return waitFor(
    "the holder serves",
    async () => {
      const addresses = await holder.namespace.exec(["ip", "addr", "show", "dev", "net1"]);
      const tables = await holder.namespace.exec(["nft", "list", "tables"]);
      return (addresses.includes(`${PAGE.vip}/32`) && tables.includes("vcluster-kube-vip-83")) || undefined;
    },
    { withinMs: 60_000, everyMs: 200, diagnose: () => sidecar.tail() },
  );
}

/** Breaks, asks one check of the bare pod, and mends whatever came of it. */
async function askBroken(check: string, breaking: Breaking): Promise<readonly string[]> {
  const { break: breakIt, mend, ...options } = breaking;
  await breakIt?.();
  try {
    return said(await doctor(bare, options), check);
  } finally {
    await mend?.();
  }
}

interface Breaking extends Partial<DoctorOptions> {
  readonly break?: () => Promise<unknown>;
  readonly mend?: () => Promise<unknown>;
}

function ipIn(pod: Pod, command: string): () => Promise<void> {
  return () => pod.namespace.ip(command);
}

describe("in a pod that serves the VIP", () => {
  test("everything is well, in the order of the report, and nothing was changed by looking", async () => {
    const before = await residueOf(holder.namespace);
    const run = await doctor(holder);
    expect(run.findings.filter(({ severity }) => severity !== "ok")).toEqual([]);
    expect(run.status).toBe(0);
    expect([...new Set(run.findings.map(({ check }) => check))]).toEqual(CHECKS);
    expect(messages(run, "interface")).toContain("attached by Multus as vcluster-platform/private-vcluster");
    expect(messages(run, "vip")).toBe(`${PAGE.vip} is here, and nobody else answers for it`);
    expect(messages(run, "fence")).toMatch(/^nft-egress is in force, .*; the gate is open for another \d+\.\d s$/);
    measured("doctor in the holder's pod", [run.tookMs]);
    // The lifetime of the address and the gate's opening are the sidecar's, and go on.
    const changed = residueDiff(before, await residueOf(holder.namespace)).filter((line) => /^[+-]/.test(line));
    expect(changed.filter((line) => !/valid_lft|expires|meta time/.test(line))).toEqual([]);
    expect(sidecar.lines.filter(({ event }) => event === "silenced" || event === "restored")).toEqual([]);
  });

  test("without its gate it says so before the sidecar puts it back", async () => {
    sidecar.signal("SIGSTOP");
    await holder.namespace.exec(["nft", "flush", "ruleset"]);
    // Once: a second look would find the address gone by its lifetime.
    const run = await runDoctor(holder, { kubeconfig: api.kubeconfig() });
    sidecar.signal("SIGCONT");
    expect(said(run, "fence")).toEqual(["GATE_MISSING"]);
    // It accepts the connection, and does not answer.
    expect(said(run, "sidecar")).toEqual(["SIDECAR_SILENT"]);
    await served();
  });
});

describe("in a pod whose sidecar does not run", () => {
  test("the VIP is the holder's, and what the sidecar would have made is missing", async () => {
    const run = await doctor(bare);
    expect(run.status).toBe(1);
    expect(messages(run, "vip")).toMatch(
      new RegExp(`answered for by the Lease's holder ${podName(0)}_.* at ${holder.mac}`),
    );
    expect(said(run, "routes")).toEqual(["RULE_MISSING", "ROUTE_MISSING"]);
    expect(run.findings.filter(({ code }) => code === "ROUTE_MISSING")).toHaveLength(3);
    expect(said(run, "sidecar")).toEqual(["SIDECAR_SILENT"]);
    const well = CHECKS.filter((check) => !["routes", "sidecar"].includes(check));
    expect(well.filter((check) => said(run, check).join() !== "ok")).toEqual([]);
  });

  test("on the wire there are questions only, and none that claims an address", async (context) => {
    const obstacle = captureObstacle();
    if (obstacle !== undefined) return context.skip(obstacle);
    const capture = await Capture.start(bare.namespace, { link: "net1", filter: `arp and ether src ${bare.mac}` });
    await doctor(bare);
    const sent = capture.frames().map(({ bytes }) => [...bytes.subarray(20, 22), ...bytes.subarray(28, 32)].join("."));
    await capture.close();
    // Operation 1, sender 0.0.0.0.
    expect([...new Set(sent)]).toEqual(["0.1.0.0.0.0"]);
  });

  const strict = "net/ipv4/conf/net1/rp_filter";
  const ignore = "net/ipv4/conf/net1/arp_ignore";
  const setting = (name: string, value: number) => () => bare.namespace.sysctl(name, value);
  const table = "table arp vcluster-kube-vip-83";

  const CASES: readonly (readonly [check: string, what: string, found: readonly string[], () => Breaking])[] = [
    ["capabilities", "NET_RAW is dropped", ["CAPABILITY_MISSING"], () => ({ capabilities: ["net_admin"] })],
    ["capabilities", "NET_ADMIN is dropped", ["CAPABILITY_MISSING"], () => ({ capabilities: ["net_raw"] })],
    ["segment", "NET_RAW is dropped, so nobody can be asked", ["unknown"], () => ({ capabilities: ["net_admin"] })],
    [
      "configuration",
      "the gateway has no length",
      ["GATEWAY_WITHOUT_PREFIX"],
      () => ({ flags: ["--gateway", "10.100.0.1"] }),
    ],
    ["interface", "no such interface", ["INTERFACE_MISSING"], () => ({ flags: ["--interface", "net2"] })],
    ["interface", "it is the pod network's", ["INTERFACE_IS_POD_NETWORK"], () => ({ flags: ["--interface", "eth0"] })],
    [
      "interface",
      "it was set down",
      ["INTERFACE_DOWN"],
      () => ({ break: ipIn(bare, "link set net1 down"), mend: ipIn(bare, "link set net1 up") }),
    ],
    [
      "interface",
      "its other end was set down",
      ["INTERFACE_WITHOUT_CARRIER"],
      () => ({
        break: () => segment.host.ip(`link set ${bare.attachment?.hostLink} down`),
        mend: () => segment.host.ip(`link set ${bare.attachment?.hostLink} up`),
      }),
    ],
    [
      "segment",
      "the gateway is down, the holder is not",
      ["GATEWAY_SILENT"],
      () => ({
        break: () => segment.gateway.ip("link set net0 down"),
        mend: () => segment.gateway.ip("link set net0 up"),
      }),
    ],
    [
      "vip",
      "the worker has the VIP, too",
      ["VIP_STRANGER"],
      () => ({
        break: () => segment.worker.ip(`addr add ${PAGE.vip}/32 dev net0`),
        mend: () => segment.worker.ip(`addr del ${PAGE.vip}/32 dev net0`),
      }),
    ],
    [
      "vip",
      "somebody put the VIP here",
      ["VIP_NOT_OURS"],
      () => ({
        break: ipIn(bare, `addr add ${PAGE.vip}/32 dev net1`),
        mend: ipIn(bare, `addr del ${PAGE.vip}/32 dev net1`),
      }),
    ],
    [
      "rp_filter",
      "it is strict, and there is no rule",
      ["RP_FILTER_STRICT"],
      () => ({ break: setting(strict, 1), mend: setting(strict, 0) }),
    ],
    ["arp_ignore", "it is 2", ["ARP_IGNORE_BLOCKS"], () => ({ break: setting(ignore, 2), mend: setting(ignore, 0) })],
    [
      "arp_ignore",
      "it is 8 for all",
      ["ARP_IGNORE_BLOCKS"],
      () => ({ break: setting("net/ipv4/conf/all/arp_ignore", 8), mend: setting("net/ipv4/conf/all/arp_ignore", 0) }),
    ],
    [
      "arp_ignore",
      "a killed sidecar left it at 8",
      ["ARP_IGNORE_LEFT"],
      () => ({
        break: async () => {
          await setting(ignore, 8)();
          const alias = "[vcluster-kube-vip kube-system/vcluster-kube-vip answers ARP here; arp_ignore was 0]";
          await bare.namespace.exec(["ip", "link", "set", "dev", "net1", "alias", alias]);
        },
        mend: async () => {
          await setting(ignore, 0)();
          await bare.namespace.exec(["ip", "link", "set", "dev", "net1", "alias", ""]);
        },
      }),
    ],
    [
      "arp_announce",
      "arp_filter is 1, and there is no rule",
      ["ARP_FILTER_BLOCKS"],
      () => ({ break: setting("net/ipv4/conf/all/arp_filter", 1), mend: setting("net/ipv4/conf/all/arp_filter", 0) }),
    ],
    [
      "routes",
      "somebody's route is in the table",
      ["ROUTE_NOT_OURS"],
      () => ({
        break: ipIn(bare, "route add default dev eth0 table 847"),
        mend: ipIn(bare, "route del default dev eth0 table 847"),
      }),
    ],
    [
      "fence",
      "somebody's table has the gate's name",
      ["GATE_NOT_OURS"],
      () => ({
        break: () => bare.namespace.exec(["nft", `add ${table}`]),
        mend: () => bare.namespace.exec(["nft", `delete ${table}`]),
      }),
    ],
    [
      "api",
      "our own API server is dead",
      ["API_UNREACHABLE", "ok"],
      () => ({ flags: ["--server", "https://127.0.0.1:9"] }),
    ],
    ["lease", "nobody made it", ["LEASE_MISSING"], () => ({ flags: ["--lease-name", "another"] })],
    [
      "lease",
      "the replicas disagree",
      ["LEASE_DURATION_DIFFERS"],
      () => ({ flags: ["--lease-duration-seconds", "20"] }),
    ],
    [
      "clock",
      "this clock is an hour ahead",
      ["CLOCK_DIFFERS"],
      () => ({ nodeFlags: ["--import", "data:text/javascript,const now = Date.now; Date.now = () => now() + 3600e3"] }),
    ],
  ];

  test.each(CASES)("%s says so when %s: %j", async (check, _what, found, breaking) => {
    expect(new Set(await askBroken(check, breaking()))).toEqual(new Set(found));
  });

  test("an attachment that is missing is explained by what Multus says of the pod, and nothing else is guessed", async () => {
    const pod = await Pod.create(segment, { name: podName(2), net1: "none" });
    const run = await doctor(pod);
    await pod.close();
    expect(messages(run, "interface")).toBe("net1 is not there: Multus attached nothing to this pod");
    for (const check of ["segment", "vip", "rp_filter", "arp_ignore", "arp_announce", "routes", "fence"])
      expect(said(run, check)).toEqual(["unknown"]);
    expect(said(run, "capabilities")).toEqual(["ok"]);
  });

  test("a bridge without an uplink is an error, although everything in the pod is well", async () => {
    const mend = await island.strand([bare]);
    const run = await doctor(bare);
    await mend();
    expect(said(run, "segment")).toEqual(["SEGMENT_SILENT"]);
    expect(said(run, "interface")).toEqual(["ok"]);
    // The Lease is reached by the other network: the holder is there, and not heard.
    expect(said(run, "vip")).toEqual(["VIP_UNANSWERED"]);
  });

  test("an IPv6 VIP is asked about by solicitations, and IPv4's settings do not matter to it", async () => {
    const flags = ["--endpoint", "[fd00:100::64]:8443", "--gateway", "fd00:100::1/64"];
    await bare.namespace.sysctl("net/ipv4/conf/net1/arp_ignore", 8);
    const silent = await doctor(bare, { flags });
    await segment.gateway.ip("addr add fd00:100::1/64 dev net0 nodad");
    const heard = await doctor(bare, { flags });
    await segment.gateway.ip("addr del fd00:100::1/64 dev net0");
    await bare.namespace.sysctl("net/ipv4/conf/net1/arp_ignore", 0);
    expect(said(silent, "segment")).toEqual(["SEGMENT_SILENT"]);
    expect(said(heard, "segment")).toEqual(["ok"]);
    for (const check of ["rp_filter", "arp_ignore", "arp_announce"]) expect(said(heard, check)).toEqual(["ok"]);
    expect(said(heard, "routes")).toEqual(["RULE_MISSING", "ROUTE_MISSING"]);
  });

  test("a host without nf_tables is a weaker fence, and an error where that is refused", async () => {
    const launcher = await withoutNfTables();
    expect(said(await doctor(bare, { launcher }), "fence")).toEqual(["FENCE_WEAKER"]);
    const flags = ["--fence", "strict"];
    expect(said(await doctor(bare, { launcher, flags }), "fence")).toEqual(["FENCE_REFUSED"]);
  });

  test("certificates that have ended, or soon will, are told with the days left", async () => {
    const authority = await createCertificateAuthority();
    const withClient = async (endsInMs: number) => {
      const path = join(mkdtempSync(join(tmpdir(), "ended-")), "admin.conf");
      const admin = await authority.client("kubernetes-super-admin", new Date(Date.now() + endsInMs));
      writeFileSync(path, kubeconfig("https://127.0.0.1:6443", authority, admin));
      return path;
    };
    const ended = await doctor(bare, { kubeconfig: await withClient(-DAY_MS) });
    expect(said(ended, "certificates")).toEqual(["KUBECONFIG_CERTIFICATE_EXPIRED"]);
    // The authority is another one, as after vCluster has replaced it.
    expect(said(ended, "api")).toEqual(["API_CERTIFICATE_REJECTED"]);
    const soon = await doctor(bare, { kubeconfig: await withClient(2.5 * DAY_MS) });
    expect(said(soon, "certificates")).toEqual(["CERTIFICATE_ENDS_SOON"]);
    expect(messages(soon, "certificates")).toContain("the kubeconfig's ends in 2 days");
    const none = await doctor(bare, { kubeconfig: "/nowhere/admin.conf" });
    expect(said(none, "certificates")).toEqual(["KUBECONFIG_MISSING"]);
    expect(said(none, "api")).toEqual(["unknown"]);
  });

  test("it ends within 5 s where nothing that arrives at the pod gets through, and the name server hangs, too", async () => {
    const table = "table inet hang { chain input { type filter hook input priority 0; drop; }; }";
    await bare.namespace.exec(["nft", "-f", "-"], { input: table });
    const run = await quickest(() =>
      runDoctor(bare, { kubeconfig: api.kubeconfig(), flags: ["--peers-host", "nobody.example"] }),
    );
    await bare.namespace.exec(["nft", "delete", "table", "inet", "hang"]);
    expect(said(run, "api")).toEqual(["API_UNREACHABLE"]);
    expect(said(run, "lease")).toEqual(["unknown"]);
    expect(said(run, "sidecar")).toEqual(["SIDECAR_SILENT"]);
    measured("doctor where everything hangs", [run.tookMs]);
    expect(run.tookMs).toBeLessThan(5_000);
  });

  test("it ends within 5 s where the kubeconfig's plugin hangs, and what hangs on it is unknown", async () => {
    const path = join(mkdtempSync(join(tmpdir(), "hanging-")), "admin.conf");
    const text = readFileSync(api.kubeconfig(), "utf8");
    const exec = "exec: {apiVersion: client.authentication.k8s.io/v1, command: sleep, args: ['20']}";
    writeFileSync(path, text.replace(/client-certificate-data: .*/, exec).replace(/ +client-key-data: .*\n/, ""));
    const run = await quickest(() => runDoctor(bare, { kubeconfig: path }));
    for (const check of ["api", "certificates", "lease", "clock"]) expect(said(run, check)).toEqual(["unknown"]);
    expect(said(run, "interface")).toEqual(["ok"]);
    expect(run.tookMs).toBeLessThan(5_000);
  });

  test("a sidecar that cannot serve says why: wrong settings, or a link that is down", async () => {
    const passive = SidecarProcess.start(bare, { kubeconfig: api.kubeconfig(), flags: ["--gateway", "10.100.0.1"] });
    await passive.waitForEvent("problem", { withinMs: 20_000 });
    expect(said(await doctor(bare), "sidecar")).toEqual(["SIDECAR_PASSIVE"]);
    await passive.stop();
    await bare.namespace.ip("link set net1 down");
    const waiting = SidecarProcess.start(bare, { kubeconfig: api.kubeconfig() });
    await waiting.waitForEvent("transition", { withinMs: 20_000 });
    const run = await doctor(bare);
    expect([said(run, "sidecar"), said(run, "interface")]).toEqual([["SIDECAR_NOT_READY"], ["INTERFACE_DOWN"]]);
    await waiting.stop();
    await bare.namespace.ip("link set net1 up");
  });
});

/** Of three at most, or the first that is in time: only what hangs by itself is late thrice. */
async function quickest(run: () => Promise<DoctorRun>): Promise<DoctorRun> {
  let best = await run();
  for (let tries = 1; tries < TRIES_MAX && best.tookMs >= 5_000; tries += 1) {
    const again = await run();
    if (again.tookMs < best.tookMs) best = again;
  }
  return best;
}
