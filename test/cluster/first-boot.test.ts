/**
 * The first boot of three replicas, at 5/3/1: sidecars that run before there is a single file, three certificate
 * authorities of which one wins, a replica whose files are overwritten late. Then, on the same cluster, the renewal of
 * certificates. What a single wrong file does is bad-input.test.ts's matter.
 */
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, expect, test } from "vitest";
import type { ApiReplica } from "../bed/api-replica.ts";
import { measured } from "../bed/measured.ts";
import { copyPki, renewAdminConf } from "../bed/pki.ts";
import type { Pod } from "../bed/pod.ts";
import { FAST_LEASE, VirtualCluster } from "../bed/virtual-cluster.ts";
import { monotonicMs, sleep, waitFor, wallMsAt } from "../bed/wait.ts";

const LEASE_MS = 5_000;

let cluster: VirtualCluster;
/** Its PKI is everybody's in the end. */
let winner: ApiReplica;
/** Overwritten before its API server starts. */
let loser: ApiReplica;
/** Overwritten when the others serve already. */
let late: ApiReplica;

beforeAll(async () => {
  cluster = await VirtualCluster.prepare({ env: FAST_LEASE });
  [winner, loser, late] = cluster.api.replicas as [ApiReplica, ApiReplica, ApiReplica];
  for (const pod of cluster.pods) cluster.startSidecar(pod);
});

afterAll(() => cluster.close());

afterEach(async () => {
  expect(await cluster.heldByTwo()).toEqual([]);
});

interface Said {
  readonly role: string;
  readonly reason: string;
  readonly ready: boolean;
  readonly troubles: readonly { readonly code: string }[];
}

async function saidBy(pod: Pod): Promise<Said> {
  return (await cluster.status(pod)) as unknown as Said;
}

/** When the sidecar's status shows a trouble with this code. */
function troubled({ pod }: ApiReplica, code: string): Promise<unknown> {
  const shown = async () => (await saidBy(pod)).troubles.some((trouble) => trouble.code === code) || undefined;
  const diagnose = () => cluster.sidecar(pod).tail();
  return waitFor(`/status of ${pod.name} says ${code}`, shown, { withinMs: 20_000, diagnose });
}

/** When the first of these API servers said that it is ready. */
function firstReadyMs(replicas: readonly ApiReplica[]): Promise<number> {
  const readyMs = ({ pod }: ApiReplica): Promise<number> => {
    const curl = ["curl", "--silent", "--insecure", "--max-time", "2", "https://127.0.0.1:6443/readyz"];
    const isReady = async () => (await pod.namespace.attempt(curl)).stdout === "ok" || undefined;
    return waitFor(`${pod.name}: the API server is ready`, isReady, { withinMs: 60_000 }).then(monotonicMs);
  };
  return Promise.race(replicas.map(readyMs));
}

/** The sidecar's connections to API servers, by their own ports. */
async function apiPorts(pod: Pod): Promise<readonly string[]> {
  const listed = await pod.namespace.exec(["ss", "-Htnp", "state", "established"]);
  const own = listed.split("\n").filter((line) => line.includes(`pid=${cluster.sidecar(pod).process.pid},`));
  return own.flatMap((line) => /:(\d+) +\S+:(?:6443|8443) /.exec(line)?.[1] ?? []);
}

test("before there is any file each replica lives, is passive, and says what it waits for", async () => {
  for (const replica of cluster.api.replicas) {
    await troubled(replica, "KUBECONFIG_MISSING");
    const waits = async () => (await saidBy(replica.pod)).reason === "the API has not answered yet" || undefined;
    await waitFor(`${replica.pod.name} waits for the API`, waits, { withinMs: 10_000 });
    expect(await saidBy(replica.pod)).toMatchObject({ role: "waiting", ready: false });
  }
});

