/**
 * `status` and the Kubernetes Events on real API servers, at 5/3/1: after a first boot and a gentle stop, from a pod, with a
 * kubeconfig alone, by kubectl, and where RBAC allows the Lease and no Events. The command is the shipped file.
 */
import { afterAll, beforeAll, expect, test } from "vitest";
import type { Overview } from "../../packages/sidecar/src/status/overview.ts";
import { impersonating } from "../bed/impersonation.ts";
import type { Pod } from "../bed/pod.ts";
import { environment, type SidecarProcess, shippedProgram } from "../bed/sidecar-process.ts";
import { FAST_LEASE, VirtualCluster } from "../bed/virtual-cluster.ts";
import { waitFor } from "../bed/wait.ts";

const NAMESPACE = "--namespace=kube-system";
const ABOUT_THE_LEASE = "--field-selector=involvedObject.kind=Lease,involvedObject.name=vcluster-kube-vip";

let cluster: VirtualCluster;
/** Took on the first boot, and gave the VIP away. */
let first: SidecarProcess;
let second: SidecarProcess;

beforeAll(async () => {
  cluster = await VirtualCluster.start({ env: FAST_LEASE });
  first = await cluster.startSidecars();
  // A quarter of a second after the take: a holder that is stopped sooner takes its Events with it.
  await taken(first.pod);
  await first.stop();
  second = await cluster.holder();
});

afterAll(() => cluster.close());

/** As kubectl exec runs it in the pod. */
async function status(pod: Pod, flags: readonly string[] = []): Promise<Overview> {
  const { kubeconfig } = cluster.api.replica(pod.name);
  const argv = [process.execPath, shippedProgram(), "status", "--json", ...flags];
  const text = await pod.namespace.exec(argv, { env: environment(pod, { kubeconfig }), timeoutMs: 20_000 });
  return JSON.parse(text) as Overview;
}

function standby(): Pod {
  const found = cluster.pods.find(({ name }) => name !== first.pod.name && name !== second.pod.name);
  if (found === undefined) throw new TypeError("three pods were made");
  return found;
}

interface ApiEvent {
  readonly reason: string;
  readonly message: string;
  readonly type: string;
  readonly involvedObject: { readonly uid: string };
  readonly reportingInstance: string;
}

async function events(): Promise<readonly ApiEvent[]> {
  const text = await cluster.kubectl(["get", "events", NAMESPACE, ABOUT_THE_LEASE, "--output=json"]);
  return (JSON.parse(text) as { readonly items: readonly ApiEvent[] }).items;
}

/** The Event by which this pod says that it took the VIP. */
function taken(by: Pod): Promise<ApiEvent> {
  return waitFor(
    `an Event tells that ${by.name} took the VIP`,
    async () =>
      (await events()).find(({ reason, reportingInstance }) => reason === "VipTaken" && reportingInstance === by.name),
    { withinMs: 10_000, everyMs: 200, diagnose: () => cluster.sidecar(by).tail() },
  );
}

test("from a standby's pod: holder, both deadlines, who acknowledged, all replicas, and the moves with their gaps", async () => {
  const overview = await status(standby());
  expect(overview.vip).toBe("10.100.0.100");
  expect(overview.lease?.holderIdentity).toMatch(new RegExp(`^${second.pod.name}_`));
  expect(Date.parse(overview.lease?.acquireTime ?? "")).toBeLessThanOrEqual(Date.now());
  expect(overview.deadlineInMs).toBeGreaterThan(1_000);
  expect(overview.kernelDeadlineInMs).toBeGreaterThan(1_000);
  expect(overview.fenceLevel).toBe("nft-egress");
  expect(overview.acknowledgedBy?.map(({ address }) => address)).toContain("10.100.0.1");
  const replicas = (overview.replicas ?? []).map(({ status: page, own, silent }) => [page?.role ?? silent, own]);
  expect(new Set(replicas.map(String))).toEqual(new Set(["holding,false", "waiting,true", "ECONNREFUSED,false"]));
  const [handOver, boot] = overview.moves ?? [];
  expect(handOver).toMatchObject({ cause: "handed-over", from: expect.stringContaining(first.pod.name) });
  expect(handOver?.unservedMs).toBeLessThan(1_000);
  expect(boot).toMatchObject({ cause: "vacant", from: null, to: expect.stringContaining(first.pod.name) });
  expect(overview.unknown).toEqual([]);
});

