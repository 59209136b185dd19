/**
 * `doctor` beside real API servers, at 5/3/1: what can be wrong with the API and with the Lease in it, broken by kubectl and by
 * signals. What can be wrong with a pod's network is test/kernel/doctor.test.ts's.
 */
import { afterAll, beforeAll, expect, test } from "vitest";
import { type DoctorRun, runDoctor, said } from "../bed/doctor-run.ts";
import { impersonating } from "../bed/impersonation.ts";
import type { Pod } from "../bed/pod.ts";
import type { SidecarProcess } from "../bed/sidecar-process.ts";
import { FAST_LEASE, VirtualCluster } from "../bed/virtual-cluster.ts";
import { waitFor } from "../bed/wait.ts";

const LEASE = ["lease", "vcluster-kube-vip", "--namespace=kube-system"];

let cluster: VirtualCluster;
let holder: SidecarProcess;

beforeAll(async () => {
  cluster = await VirtualCluster.start({ env: FAST_LEASE });
  holder = await cluster.startSidecars();
});

afterAll(() => cluster.close());

function doctor(pod: Pod, kubeconfig = cluster.api.replica(pod.name).kubeconfig): Promise<DoctorRun> {
  return runDoctor(pod, { kubeconfig, env: FAST_LEASE });
}

/** Until it says so: what was broken takes its time to be seen. */
function saying(pod: Pod, check: string, expected: readonly string[]): Promise<DoctorRun> {
  return waitFor(
    `${check} says ${expected.join(", ")}`,
    async () => {
      const run = await doctor(pod);
      return said(run, check).join() === expected.join() ? run : undefined;
    },
    { withinMs: 30_000, everyMs: 500 },
  );
}

test("where everything is well it says so, in each pod", async () => {
  for (const pod of cluster.pods) {
    const { findings, status } = await doctor(pod);
    expect(findings.filter(({ severity }) => severity !== "ok")).toEqual([]);
    expect(status).toBe(0);
  }
});

test("our own API server killed is an error, a peer's a warning, and the Lease is read all the same", async () => {
  const [pod, other] = cluster.standbys(holder).map((sidecar) => sidecar.pod);
  if (pod === undefined || other === undefined) throw new TypeError("three pods were made");
  await cluster.api.replica(pod.name).stop("kube-apiserver");
  const own = await saying(pod, "api", ["ok", "API_UNREACHABLE"]);
  expect(said(own, "lease")).toEqual(["ok"]);
  expect([own.status, severities(own)]).toEqual([1, ["ok", "error"]]);
  const peers = await saying(other, "api", ["ok", "API_UNREACHABLE"]);
  expect([peers.status, severities(peers)]).toEqual([0, ["ok", "warning"]]);
  await cluster.api.replica(pod.name).restart("kube-apiserver");
  await cluster.api.replica(pod.name).ready();
  await saying(pod, "api", ["ok"]);
});

function severities({ findings }: DoctorRun): readonly string[] {
  return findings.filter(({ check }) => check === "api").map(({ severity }) => severity);
}

test("credentials that may not read the Lease are told as such", async () => {
  const run = await doctor(
    holder.pod,
    impersonating("nobody-in-particular", cluster.api.replica(holder.pod.name).kubeconfig),
  );
  expect(said(run, "api")).toEqual(["API_FORBIDDEN"]);
  expect(said(run, "lease")).toEqual(["unknown"]);
});

test("a Lease that nobody renews is stale, an emptied one vacant, a deleted one missing", async () => {
  for (const sidecar of cluster.sidecars) sidecar.signal("SIGSTOP");
  const stale = await saying(holder.pod, "lease", ["LEASE_STALE"]);
  expect(said(stale, "sidecar")).toEqual(["SIDECAR_SILENT"]);
  await cluster.kubectl(["patch", ...LEASE, "--type=merge", '--patch={"spec":{"holderIdentity":""}}']);
  await saying(holder.pod, "lease", ["LEASE_VACANT"]);
  await cluster.kubectl(["delete", ...LEASE]);
  await saying(holder.pod, "lease", ["LEASE_MISSING"]);
  for (const sidecar of cluster.sidecars) sidecar.signal("SIGCONT");
  await cluster.holder(30_000);
  await saying(holder.pod, "lease", ["ok"]);
});
