/**
 * The cluster that the virtual one runs on: a real kube-apiserver in the host's namespace, with the replicas' Pods, their
 * ServiceAccount and the rights that vCluster's chart gives it, and its token where the kubelet mounts it. No controller
 * and no kubelet: kubelet.ts stands for that. One etcd member without TLS, which nobody else reaches.
 */
import { copyFileSync, mkdirSync, mkdtempSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { SERVICE_ACCOUNT_FOLDER } from "../../packages/sidecar/src/adapters/host-api/service-account.ts";
import type { Namespace } from "./namespace.ts";
import { makePki } from "./pki.ts";
import type { BedProcess } from "./process.ts";
import { HOST_NAMESPACE, RELEASE } from "./release.ts";
import type { Segment } from "./segment.ts";
import { findTools, type Tools } from "./tools.ts";
import { waitFor } from "./wait.ts";

/** The Service `kubernetes`: an address of the host itself, since nobody forwards Services here. */
const ADDRESS = "10.96.0.1";
const PORT = 443;
const ETCD = "http://127.0.0.1:2379";
const ETCD_PEERS = "http://127.0.0.1:2380";
/** vCluster's chart calls it so. */
const ACCOUNT = `vc-${RELEASE}`;
/** Deleted: long enough that nobody but the test ends it. */
const GRACE_S = 300;

export class HostCluster {
  /** What every container of a pod is told about it. */
  readonly env = { KUBERNETES_SERVICE_HOST: ADDRESS, KUBERNETES_SERVICE_PORT: String(PORT) } as const;
  readonly server = `https://${ADDRESS}:${PORT}`;
  /** Token, CA and namespace of the pods' ServiceAccount. */
  readonly credentials = SERVICE_ACCOUNT_FOLDER;
  readonly #host: Namespace;
  readonly #tools: Tools;
  readonly #folder: string;
  readonly #processes: BedProcess[] = [];

  private constructor(host: Namespace, tools: Tools, folder: string) {
    this.#host = host;
    this.#tools = tools;
    this.#folder = folder;
  }

  /** About 5 s. */
  static async start({ host }: Pick<Segment, "host">, tools: Tools = findTools()): Promise<HostCluster> {
    const folder = mkdtempSync(join(tmpdir(), "host-"));
    await host.ip(`addr add ${ADDRESS}/32 dev lo`);
    await makePki(join(folder, "pki"), { kubeadm: tools.kubeadm, podAddresses: [ADDRESS], replicas: 1 });
    const cluster = new HostCluster(host, tools, folder);
    cluster.#run("etcd", cluster.#etcdCommand());
    cluster.#run("kube-apiserver", cluster.#apiServerCommand());
    await waitFor("the host cluster's API server is ready", () => cluster.#isReady(), {
      withinMs: 60_000,
      everyMs: 200,
      diagnose: () => cluster.#processes.map((process) => process.tail()).join("\n"),
    });
    await cluster.#make([namespace, account, role, binding]);
    await cluster.#mountCredentials();
    return cluster;
  }

  /** A Pod that runs on a node, so that its deletion waits for its kubelet. */
  async createPod(name: string): Promise<void> {
    await this.#make([{ ...POD, metadata: { ...OWN, name } }]);
  }

  /** As `kubectl delete pod` does: it is marked, and stays until somebody says that its containers are gone. */
  async deletePod(name: string): Promise<void> {
    await this.kubectl(["delete", "pod", name, "--wait=false", `--grace-period=${GRACE_S}`]);
  }

  /** Its containers are gone. */
  async forgetPod(name: string): Promise<void> {
    await this.kubectl(["delete", "pod", name, "--force", "--grace-period=0", "--wait=true"]);
  }

  kubectl(argv: readonly string[], input?: string): Promise<string> {
    const as = ["--kubeconfig", join(this.#folder, "pki/admin.conf"), "--server", this.server];
    const command = [this.#tools.kubectl, ...as, `--namespace=${HOST_NAMESPACE}`, ...argv];
    return this.#host.exec(command, { ...(input === undefined ? {} : { input }), timeoutMs: 30_000 });
  }

  async close(): Promise<void> {
    await Promise.all(this.#processes.map((process) => process.close()));
  }

  async #make(objects: readonly object[]): Promise<void> {
    const list = { apiVersion: "v1", kind: "List", items: objects };
    await this.kubectl(["apply", "-f", "-"], JSON.stringify(list));
  }

  async #mountCredentials(): Promise<void> {
    mkdirSync(this.credentials, { recursive: true });
    writeFileSync(join(this.credentials, "token"), await this.kubectl(["create", "token", ACCOUNT, "--duration=24h"]));
    writeFileSync(join(this.credentials, "namespace"), HOST_NAMESPACE);
    copyFileSync(join(this.#folder, "pki/ca.crt"), join(this.credentials, "ca.crt"));
  }

  async #isReady(): Promise<true | undefined> {
    return (await this.kubectl(["get", "--raw", "/readyz"])).trim() === "ok" ? true : undefined;
  }

  #run(name: string, argv: readonly string[]): void {
    this.#processes.push(this.#host.spawn(argv, { name: `host-${name}`, cwd: this.#folder }));
  }

  #etcdCommand(): readonly string[] {
    return [
      this.#tools.etcd,
      "--name=host",
      `--data-dir=${join(this.#folder, "etcd")}`,
      `--listen-client-urls=${ETCD}`,
      `--advertise-client-urls=${ETCD}`,
      `--listen-peer-urls=${ETCD_PEERS}`,
      `--initial-advertise-peer-urls=${ETCD_PEERS}`,
      `--initial-cluster=host=${ETCD_PEERS}`,
      "--log-level=warn",
    ];
  }

  #apiServerCommand(): readonly string[] {
    const pki = join(this.#folder, "pki");
    return [
      this.#tools["kube-apiserver"],
      "--service-cluster-ip-range=10.96.0.0/16",
      `--bind-address=${ADDRESS}`,
      `--secure-port=${PORT}`,
      `--advertise-address=${ADDRESS}`,
      "--endpoint-reconciler-type=none",
      "--authorization-mode=Node,RBAC",
      // Its controller, which would make every namespace's default account, is not here.
      "--disable-admission-plugins=ServiceAccount",
      `--client-ca-file=${pki}/ca.crt`,
      `--tls-cert-file=${pki}/apiserver.crt`,
      `--tls-private-key-file=${pki}/apiserver.key`,
      `--etcd-servers=${ETCD}`,
      "--service-account-issuer=https://kubernetes.default.svc.cluster.local",
      `--service-account-key-file=${pki}/sa.pub`,
      `--service-account-signing-key-file=${pki}/sa.key`,
    ];
  }
}

const OWN = { namespace: HOST_NAMESPACE, labels: { app: "vcluster", release: RELEASE } } as const;
const namespace = { apiVersion: "v1", kind: "Namespace", metadata: { name: HOST_NAMESPACE } };
const account = { apiVersion: "v1", kind: "ServiceAccount", metadata: { ...OWN, name: ACCOUNT } };
/** Of the chart's Role what the sidecar uses. */
const role = {
  apiVersion: "rbac.authorization.k8s.io/v1",
  kind: "Role",
  metadata: { ...OWN, name: ACCOUNT },
  rules: [
    { apiGroups: [""], resources: ["pods"], verbs: ["get", "list", "watch"] },
    { apiGroups: ["apps"], resources: ["statefulsets"], verbs: ["get", "list", "watch"] },
  ],
};
const binding = {
  apiVersion: "rbac.authorization.k8s.io/v1",
  kind: "RoleBinding",
  metadata: { ...OWN, name: ACCOUNT },
  subjects: [{ kind: "ServiceAccount", name: ACCOUNT, namespace: HOST_NAMESPACE }],
  roleRef: { apiGroup: "rbac.authorization.k8s.io", kind: "Role", name: ACCOUNT },
};
const POD = {
  apiVersion: "v1",
  kind: "Pod",
  spec: {
    serviceAccountName: ACCOUNT,
    nodeName: "node",
    terminationGracePeriodSeconds: GRACE_S,
    containers: [{ name: "syncer", image: "vcluster" }],
  },
} as const;
