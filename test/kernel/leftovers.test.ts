/**
 * What an earlier life with other settings left in the pod (other link, prefix and table) is swept by the next one's
 * start, and nothing of others: by everything that the namespace shows, before and after.
 */
import { afterAll, beforeAll, expect, test } from "vitest";
import { Pod } from "../bed/pod.ts";
import { podName } from "../bed/release.ts";
import { residueDiff, residueOf } from "../bed/residue.ts";
import { PAGE, Segment } from "../bed/segment.ts";
import { SidecarProcess } from "../bed/sidecar-process.ts";
import { FAST_LEASE } from "../bed/virtual-cluster.ts";
import { waitFor } from "../bed/wait.ts";
import { EmbeddedApi } from "../demo/embedded-api.ts";

/** By hand, of another program, and of another instance: its protocol number is 84. */
const OF_OTHERS = {
  ip: [
    "link add net2 type veth peer name far2",
    "link set net2 up",
    "link set far2 up",
    "addr add 10.100.0.77/32 dev net1",
    "addr add 10.100.0.101/32 dev net2",
    "route add 192.0.2.0/24 dev net1 table 847",
    "route add default dev net2 proto 84 table 848",
    "rule add pref 848 from 10.100.0.101 lookup 848 protocol 84",
    "rule add pref 847 from 10.100.0.77 lookup 847",
  ],
  nft: [
    'table arp vcluster-kube-vip-84 {\n comment "vcluster-kube-vip of Lease kube-system/another"\n chain out {\n type filter hook output priority 0; policy accept;\n arp saddr ip 10.100.0.101 drop\n }\n}',
    "table inet theirs {\n set open {\n type ipv4_addr\n elements = { 10.100.0.100 }\n }\n}",
    "table arp theirs {\n chain out {\n type filter hook output priority 0; policy accept;\n }\n}",
  ],
} as const;

let segment: Segment;
let pod: Pod;
let api: EmbeddedApi;

beforeAll(async () => {
  segment = await Segment.create({ podNetwork: "10.64" });
  pod = await Pod.create(segment, { name: podName(0) });
  api = await EmbeddedApi.start([pod]);
  await pod.namespace.ip(OF_OTHERS.ip.join("\n"));
  await pod.namespace.exec(["nft", "-f", "-"], { input: `${OF_OTHERS.nft.join("\n")}\n` });
  const areSettled = async () => (await pod.namespace.exec(["ip", "-6", "addr", "show", "tentative"])) === "";
  await waitFor("the links' own IPv6 addresses", async () => (await areSettled()) || undefined, { withinMs: 10_000 });
});

afterAll(async () => {
  await pod.close();
  await segment.close();
});

test("a life with other settings is swept, link, prefix and table, and nothing else is touched", async () => {
  const before = await residueOf(pod.namespace);
  const kubeconfig = api.kubeconfig();
  const flags = [
    "--interface",
    "net2",
    "--gateway",
    "10.100.0.1/25",
    "--routing-table",
    "849",
    "--rule-priority",
    "849",
  ];
  const earlier = SidecarProcess.start(pod, { kubeconfig, env: FAST_LEASE, flags });
  await earlier.waitForEvent("took", { withinMs: 20_000 });
  const left = residueDiff(before, await residueOf(pod.namespace)).join("\n");
  for (const what of [`inet ${PAGE.vip}/32`, "849", "10.100.0.0/25", "table netdev vcluster-kube-vip-83"])
    expect(left).toContain(what);
  await earlier.process.stop("SIGKILL");

  const next = SidecarProcess.start(pod, { kubeconfig, env: FAST_LEASE });
  await next.waitForEvent("swept", { withinMs: 10_000, matches: ({ fields }) => fields["what"] === "remove-gate" });
  const swept = next.lines.filter(({ event }) => event === "swept").map(({ fields }) => String(fields["what"]));
  expect(swept.join("\n")).toContain(`delete-address ${PAGE.vip}/32`);
  expect(await pod.namespace.exec(["ip", "route", "show", "table", "849"])).toBe("");
  expect(await pod.namespace.exec(["ip", "addr", "show", "dev", "net2"])).not.toContain(PAGE.vip);
  expect(await next.stop()).toEqual({ code: 0, signal: null });
  expect(residueDiff(before, await residueOf(pod.namespace))).toEqual([]);
});
