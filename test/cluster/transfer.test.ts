/**
 * Planned moves by `vcluster-kube-vip transfer`, as clients see them: a new connection every 5 ms from the worker and
 * from behind the gateway, and every 20 ms one that hesitates for 20 ms before its request; lost if it is refused, reset
 * before the first byte, or without a first byte after 250 ms.
 * TRANSFERS=200 is the run of docs/benchmarks.md; with GREETING=tls each of the clients begins a TLS handshake.
 */
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, expect, test } from "vitest";
import type { TransferOutcome } from "../../packages/sidecar/src/transfer/outcome.ts";
import { IdleClients } from "../bed/idle-clients.ts";
import { measured } from "../bed/measured.ts";
import type { Namespace } from "../bed/namespace.ts";
import { Connector } from "../bed/observers.ts";
import { asOnNodeOfItsOwn } from "../bed/own-node.ts";
import { PAGE } from "../bed/segment.ts";
import type { SidecarProcess } from "../bed/sidecar-process.ts";
import { requestTransfer, runTransfer } from "../bed/transfer-command.ts";
import { VirtualCluster } from "../bed/virtual-cluster.ts";
import { monotonicMs } from "../bed/wait.ts";

const TRANSFERS = Number(process.env["TRANSFERS"] ?? "10");
/** Two cores for three API servers and all clients: plain HTTP spares each connection a signature. */
const GREETING = process.env["GREETING"] === "tls" ? "tls" : "http";
/** Between two of them: every neighbour has been told, and every connection decided. */
const PAUSE_MS = 1_200;
/** Less than the giver serves those who connected a moment before. */
const HESITATES_MS = 20;
const GAP_P99_MS = 10;
const RESET_WITHIN_MS = 100;
const MANY_MOVES = { VCLUSTER_KUBE_VIP_MOVES_MAX: "100", VCLUSTER_KUBE_VIP_MOVES_WINDOW_SECONDS: "30" } as const;
const DEFAULT_MOVES = {
  VCLUSTER_KUBE_VIP_MOVES_MAX: undefined,
  VCLUSTER_KUBE_VIP_MOVES_WINDOW_SECONDS: undefined,
} as const;
const DEFAULT_MOVES_MAX = 4;

interface Move {
  readonly askedAtMs: number;
  readonly from: string;
  readonly outcome: Extract<TransferOutcome, { t: "moved" }>;
}

let cluster: VirtualCluster;
let fromWorker: Connector;
let fromClient: Connector;
/** Several of its connections are half made whenever the VIP moves. */
let hesitating: Connector;
const moves: Move[] = [];

beforeAll(
  async () => {
    cluster = await VirtualCluster.start({ env: MANY_MOVES });
    await cluster.startSidecars();
    await Promise.all(cluster.sidecars.map((one) => asOnNodeOfItsOwn(one, cluster.api.replica(one.pod.name))));
    const { worker, client } = cluster.segment;
    fromWorker = await Connector.start(worker, { greeting: GREETING });
    fromClient = await Connector.start(client, { greeting: GREETING });
    hesitating = await Connector.start(worker, { greeting: GREETING, periodMs: 20, hesitatesMs: HESITATES_MS });
    await sleep(PAUSE_MS);
    for (let move = 0; move < TRANSFERS; move += 1) {
      moves.push(await transfer(await cluster.holder()));
      await sleep(PAUSE_MS);
    }
    await fromWorker.caughtUp();
    await Promise.all([fromWorker, fromClient, hesitating].map((connector) => connector.stop()));
  },
  60_000 + TRANSFERS * 4_000,
);

afterAll(() => cluster.close());

async function transfer(holder: SidecarProcess): Promise<Move> {
  const { pod } = holder;
  const askedAtMs = monotonicMs();
  const outcome = await requestTransfer(pod);
  if (outcome.t !== "moved") throw new TypeError(`${JSON.stringify(outcome)}\n${holder.tail()}`);
  return { askedAtMs, from: pod.name, outcome };
}

/** The command's status, and what it said. */
async function command({ pod }: SidecarProcess, ...words: readonly string[]) {
  const { kubeconfig } = cluster.api.replica(pod.name);
  const { status, stdout, stderr } = await runTransfer(pod, { kubeconfig }, ...words);
  return { status, said: stdout + stderr };
}

test("never two replicas answered for the VIP", async () => {
  expect(await cluster.heldByTwo()).toEqual([]);
});