test("kubectl get events shows both moves, about the Lease itself", async () => {
  const uid = await cluster.kubectl([
    "get",
    "lease",
    "vcluster-kube-vip",
    NAMESPACE,
    "--output=jsonpath={.metadata.uid}",
  ]);
  expect(await taken(first.pod)).toMatchObject({ type: "Normal", message: /nobody had it/, involvedObject: { uid } });
  expect((await taken(second.pod)).message).toMatch(
    new RegExp(`^${second.pod.name} took the VIP from ${first.pod.name}: handed over; not served for \\d+ ms$`),
  );
  const table = await cluster.kubectl(["get", "events", NAMESPACE]);
  expect(table).toMatch(/Normal +VipTaken +lease\/vcluster-kube-vip +\S+ took the VIP/);
  expect(await cluster.kubectl(["describe", "lease", "vcluster-kube-vip", NAMESPACE])).toMatch(/VipTaken/);
});

test("with a kubeconfig alone: the Lease, the Events, and plainly what is not known", async () => {
  await taken(second.pod);
  const pod = standby();
  const overview = await status(pod, ["--kubeconfig", cluster.api.replica(pod.name).kubeconfig]);
  expect(overview.lease?.holderIdentity).toMatch(new RegExp(`^${second.pod.name}_`));
  expect(Date.parse(overview.lease?.renewTime ?? "")).toBeGreaterThan(Date.now() - 10_000);
  expect(overview.events?.[0]).toMatchObject({ reason: expect.stringMatching(/^Vip(Taken|Released)$/) });
  expect(overview).toMatchObject({ replicas: null, deadlineInMs: null, moves: null });
  expect(overview.unknown).toHaveLength(1);
});

test("where RBAC allows the Lease and no Events, that is said once, and the VIP is held and renewed", async () => {
  const user = "lease-user";
  const verbs = "--verb=get,list,watch,create,update";
  await cluster.kubectl(["create", "role", user, NAMESPACE, verbs, "--resource=leases.coordination.k8s.io"]);
  await cluster.kubectl(["create", "rolebinding", user, NAMESPACE, `--role=${user}`, `--user=${user}`]);
  const pod = standby();
  await cluster.sidecar(pod).stop();
  const sidecar = cluster.startSidecar(pod, {
    kubeconfig: impersonating(user, cluster.api.replica(pod.name).kubeconfig),
  });
  await cluster.ready(pod);
  await second.stop();
  const isOff = ({ fields }: { readonly fields: Readonly<Record<string, unknown>> }) =>
    fields["outcome"] === "forbidden";
  const off = await sidecar.waitForEvent("event", { withinMs: 20_000, matches: isOff });
  expect(off.fields).toMatchObject({ level: "warn" });
  expect(String(off.fields["message"])).toContain("Allow create of events.events.k8s.io");
  // Another Event would be due for each of these: the holder is silent and serves again.
  for (let times = 0; times < 2; times += 1) {
    await cluster.kubectl([
      "patch",
      "lease",
      "vcluster-kube-vip",
      NAMESPACE,
      "--patch",
      '{"spec":{"holderIdentity":""}}',
    ]);
    await cluster.holder();
  }
  expect(sidecar.lines.filter((line) => line.event === "event")).toHaveLength(1);
  expect((await events()).map(({ reportingInstance }) => reportingInstance)).not.toContain(pod.name);
  expect(sidecar.lines.filter(({ event }) => event === "trouble").map(({ fields }) => fields["code"])).not.toContain(
    "API_FORBIDDEN",
  );
});
