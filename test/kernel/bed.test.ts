/** The bed itself, before anything is proved on it: the network is the page's, and each observer can see a fault. */
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from "vitest";
import { Capture, captureObstacle } from "../bed/capture.ts";
import { type Namespace, SIDECAR_CAPABILITIES } from "../bed/namespace.ts";
import { ArpSampler, Connector } from "../bed/observers.ts";
import { Pod } from "../bed/pod.ts";
import type { BedProcess } from "../bed/process.ts";
import { residueDiff, residueOf } from "../bed/residue.ts";
import { PAGE, Segment } from "../bed/segment.ts";
import { sleep, waitFor } from "../bed/wait.ts";

const OBSERVED_MS = 400;

/** Answers every connection's first bytes with one byte. */
const LISTENER = `require("node:net").createServer((s) => s.on("error", () => {}).once("data", () => s.write("x")))
  .listen(${PAGE.port}, "0.0.0.0", () => console.log("listening"))`;

let segment: Segment;
let first: Pod;
let second: Pod;

beforeAll(async () => {
  segment = await Segment.create({ podNetwork: "10.64" });
  [first, second] = await Promise.all([
    Pod.create(segment, { name: "vcluster-0" }),
    Pod.create(segment, { name: "vcluster-1" }),
  ]);
});

afterAll(async () => {
  await Promise.all([first.close(), second.close()]);
  await segment.close();
});

/** The set that the page's block asks for, in iproute2's words; undone when the test ends. */
async function holdByHand(pod: Pod): Promise<void> {
  onTestFinished(() => letGoByHand(pod));
  await pod.namespace.ip(
    [
      "route add 10.100.0.0/24 dev net1 scope link table 847",
      "route add default via 10.100.0.1 dev net1 table 847",
      `rule add pref 847 from ${PAGE.vip} lookup 847`,
      `addr add ${PAGE.vip}/32 dev net1`,
    ].join("\n"),
  );
}

/** Whatever of it is there. */
async function letGoByHand(pod: Pod): Promise<void> {
  for (const what of [`addr del ${PAGE.vip}/32 dev net1`, "rule del pref 847", "route flush table 847"]) {
    await pod.namespace.attempt(["ip", ...what.split(" ")]);
  }
}

async function listenIn(pod: Pod): Promise<BedProcess> {
  const listener = pod.namespace.spawn([process.execPath, "-e", LISTENER], { name: `${pod.name}-listener` });
  onTestFinished(() => listener.close());
  await waitFor("the listener listens", () => listener.log().includes("listening") || undefined, { withinMs: 5_000 });
  return listener;
}

async function connectionsFrom(namespace: Namespace): Promise<{ readonly tried: number; readonly lost: number }> {
  const connector = await Connector.start(namespace);
  await sleep(OBSERVED_MS);
  await connector.stop();
  return connector.report();
}

async function answersWhile(act: () => Promise<void>) {
  const sampler = await ArpSampler.start(segment);
  await act();
  await sleep(OBSERVED_MS);
  await sampler.stop();
  return sampler.report();
}

describe("a pod", () => {
  test("has a net1 that is up, without an IPv4 address and without a rule, as the bridge plugin leaves it", async () => {
    const [link] = JSON.parse(await first.namespace.exec(["ip", "-json", "address", "show", "net1"])) as {
      flags: string[];
      mtu: number;
      address: string;
      addr_info: { family: string }[];
    }[];
    expect(link).toMatchObject({ mtu: 1500, address: first.mac });
    expect(link?.flags).toContain("LOWER_UP");
    expect(link?.addr_info.filter(({ family }) => family === "inet")).toEqual([]);
    expect(await first.namespace.exec(["ip", "rule"])).not.toContain("net1");
  });

  test("reaches other pods and their names by eth0", async () => {
    const route = await first.namespace.exec(["ip", "route", "get", second.address]);
    expect(route).toContain("via 169.254.1.1 dev eth0");
  });

  test("comes back with a new address and a new MAC on net1", async () => {
    const before = await Pod.create(segment, { name: "vcluster-2" });
    await before.lose();
    const after = await Pod.create(segment, { name: "vcluster-2" });
    expect(after.mac).not.toBe(before.attachment?.mac);
    expect([after.address, after.uid]).not.toEqual([before.address, before.uid]);
    await after.close();
  });

  test("gives a process no more than the two capabilities of the container", async () => {
    const process = first.namespace.spawn(["cat", "/proc/self/status"], {
      name: "status",
      capabilities: SIDECAR_CAPABILITIES,
    });
    await process.exited;
    // CAP_NET_ADMIN is bit 12, CAP_NET_RAW bit 13.
    for (const set of ["CapPrm", "CapEff", "CapBnd"]) expect(process.log()).toContain(`${set}:\t0000000000003000`);
  });
});