test("three authorities, two overwritten: the VIP is served a lease and at most 1 s after the first API server is ready", async () => {
  await Promise.all(cluster.api.replicas.map(({ pkiFolder }) => cluster.api.makePki(pkiFolder)));
  const authorities = cluster.api.replicas.map(({ pkiFolder }) => readFileSync(join(pkiFolder, "ca.crt"), "utf8"));
  expect(new Set(authorities).size).toBe(3);
  copyPki(winner.pkiFolder, loser.pkiFolder);
  for (const replica of [winner, loser]) replica.startAll();
  // Whichever API server answers first, and whoever asks that one: maybe long before it calls itself ready.
  const counts = async () => {
    const said = await Promise.all([winner, loser].map(({ pod }) => saidBy(pod)));
    return said.some(({ reason }) => /^the Lease is vacant, .* may be taken in \d+ ms$/.test(reason)) || undefined;
  };
  const counted = waitFor("a replica says that it counts the vacant Lease", counts, {
    withinMs: 60_000,
    diagnose: () => cluster.sidecars.map((sidecar) => sidecar.tail(8)).join("\n"),
  });
  const [readyMs] = await Promise.all([firstReadyMs([winner, loser]), counted]);
  const servedMs = await waitFor(
    "the VIP is answered",
    () => cluster.sampler.runs.find(({ macs }) => macs.length > 0)?.fromMs,
    { withinMs: 2 * LEASE_MS, diagnose: () => cluster.sidecars.map((sidecar) => sidecar.tail(8)).join("\n") },
  );
  measured("first boot: first API server ready, until the VIP is served", [servedMs - readyMs]);
  expect(servedMs - readyMs).toBeLessThanOrEqual(LEASE_MS + 1_000);
  const created = cluster.history().find(({ status }) => status === 201);
  const countedMs = wallMsAt(servedMs) - (created?.answeredWallMs ?? Number.NaN);
  measured("first boot: Lease created, until the VIP is served", [countedMs]);
  expect(countedMs).toBeGreaterThan(LEASE_MS - 10);
  expect(countedMs).toBeLessThan(LEASE_MS + 1_000);
  const counting = cluster.sidecars.flatMap(({ lines }) => lines.filter(({ event }) => event === "counting-vacant"));
  expect(counting.length).toBeGreaterThan(0);
});

test("a replica with dead credentials says so, takes no part, and does when its files are overwritten", async () => {
  await troubled(late, "API_CERTIFICATE_REJECTED");
  const conf = join(late.pkiFolder, "admin.conf");
  const [, authority = ""] = /certificate-authority-data: (.*)/.exec(readFileSync(winner.kubeconfig, "utf8")) ?? [];
  const deadClient = readFileSync(conf, "utf8").replace(/(certificate-authority-data: ).*/, `$1${authority}`);
  writeFileSync(conf, deadClient);
  await troubled(late, "API_UNAUTHORIZED");
  expect(await saidBy(late.pod)).toMatchObject({ role: "waiting", ready: false });
  await cluster.sampler.caughtUp();
  expect(cluster.sampler.report().answerers.map(({ mac }) => mac)).not.toContain(late.pod.mac);
  copyPki(winner.pkiFolder, late.pkiFolder);
  late.startAll();
  await cluster.ready(late.pod, 60_000);
  const told = cluster.sidecar(late.pod).lines.filter(({ event }) => event === "trouble");
  expect(told.length).toBeLessThan(20);
});

test("the holder uses renewed certificates from its next renewal on, by new connections, and nothing moves", async () => {
  for (const replica of cluster.api.replicas) await replica.ready();
  const { pod } = await cluster.holder();
  const holders = cluster.holders();
  const portsBefore = await apiPorts(pod);
  expect(portsBefore).not.toEqual([]);
  const sinceMs = monotonicMs();
  for (const { pkiFolder } of cluster.api.replicas) await renewAdminConf(pkiFolder, cluster.api.tools.kubeadm);
  await sleep(2 * LEASE_MS);
  const portsAfter = await apiPorts(pod);
  expect(portsAfter).not.toEqual([]);
  expect(portsAfter.filter((port) => portsBefore.includes(port))).toEqual([]);
  expect(cluster.holders()).toEqual(holders);
  const { answerers, longestSilenceMs } = cluster.sampler.report(sinceMs);
  expect(answerers.map(({ mac }) => mac)).toEqual([pod.mac]);
  measured("first boot: certificates renewed: longest silence of the VIP", [longestSilenceMs]);
  expect(longestSilenceMs).toBeLessThan(50);
});
