/** The virtual cluster's control plane on all pods: PKI, DNS names, one ApiReplica per pod, one etcd cluster. */
import { mkdtempSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { ApiReplica, type ApiReplicaOptions } from "./api-replica.ts";
import { BedError } from "./bed-error.ts";
import { ClusterDns } from "./cluster-dns.ts";
import { copyPki, makePki, type PkiOptions } from "./pki.ts";
import type { Pod } from "./pod.ts";
import { HEADLESS_SERVICE, podHost } from "./release.ts";
import type { Segment } from "./segment.ts";
import { findTools, type Tools } from "./tools.ts";

/** Pods that one bed may make before its certificates run out of addresses. */
const ADDRESS_POOL = 60;

export class RealApi {
  readonly tools: Tools;
  readonly #folder: string;
  readonly #initialCluster: string;
  readonly #pki: PkiOptions;
  readonly #dns = new ClusterDns();
  readonly #replicas = new Map<string, ApiReplica>();

  private constructor(tools: Tools, segment: Segment, pods: readonly Pod[]) {
    this.tools = tools;
    this.#folder = mkdtempSync(join(tmpdir(), "api-"));
    this.#initialCluster = pods.map((pod) => `${pod.name}=https://${podHost(pod.name)}:2380`).join(",");
    const podAddresses = Array.from({ length: ADDRESS_POOL }, (_, index) => segment.podAddress(index + 1));
    this.#pki = { kubeadm: tools.kubeadm, podAddresses, replicas: pods.length };
  }

  /** A place for a member in every pod, as before a first boot: no file is there, and nothing runs. */
  static prepare(segment: Segment, pods: readonly Pod[], tools: Tools = findTools()): RealApi {
    const api = new RealApi(tools, segment, pods);
    for (const pod of pods) api.#add(pod);
    return api;
  }

  /** Starts a member in every pod and waits until all are ready (about 7 s on two cores; at most 60 s). */
  static async start(segment: Segment, pods: readonly Pod[], tools?: Tools): Promise<RealApi> {
    const api = RealApi.prepare(segment, pods, tools);
    await api.start();
    return api;
  }

  /** After `prepare`: one PKI for all, and a member in every pod, ready. */
  async start(): Promise<void> {
    const shared = join(this.#folder, "pki");
    await this.makePki(shared);
    for (const { pkiFolder } of this.replicas) copyPki(shared, pkiFolder);
    for (const replica of this.replicas) replica.startAll();
    await Promise.all(this.replicas.map((replica) => replica.ready()));
  }

  /** A CA and all that hangs on it: each call makes another one. */
  makePki(folder: string): Promise<void> {
    return makePki(folder, this.#pki);
  }

  get replicas(): readonly ApiReplica[] {
    return [...this.#replicas.values()];
  }

  /** The replica that runs in the pod of this name. */
  replica(podName: string): ApiReplica {
    const found = this.#replicas.get(podName);
    if (found === undefined) throw new BedError("BED_MISUSED", `no replica runs in ${podName}`);
    return found;
  }

  /** Starts the control plane in a StatefulSet's recreated pod: its name and /data are its predecessor's. Does not wait. */
  rejoin(pod: Pod): ApiReplica {
    const replica = this.#add(pod);
    replica.startAll();
    return replica;
  }

  /** The replica whose etcd member leads; undefined during an election. */
  async etcdLeader(): Promise<ApiReplica | undefined> {
    const running = this.replicas.filter((replica) => replica.process("etcd").running);
    const leads = await Promise.all(running.map((replica) => replica.leadsEtcd().catch(() => false)));
    return running.find((_, index) => leads[index]);
  }

  /** Ends every part of every replica by SIGKILL. */
  async close(): Promise<void> {
    await Promise.all(this.replicas.map((replica) => replica.close()));
    this.#dns.close();
  }

  #add(pod: Pod): ApiReplica {
    const options: ApiReplicaOptions = {
      tools: this.tools,
      dataFolder: join(this.#folder, pod.name),
      initialCluster: this.#initialCluster,
    };
    const replica = new ApiReplica(pod, options);
    this.#replicas.set(pod.name, replica);
    this.#dns.set(podHost(pod.name), [pod.address]);
    this.#dns.set(
      HEADLESS_SERVICE,
      this.replicas.map((each) => each.pod.address),
    );
    return replica;
  }
}