describe("the VIP set by hand", () => {
  test("is reached from the worker and from the client behind the gateway, with rule and routes", async () => {
    await listenIn(first);
    await holdByHand(first);
    for (const namespace of [segment.worker, segment.client]) {
      const { tried, lost } = await connectionsFrom(namespace);
      expect(tried).toBeGreaterThan(40);
      expect(lost).toBe(0);
    }
  });

  test("is reached from neither without the rule: the answers leave by eth0", async () => {
    await listenIn(first);
    onTestFinished(() => letGoByHand(first));
    await first.namespace.ip(`addr add ${PAGE.vip}/32 dev net1`);
    for (const namespace of [segment.worker, segment.client]) {
      const { tried, lost } = await connectionsFrom(namespace);
      expect(lost).toBe(tried);
    }
  });
});

describe("the ARP sampler", () => {
  test("hears nobody while nobody holds the VIP", async () => {
    const report = await answersWhile(() => Promise.resolve());
    expect(report).toMatchObject({ mostAtOnce: 0, answerers: [], intervalsOfTwo: [] });
    expect(report.probes).toBeGreaterThan(100);
    expect(report.longestSilenceMs).toBeGreaterThan(OBSERVED_MS * 0.9);
  });

  test("hears the one holder's MAC, and when another takes its place", async () => {
    const report = await answersWhile(async () => {
      await holdByHand(first);
      await sleep(50);
      await letGoByHand(first);
      await holdByHand(second);
    });
    expect(report.answerers.map(({ mac }) => mac)).toEqual([first.mac, second.mac]);
    expect(report).toMatchObject({ mostAtOnce: 1, intervalsOfTwo: [] });
  });

  test("counts two holders, and says from when to when", async () => {
    const report = await answersWhile(async () => {
      await holdByHand(first);
      await holdByHand(second);
      await sleep(100);
      await letGoByHand(second);
    });
    expect(report.mostAtOnce).toBe(2);
    expect(report.intervalsOfTwo[0]?.macs).toEqual([first.mac, second.mac].sort());
    const lengthMs = report.intervalsOfTwo.reduce((total, { fromMs, toMs }) => total + toMs - fromMs, 0);
    expect(lengthMs).toBeGreaterThan(50);
    expect(lengthMs).toBeLessThan(OBSERVED_MS);
  });
});

describe("the connector", () => {
  test("counts lost connections and the gap when the listener dies and comes back", async () => {
    await holdByHand(first);
    const dying = await listenIn(first);
    const connector = await Connector.start(segment.worker);
    await sleep(100);
    await dying.close();
    await sleep(100);
    await listenIn(first);
    await sleep(100);
    await connector.stop();
    const { tried, lost, lostBy, gapMs } = connector.report();
    expect(lost).toBeGreaterThan(15);
    expect(tried).toBeGreaterThan(lost + 30);
    expect(lostBy.refused).toBeGreaterThan(15);
    expect(gapMs).toBeGreaterThan(100);
    expect(gapMs).toBeLessThan(2_000);
  });

  test("counts a connection as lost when nobody answers for the VIP", async () => {
    const { tried, lost } = await connectionsFrom(segment.worker);
    expect(lost).toBe(tried);
  });
});

describe("capture and residue", () => {
  test("a capture holds the sampler's probes as tcpdump reads them", async (context) => {
    const obstacle = captureObstacle();
    context.skip(obstacle !== undefined, obstacle);
    const capture = await Capture.start(segment.worker, { link: "net0", filter: "arp" });
    await answersWhile(() => Promise.resolve());
    await capture.stop();
    expect(capture.frames().length).toBeGreaterThan(100);
    const [line] = (await capture.text()).split("\n");
    expect(line).toContain(`Request who-has ${PAGE.vip} tell 0.0.0.0`);
  });

  test("residue is empty after a clean end, and names what was left", async () => {
    const before = await residueOf(first.namespace);
    await holdByHand(first);
    await letGoByHand(first);
    expect(residueDiff(before, await residueOf(first.namespace))).toEqual([]);
    await first.namespace.ip(`rule add pref 847 from ${PAGE.vip} lookup 847`);
    expect(residueDiff(before, await residueOf(first.namespace))).toEqual([
      "ip rule show:",
      `+ 847:	from ${PAGE.vip} lookup 847`,
    ]);
  });
});
