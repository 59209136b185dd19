/**
 * One replica's control plane, as vCluster runs it in the pod: an etcd member, a kube-apiserver on 127.0.0.1:6443 and a
 * listener on 0.0.0.0:8443. Each part is started, killed and restarted on its own. The cluster of three is real-api.ts's.
 */
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { BedError } from "./bed-error.ts";
import type { Pod } from "./pod.ts";
import type { BedProcess } from "./process.ts";
import { podHost } from "./release.ts";
import { PAGE } from "./segment.ts";
import type { Tools } from "./tools.ts";
import { waitFor } from "./wait.ts";

export type Part = "etcd" | "kube-apiserver" | "listener";

const PARTS: readonly Part[] = ["etcd", "kube-apiserver", "listener"];
const RELAY = join(import.meta.dirname, "relay.ts");
const AUDIT_POLICY = join(import.meta.dirname, "audit-policy.yaml");

export interface ApiReplicaOptions {
  readonly tools: Tools;
  /** The pod's /data: pki/ is there already; etcd's files are kept here across a restart of the pod. */
  readonly dataFolder: string;
  /** Every member, in etcd's words: name=https://host:2380,… */
  readonly initialCluster: string;
}

export class ApiReplica {
  readonly pod: Pod;
  readonly dataFolder: string;
  readonly pkiFolder: string;
  readonly kubeconfig: string;
  readonly #options: ApiReplicaOptions;
  readonly #running = new Map<Part, BedProcess>();

  constructor(pod: Pod, options: ApiReplicaOptions) {
    this.pod = pod;
    this.dataFolder = options.dataFolder;
    this.pkiFolder = join(options.dataFolder, "pki");
    this.kubeconfig = join(this.pkiFolder, "admin.conf");
    this.#options = options;
  }

  /** Starts everything; does not wait: `ready` does. */
  startAll(): void {
    mkdirSync(join(this.dataFolder, "etcd"), { recursive: true, mode: 0o700 });
    for (const part of PARTS) this.start(part);
  }

  start(part: Part): BedProcess {
    if (this.#running.get(part)?.running) throw new BedError("BED_MISUSED", `${part} already runs in ${this.pod.name}`);
    const started = this.pod.namespace.spawn(this.#command(part), {
      name: `${this.pod.name}-${part}`,
      cwd: this.dataFolder,
      // A collection a minute less often: three API servers share two cores with what is measured.
      env: { ...process.env, GOGC: "200" },
    });
    this.#running.set(part, started);
    return started;
  }

  /** What was written to Leases through this API server: lease-history.ts reads it. */
  get auditLog(): string {
    return join(this.dataFolder, "audit.log");
  }

  /** The running (or ended) process of a part, for signals and its log. */
  process(part: Part): BedProcess {
    const found = this.#running.get(part);
    if (found === undefined) throw new BedError("BED_MISUSED", `${part} was never started in ${this.pod.name}`);
    return found;
  }

  /** Ends one part (SIGKILL unless told otherwise) and waits for its end. */
  async stop(part: Part, signal: NodeJS.Signals = "SIGKILL"): Promise<void> {
    await this.process(part).stop(signal);
  }

  async restart(part: Part, signal: NodeJS.Signals = "SIGKILL"): Promise<void> {
    await this.stop(part, signal);
    this.start(part);
  }

