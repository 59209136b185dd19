/** The tools of the fault matrix before anything is proved with them: each fault does what its name says, and is seen. */
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { API_PARTITIONS } from "../bed/faults/api-partition.ts";
import { WRONG_CLOCKS } from "../bed/faults/clock.ts";
import type { Fault, Heal } from "../bed/faults/fault.ts";
import { FaultBed } from "../bed/faults/fault-bed.ts";
import { PHASES } from "../bed/faults/fault-control.ts";
import { stateOf } from "../bed/faults/faulty-program.ts";
import { FROZEN, frozenAt } from "../bed/faults/freeze.ts";
import { HOLDER_DEAF, HOLDER_MUTE, HOLDER_STRANDED } from "../bed/faults/segment-cut.ts";
import { Stranger } from "../bed/faults/stranger.ts";
import { measured } from "../bed/measured.ts";
import type { Pod } from "../bed/pod.ts";
import { PAGE } from "../bed/segment.ts";
import type { SidecarProcess } from "../bed/sidecar-process.ts";
import { monotonicMs, sleep, waitFor } from "../bed/wait.ts";

const OBSERVED_MS = 300;
/** At 5/3/1. */
const RENEWED_WITHIN_MS = 1_500;
const HOUR_MS = 3_600_000;
const CURL = ["curl", "--silent", "--insecure", "--max-time", "1"];

let bed: FaultBed;
let holder: SidecarProcess;
let standby: Pod;

beforeAll(async () => {
  bed = await FaultBed.start();
});

afterAll(() => bed.close());

beforeEach(async () => {
  holder = await bed.settled();
  const other = bed.cluster.pods.find((pod) => pod !== holder.pod);
  if (other === undefined) throw new TypeError("no standby");
  standby = other;
  bed.watch.begin();
});

/** Applied to the holder while `act` runs; `act` gets nothing to heal. */
async function during<T>(fault: Fault | undefined, act: () => Promise<T>): Promise<T> {
  if (fault === undefined) throw new TypeError("no such fault");
  const heal: Heal = await fault.apply(bed, holder.pod, () => 0.5);
  try {
    return await act();
  } finally {
    await heal();
  }
}

/** What the holder wrote as the time of its last renewal: the one place where it tells its wall clock. */
async function renewTime(): Promise<number> {
  const lease = ["get", "lease", bed.cluster.leaseName, "--namespace=kube-system"];
  return Date.parse(await bed.cluster.kubectl([...lease, "--output=jsonpath={.spec.renewTime}"]));
}

function answersApi(argv: readonly string[]): Promise<boolean> {
  return holder.pod.namespace.attempt([...CURL, ...argv]).then(({ status }) => status === 0);
}

describe("a frozen sidecar", () => {
  test("is stopped, and runs again when it is thawed", async () => {
    expect(await during(FROZEN, async () => stateOf(holder.process))).toBe("T");
    await waitFor("it runs", () => (stateOf(holder.process) === "S" ? true : undefined), { withinMs: 1_000 });
  });

  test.each(PHASES)("stops itself %s, and goes on from there", async (phase) => {
    const isSent = phase === "write-sent";
    // Its one write may be in the Lease before the freeze is seen here.
    if (isSent) bed.watch.begin();
    const writes = await during(frozenAt(phase), async () => {
      expect(stateOf(holder.process)).toBe("T");
      if (!isSent) bed.watch.begin();
      await sleep(OBSERVED_MS);
      return bed.watch.writes().slice(1).length;
    });
    // Sent, but not answered when it froze; everything else lies before or after.
    expect(writes).toBe(isSent ? 1 : 0);
  });
});

describe("a wrong clock", () => {
  test("is read by the sidecar alone, and is right again after the heal", async () => {
    const hourAhead = WRONG_CLOCKS.find(({ name }) => name.includes("an hour ahead"));
    const aheadMs = await during(hourAhead, async () => {
      await sleep(RENEWED_WITHIN_MS);
      return (await renewTime()) - Date.now();
    });
    expect(aheadMs).toBeGreaterThan(HOUR_MS - RENEWED_WITHIN_MS);
    await sleep(RENEWED_WITHIN_MS);
    expect(await renewTime()).toBeLessThanOrEqual(Date.now());
  });
});

describe("an API partition", () => {
  test.each(API_PARTITIONS)("$name: the sidecar is cut off, the VIP's clients are not", async (fault) => {
    await during(fault, async () => {
      expect(await answersApi(["https://127.0.0.1:6443/healthz"])).toBe(false);
      expect(await answersApi([`https://${standby.address}:8443/healthz`])).toBe(false);
      const worker = await bed.cluster.segment.worker.attempt([...CURL, `https://${PAGE.endpoint}/healthz`]);
      expect(worker.stdout).toBe("ok");
    });
    expect(await answersApi(["https://127.0.0.1:6443/healthz"])).toBe(true);
  });
});

