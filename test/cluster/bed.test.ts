/** The bed's control planes before anything is proved on them: real, one cluster, and each part can be taken away. */
import { afterAll, beforeAll, expect, test } from "vitest";
import { Pod } from "../bed/pod.ts";
import { RealApi } from "../bed/real-api.ts";
import { podName } from "../bed/release.ts";
import { PAGE, Segment } from "../bed/segment.ts";
import { monotonicMs, waitFor } from "../bed/wait.ts";

let segment: Segment;
let pods: Pod[];
let api: RealApi;

beforeAll(async () => {
  segment = await Segment.create({ podNetwork: "10.64" });
  pods = await Promise.all([0, 1, 2].map((ordinal) => Pod.create(segment, { name: podName(ordinal) })));
  api = await RealApi.start(segment, pods);
});

afterAll(async () => {
  await api.close();
  await Promise.all(pods.map((pod) => pod.close()));
  await segment.close();
});

test("what is written at one API server is read at another", async () => {
  const [first, , third] = api.replicas;
  await first?.kubectl(["create", "configmap", "seen", "--from-literal=by=all"]);
  expect(await third?.kubectl(["get", "configmap", "seen", "--output=jsonpath={.data.by}"])).toBe("all");
});

test("each is a kube-apiserver 1.34 whose admin.conf names 127.0.0.1:6443", async () => {
  for (const replica of api.replicas) {
    expect(await replica.kubectl(["version"])).toContain("Server Version: v1.34.4");
    const server = ["config", "view", "--output=jsonpath={.clusters[0].cluster.server}"];
    expect(await replica.kubectl(server)).toBe("https://127.0.0.1:6443");
  }
});

test("its 8443 listener is reached through a VIP set by hand, from the worker and from behind the gateway", async () => {
  const [pod] = pods;
  await pod?.namespace.ip(
    [
      "route add 10.100.0.0/24 dev net1 scope link table 847",
      "route add default via 10.100.0.1 dev net1 table 847",
      `rule add pref 847 from ${PAGE.vip} lookup 847`,
      `addr add ${PAGE.vip}/32 dev net1`,
    ].join("\n"),
  );
  const curl = ["curl", "--silent", "--insecure", "--max-time", "5", `https://${PAGE.endpoint}/healthz`];
  expect(await segment.worker.exec(curl)).toBe("ok");
  expect(await segment.client.exec(curl)).toBe("ok");
  await pod?.namespace.ip(`addr del ${PAGE.vip}/32 dev net1\nrule del pref 847`);
});

test("writes stop when the leader of etcd is killed and come back within its election time", async () => {
  const leader = await waitFor("a member leads etcd", () => api.etcdLeader(), { withinMs: 10_000 });
  const other = api.replicas.find((replica) => replica !== leader);
  await leader.stop("etcd");
  const killedAtMs = monotonicMs();
  const write = ["annotate", "--overwrite", "configmap", "seen", "written=yes"];
  await waitFor("a write succeeds", () => other?.kubectl(write), { withinMs: 30_000, everyMs: 200 });
  // Timeouts are drawn from 5 to 10 s after the last heartbeat, which is at most 0.5 s old; a split vote adds a round.
  expect(monotonicMs() - killedAtMs).toBeGreaterThan(4_000);
  leader.start("etcd");
  await leader.ready();
});

test("a recreated pod of the same name takes up its predecessor's member", async () => {
  const [lost] = pods;
  await lost?.lose();
  await api.replica(podName(0)).close();
  const again = await Pod.create(segment, { name: podName(0) });
  pods[0] = again;
  const replica = api.rejoin(again);
  await replica.ready();
  expect(await replica.kubectl(["get", "configmap", "seen", "--output=jsonpath={.data.by}"])).toBe("all");
});