test.each([
  ["the worker", () => fromWorker],
  ["behind the gateway", () => fromClient],
  ["a worker that hesitates", () => hesitating],
])("no connection from %s is lost in a transfer", (where, connector) => {
  const { tried, lostBy, longestBlindMs } = connector().report();
  const lost = JSON.stringify(lostBy);
  process.stdout.write(
    `measured: ${TRANSFERS} transfers, ${GREETING} from ${where}: ${tried} connections, lost ${lost}\n`,
  );
  process.stdout.write(`measured: longest pause between two from ${where}: ${longestBlindMs.toFixed(1)} ms\n`);
  const gaps = moves.map(({ askedAtMs }) => connector().report(askedAtMs - 20, askedAtMs + PAUSE_MS).gapMs);
  measured(`transfer: gap in new connections from ${where}`, gaps);
  measured(
    `transfer: slowest first byte from ${where}`,
    moves.map(({ askedAtMs }) => slowest(connector(), askedAtMs)),
  );
  expect(lostBy).toEqual({});
  expect(gaps.toSorted((a, b) => a - b)[Math.ceil(gaps.length * 0.99) - 1]).toBeLessThanOrEqual(GAP_P99_MS);
});

/** Of the connections that were begun while the VIP moved. */
function slowest({ attempts }: Connector, askedAtMs: number): number {
  const during = attempts.filter(({ startMs }) => startMs >= askedAtMs && startMs < askedAtMs + 300);
  return Math.max(...during.map(({ tookMs }) => tookMs));
}

test("a transfer says to whom the VIP went, in how many milliseconds, and that all neighbours have heard of it", () => {
  measured(
    "transfer: from the question to the new holder's write",
    moves.map(({ outcome }) => outcome.tookMs),
  );
  for (const { from, outcome } of moves) {
    expect(outcome.to).not.toContain(`${from}_`);
    expect(outcome.acknowledged).toMatch(/^(\d+)\/\1$/);
  }
});

const IDLE: readonly (readonly [where: string, namespace: () => Namespace, nextHop: string])[] = [
  ["the worker", () => cluster.segment.worker, PAGE.worker],
  ["behind the gateway", () => cluster.segment.client, "10.100.0.1"],
];

test.each(
  IDLE.flatMap(([where, ...rest]) => [[where, "known", ...rest] as const, [where, "expired", ...rest] as const]),
)(
  "an idle connection from %s, whose neighbour entry is %s, is reset within 100 ms of the move, and is made anew",
  async (where, entry, namespace, nextHop) => {
    const holder = await cluster.holder();
    const idle = await IdleClients.connect(namespace(), PAGE.vip, PAGE.port);
    await sleep(PAUSE_MS);
    if (entry === "expired") await holder.pod.namespace.ip(`neigh del ${nextHop} dev net1`);
    const { askedAtMs, outcome } = await transfer(holder);
    const [end] = await idle.ended();
    const again = await IdleClients.connect(namespace(), PAGE.vip, PAGE.port);
    await Promise.all([idle.close(), again.close()]);
    const resetAfterMs = (end?.atMs ?? Number.NaN) - (askedAtMs + outcome.tookMs);
    measured(`transfer: new holder's write to the reset at an idle client from ${where}, entry ${entry}`, [
      resetAfterMs,
    ]);
    expect(end?.code).toBe("ECONNRESET");
    expect(resetAfterMs).toBeLessThanOrEqual(RESET_WITHIN_MS);
  },
);

test("the command moves the VIP to the replica that is named, and says on a standby whom to ask", async () => {
  const holder = await cluster.holder();
  const [standby, other] = cluster.standbys(holder);
  if (standby === undefined || other === undefined) throw new TypeError("three replicas");
  const elsewhere = await command(standby);
  expect(elsewhere.status).toBe(1);
  expect(elsewhere.said).toContain(`kubectl exec ${holder.pod.name} instead`);
  const unknown = await command(holder, "nobody-7");
  expect(unknown).toMatchObject({
    status: 1,
    said: expect.stringContaining("no other replica called nobody-7 answers"),
  });
  expect(await command(holder, other.pod.name)).toMatchObject({
    status: 0,
    said: expect.stringMatching(new RegExp(`^the VIP moved to ${other.pod.name} .* in \\d+\\.\\d ms`)),
  });
  await cluster.sampler.caughtUp();
  expect((await cluster.holder()).pod.name).toBe(other.pod.name);
});

test("with the defaults the fifth move within three minutes is refused in words", async () => {
  const holder = await cluster.holder();
  for (const standby of cluster.standbys(holder)) await restart(standby);
  // The first move that the others see; it may not be refused.
  await restart(holder);
  for (let made = 1; made < DEFAULT_MOVES_MAX; made += 1) {
    await transfer(await cluster.holder());
    await sleep(PAUSE_MS);
  }
  const refused = await command(await cluster.holder());
  expect(refused.status).toBe(1);
  expect(refused.said).toMatch(/^the VIP stays: 4 moves within 180 s already.*the next may begin in \d+ s\n$/);
});

async function restart(old: SidecarProcess): Promise<void> {
  await old.stop();
  cluster.startSidecar(old.pod, { env: DEFAULT_MOVES });
  await cluster.ready(old.pod);
}