describe("a cut segment", () => {
  test("has the holder on one side, where it is still sampled, and the worker on the other", async () => {
    await during(HOLDER_STRANDED, () => sleep(OBSERVED_MS));
    const healedAtMs = monotonicMs();
    const served = await waitFor("served", () => bed.watch.servedAfter(healedAtMs), { withinMs: 5_000 });
    measured("segment healed: until the worker is served", [served - healedAtMs]);
    const seen = await bed.watch.report(holder.pod);
    expect(bed.watch.islanders).toEqual([holder.pod.mac]);
    expect(seen).toMatchObject({ mostAtOnce: 1, msOfTwo: 0 });
    expect(seen.msOfNone).toBeLessThan(50);
    expect(seen.failedConnects).toBeGreaterThan(20);
    expect(served - healedAtMs).toBeLessThan(200);
  });

  test.each([HOLDER_MUTE, HOLDER_DEAF])("$name", async (fault) => {
    await during(fault, () => sleep(OBSERVED_MS));
    const seen = await bed.watch.report(holder.pod);
    expect(seen.msOfNone).toBeGreaterThan(OBSERVED_MS - 50);
    expect(seen.failedConnects).toBeGreaterThan(20);
  });
});

describe("a stranger", () => {
  test("that claims the VIP is counted apart from ours", async () => {
    const stranger = await Stranger.join(bed.cluster.segment);
    await stranger.claimVip();
    await sleep(OBSERVED_MS);
    await stranger.leave();
    const seen = await bed.watch.report(holder.pod);
    expect(seen.msOfStrangers).toBeGreaterThan(OBSERVED_MS - 50);
    expect(seen).toMatchObject({ mostAtOnce: 1, msOfTwo: 0 });
  });

  test("sends 10,000 frames a second", async () => {
    const stranger = await Stranger.join(bed.cluster.segment);
    await stranger.send({ form: "question", perSecond: 10_000 });
    await sleep(1_000);
    const perSecond = stranger.sent.map(({ frames, fromMs, toMs }) => (frames * 1_000) / (toMs - fromMs));
    await stranger.leave();
    expect(measured("frames a second of the storm (a number, not ms)", perSecond)).toBeGreaterThan(9_500);
  });
});

describe("the oracles", () => {
  afterEach(async () => {
    await standby.namespace.attempt(["ip", "addr", "del", `${PAGE.vip}/32`, "dev", "net1"]);
    bed.cluster.sidecar(standby).signal("SIGCONT");
  });

  /** What no fault may bring about: the standby's gate is gone, its sidecar does not see it, and it has the VIP. */
  async function answerToo(): Promise<void> {
    bed.cluster.sidecar(standby).signal("SIGSTOP");
    await standby.namespace.exec(["nft", "flush", "ruleset"]);
    await standby.namespace.ip(`addr add ${PAGE.vip}/32 dev net1`);
  }

  test("count two of ours that answer on one side", async () => {
    await answerToo();
    await sleep(OBSERVED_MS);
    const seen = await bed.watch.report(holder.pod);
    expect(seen.mostAtOnce).toBe(2);
    expect(seen.msOfTwo).toBeGreaterThan(OBSERVED_MS - 50);
    expect(seen.msOfTwoAddresses).toBeGreaterThan(OBSERVED_MS - 50);
    expect(seen.residue.join("\n")).toContain(`${standby.name}: + `);
  });

  test("count two of ours that answer on two sides of a cut", async () => {
    await during(HOLDER_STRANDED, async () => {
      await answerToo();
      await sleep(OBSERVED_MS);
    });
    expect(await bed.watch.report(holder.pod)).toMatchObject({ mostAtOnce: 2 });
  });

  test("see a frame for the VIP from a standby", async () => {
    await answerToo();
    await standby.namespace.attempt(["curl", "--interface", PAGE.vip, "--max-time", "1", "http://10.100.0.77/"]);
    const { framesOfOthers } = await bed.watch.report(holder.pod);
    expect(framesOfOthers?.map(({ mac }) => mac)).toContain(standby.mac);
  });

  test("see nothing of all that in a cluster at rest", async () => {
    await sleep(1_000);
    expect(await bed.watch.report(holder.pod)).toMatchObject({
      mostAtOnce: 1,
      msOfTwo: 0,
      msOfNone: 0,
      msOfStrangers: 0,
      failedConnects: 0,
      framesOfOthers: [],
      holders: [],
      moves: 0,
      residue: [],
    });
  });
});
