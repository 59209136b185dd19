/**
 * An operator's hands on the Lease, with the real kubectl, at 5/3/1 so that a lease duration is 5 s: deleted, emptied,
 * given a foreign name, and deleted while the holder is frozen. Silence is judged by the ARP sampler, time by the API
 * servers' audit logs.
 */
import { afterAll, beforeAll, expect, test } from "vitest";
import type { LeaseWrite } from "../bed/lease-history.ts";
import { measured } from "../bed/measured.ts";
import { PAGE } from "../bed/segment.ts";
import type { SidecarProcess } from "../bed/sidecar-process.ts";
import { FAST_LEASE, VirtualCluster } from "../bed/virtual-cluster.ts";
import { monotonicMs, sleep, waitFor, wallMsAt } from "../bed/wait.ts";

const LEASE = ["lease", "vcluster-kube-vip", "--namespace=kube-system"];
const LEASE_DURATION_MS = 5_000;
const TIMES = 7;
const CURL_HEALTHZ = ["curl", "--silent", "--insecure", "--max-time", "5", `https://${PAGE.endpoint}/healthz`];

let cluster: VirtualCluster;
let holder: SidecarProcess;

beforeAll(async () => {
  cluster = await VirtualCluster.start({ env: FAST_LEASE });
  holder = await cluster.startSidecars();
});

afterAll(() => cluster.close());

function patched(holderIdentity: string): readonly string[] {
  return ["patch", ...LEASE, "--type=merge", `--patch={"spec":{"holderIdentity":"${holderIdentity}"}}`];
}

/** Runs kubectl and gives back what it did, as the API server wrote it down. */
async function byHand(argv: readonly string[]): Promise<LeaseWrite> {
  const earlier = cluster.history().length;
  await cluster.kubectl(argv);
  return waitFor(
    "the audit log tells of kubectl's write",
    () =>
      cluster
        .history()
        .slice(earlier)
        .find(({ userAgent }) => userAgent.startsWith("kubectl")),
    { withinMs: 2_000 },
  );
}

interface Silence {
  /** From the API server's answer to kubectl to the last probe that was answered; negative: before. */
  readonly silentAfterMs: number;
  /** From the same answer to the first probe that was answered again. */
  readonly backAfterMs: number;
  readonly backMac: string;
}

/** What the sampler saw after a write at that moment; resolves when the VIP is answered for again. */
async function silenceAfter(write: LeaseWrite, withinMs = 3_000): Promise<Silence> {
  const atMs = write.answeredWallMs - wallMsAt(0);
  const found = await waitFor(
    "the VIP falls silent and is answered for again",
    () => {
      const after = cluster.sampler.runs.filter(({ toMs }) => toMs >= atMs - 20);
      const silent = after.findIndex(({ macs }) => macs.length === 0);
      const back = after.find(({ macs }, index) => silent >= 0 && index > silent && macs.length > 0);
      return back === undefined ? undefined : { silent: after[silent], back };
    },
    { withinMs, diagnose: () => cluster.sidecars.map((sidecar) => sidecar.tail(10)).join("\n") },
  );
  return {
    silentAfterMs: (found.silent?.fromMs ?? Number.NaN) - atMs,
    backAfterMs: found.back.fromMs - atMs,
    backMac: found.back.macs.join(),
  };
}

async function repeatedly(argv: readonly string[]): Promise<readonly Silence[]> {
  const silences: Silence[] = [];
  for (let time = 0; time < TIMES; time += 1) {
    silences.push(await silenceAfter(await byHand(argv)));
    // The next one meets a holder that has renewed at its own pace in between.
    await sleep(600 + 130 * time);
  }
  return silences;
}

const HANDS = [
  { what: "deleted", argv: ["delete", ...LEASE, "--wait=false"] },
  { what: "emptied", argv: patched("") },
];

test.each(HANDS)(
  "Lease $what: silent within 50 ms (median of 7), and the last holder back within 200 ms",
  async ({ what, argv }) => {
    const silences = await repeatedly(argv);
    const silent = measured(
      `Lease ${what}: kubectl's answer to silence`,
      silences.map(({ silentAfterMs }) => silentAfterMs),
    );
    const back = measured(
      `Lease ${what}: kubectl's answer to the last holder being back`,
      silences.map(({ backAfterMs }) => backAfterMs),
    );
    expect(silent).toBeLessThanOrEqual(50);
    expect(back).toBeLessThanOrEqual(200);
    expect(new Set(silences.map(({ backMac }) => backMac))).toEqual(new Set([holder.pod.mac]));
    expect(await cluster.heldByTwo()).toEqual([]);
  },
);

test("a foreign name in the Lease: silent at once, and served again after a lease duration", async () => {
  const write = await byHand(patched("somebody-else"));
  const { silentAfterMs, backAfterMs } = await silenceAfter(write, LEASE_DURATION_MS + 3_000);
  measured("foreign name in the Lease: kubectl's answer to silence", [silentAfterMs]);
  measured("foreign name in the Lease: kubectl's answer to being served again", [backAfterMs]);
  expect(silentAfterMs).toBeLessThanOrEqual(50);
  // The others may have seen it before kubectl had its answer, but not before it was asked for.
  expect(backAfterMs + write.answeredWallMs - write.receivedWallMs).toBeGreaterThanOrEqual(LEASE_DURATION_MS);
  expect(backAfterMs).toBeLessThanOrEqual(LEASE_DURATION_MS + 500);
  expect(await cluster.heldByTwo()).toEqual([]);
});

// The frozen holder's kernel goes on answering ARP, with its address, until the process is thawed. So these tests do not
// ask whether two MAC addresses answered: they prove that nobody takes the Lease before a lease duration. A deleted
// Lease forgets its last holder's MAC address; a replica that never held then waits for longer, as long as the frozen
// one's kernel answers.
test.each(HANDS)(
  "Lease $what while the holder is frozen: nobody takes it before a lease duration, and the thawed one is silent",
  async ({ what, argv }) => {
    const frozen = await cluster.holder();
    for (const { pod } of cluster.standbys(frozen)) await cluster.ready(pod);
    frozen.signal("SIGSTOP");
    const { receivedWallMs: writtenWallMs } = await byHand(argv);
    await sleep(LEASE_DURATION_MS + 1_000);
    const thawedAtMs = monotonicMs();
    frozen.signal("SIGCONT");
    const named = ({ answeredWallMs, lease }: LeaseWrite) =>
      answeredWallMs > writtenWallMs && lease !== undefined && lease.holderIdentity !== "";
    const taken = await waitFor("a replica takes the Lease", () => cluster.history().find(named), { withinMs: 5_000 });
    measured(`Lease ${what}, holder frozen: until the next take`, [taken.receivedWallMs - writtenWallMs]);
    expect(taken.receivedWallMs - writtenWallMs).toBeGreaterThanOrEqual(LEASE_DURATION_MS);
    expect(taken.lease?.holderIdentity).not.toContain(frozen.pod.uid);
    await cluster.sampler.caughtUp();
    const answersOfFrozen = cluster.sampler.report(thawedAtMs).answerers.find(({ mac }) => mac === frozen.pod.mac);
    const silentAfterMs = (answersOfFrozen?.lastMs ?? thawedAtMs) - thawedAtMs;
    measured("thawed after its deadline: last answer of the former holder", [silentAfterMs]);
    expect(silentAfterMs).toBeLessThanOrEqual(100);
    const next = await cluster.holder();
    expect(taken.lease?.holderIdentity).toContain(next.pod.uid);
    expect(await cluster.segment.worker.exec(CURL_HEALTHZ)).toBe("ok");
  },
);