  /** Resolves when /readyz says ok through the 8443 listener, as a client of the VIP would ask. */
  async ready(withinMs = 60_000): Promise<void> {
    await waitFor(
      `${this.pod.name}: the API server is ready`,
      async () => ((await this.#readyz()) ? true : undefined),
      {
        withinMs,
        everyMs: 150,
        diagnose: () => this.diagnose(),
      },
    );
  }

  /** Output of kubectl in this pod, against its own API server. */
  kubectl(argv: readonly string[], input?: string): Promise<string> {
    const command = [this.#options.tools.kubectl, "--kubeconfig", this.kubeconfig, "--request-timeout=10s", ...argv];
    return this.pod.namespace.exec(command, { ...(input === undefined ? {} : { input }), timeoutMs: 15_000 });
  }

  /** True if this member leads etcd now. */
  async leadsEtcd(): Promise<boolean> {
    const { leader, member } = await this.#etcdStatus();
    return leader === member;
  }

  /** Hands etcd's leadership to the member of `next`; only the leader can. */
  async moveEtcdLeader(next: ApiReplica): Promise<void> {
    const { member } = await next.#etcdStatus();
    if (next !== this) await this.#etcdctl("move-leader", member.toString(16));
  }

  /** True if a write through this member was agreed upon within so many ms. */
  async writesToEtcd(withinMs: number): Promise<boolean> {
    const pki = join(this.pkiFolder, "etcd");
    const as = ["--cacert", `${pki}/ca.crt`, "--cert", `${pki}/server.crt`, "--key", `${pki}/server.key`];
    const put = [
      "--data",
      JSON.stringify({ key: btoa("bed"), value: btoa("written") }),
      "https://127.0.0.1:2379/v3/kv/put",
    ];
    const patience = ["--max-time", String(withinMs / 1000)];
    const curl = ["curl", "--silent", "--fail", ...patience, ...as, ...put];
    return (await this.pod.namespace.attempt(curl)).status === 0;
  }

  /** The ends of all logs. */
  diagnose(): string {
    return [...this.#running.values()].map((process) => process.tail(8)).join("\n");
  }

  /** SIGKILL for all parts at once: asked politely, an API server waits up to 18 s for an etcd that went first. */
  async close(): Promise<void> {
    await Promise.all([...this.#running.values()].map((process) => process.close()));
  }

  /** Member ids of 64 bits: JSON.parse alone would round them. */
  async #etcdStatus(): Promise<{ readonly leader: bigint; readonly member: bigint }> {
    const status = await this.#etcdctl("endpoint", "status", "--write-out=json");
    const id = (field: string) => BigInt(new RegExp(`"${field}":(\\d+)`).exec(status)?.[1] ?? 0);
    return { leader: id("leader"), member: id("member_id") };
  }

  #etcdctl(...argv: readonly string[]): Promise<string> {
    const pki = join(this.pkiFolder, "etcd");
    const certificates = ["--cacert", `${pki}/ca.crt`, "--cert", `${pki}/server.crt`, "--key", `${pki}/server.key`];
    const endpoint = "--endpoints=https://127.0.0.1:2379";
    return this.pod.namespace.exec([this.#options.tools.etcdctl, endpoint, ...certificates, ...argv]);
  }

  async #readyz(): Promise<boolean> {
    const argv = ["--server", "https://127.0.0.1:8443", "get", "--raw", "/readyz"];
    return (await this.kubectl(argv)).trim() === "ok";
  }

  #command(part: Part): readonly string[] {
    switch (part) {
      case "etcd":
        return this.#etcdCommand();
      case "kube-apiserver":
        return this.#apiServerCommand();
      case "listener":
        return [process.execPath, RELAY, String(PAGE.port), "6443"];
    }
  }

  /** vCluster's embedded etcd: 500 ms heartbeat, 5 s election, TLS everywhere. */
  #etcdCommand(): readonly string[] {
    const pki = join(this.pkiFolder, "etcd");
    const host = podHost(this.pod.name);
    return [
      this.#options.tools.etcd,
      `--name=${this.pod.name}`,
      `--data-dir=${join(this.dataFolder, "etcd")}`,
      "--heartbeat-interval=500",
      "--election-timeout=5000",
      "--snapshot-count=10000",
      "--listen-client-urls=https://0.0.0.0:2379",
      "--listen-peer-urls=https://0.0.0.0:2380",
      `--advertise-client-urls=https://${host}:2379`,
      `--initial-advertise-peer-urls=https://${host}:2380`,
      `--initial-cluster=${this.#options.initialCluster}`,
      "--initial-cluster-token=vcluster",
      "--client-cert-auth",
      `--trusted-ca-file=${pki}/ca.crt`,
      `--cert-file=${pki}/server.crt`,
      `--key-file=${pki}/server.key`,
      "--peer-client-cert-auth",
      `--peer-trusted-ca-file=${pki}/ca.crt`,
      `--peer-cert-file=${pki}/peer.crt`,
      `--peer-key-file=${pki}/peer.key`,
      "--logger=zap",
      "--log-level=warn",
    ];
  }

  /** vCluster's flags (pkg/k8s/k8s.go), less what only a konnectivity server or a kubelet would use. */
  #apiServerCommand(): readonly string[] {
    const pki = this.pkiFolder;
    return [
      this.#options.tools["kube-apiserver"],
      `--service-cluster-ip-range=${PAGE.serviceCidr}`,
      "--bind-address=127.0.0.1",
      "--secure-port=6443",
      "--advertise-address=127.0.0.1",
      "--endpoint-reconciler-type=none",
      "--allow-privileged=true",
      "--authorization-mode=Node,RBAC",
      "--enable-admission-plugins=NodeRestriction",
      "--enable-bootstrap-token-auth=true",
      "--profiling=false",
      `--audit-policy-file=${AUDIT_POLICY}`,
      `--audit-log-path=${this.auditLog}`,
      `--client-ca-file=${pki}/client-ca.crt`,
      `--tls-cert-file=${pki}/apiserver.crt`,
      `--tls-private-key-file=${pki}/apiserver.key`,
      "--etcd-servers=https://127.0.0.1:2379",
      `--etcd-cafile=${pki}/etcd/ca.crt`,
      `--etcd-certfile=${pki}/apiserver-etcd-client.crt`,
      `--etcd-keyfile=${pki}/apiserver-etcd-client.key`,
      `--kubelet-client-certificate=${pki}/apiserver-kubelet-client.crt`,
      `--kubelet-client-key=${pki}/apiserver-kubelet-client.key`,
      `--proxy-client-cert-file=${pki}/front-proxy-client.crt`,
      `--proxy-client-key-file=${pki}/front-proxy-client.key`,
      `--requestheader-client-ca-file=${pki}/front-proxy-ca.crt`,
      "--requestheader-allowed-names=front-proxy-client",
      "--requestheader-extra-headers-prefix=X-Remote-Extra-",
      "--requestheader-group-headers=X-Remote-Group",
      "--requestheader-username-headers=X-Remote-User",
      "--service-account-issuer=https://kubernetes.default.svc.cluster.local",
      `--service-account-key-file=${pki}/sa.pub`,
      `--service-account-signing-key-file=${pki}/sa.key`,
    ];
  }
}
