/**
 * Control planes as kubeadm makes them on machines of their own: PKI, kubeconfigs and the static pods of etcd and
 * kube-apiserver, all written by kubeadm itself, and etcd's members joined one by one. Only what a kubelet would do is
 * done here instead.
 */
import { cpSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { BareHost } from "./bare-host.ts";
import { BedError } from "./bed-error.ts";
import { run } from "./command.ts";
import { PAGE } from "./segment.ts";
import type { Tools } from "./tools.ts";
import { waitFor } from "./wait.ts";

export const PORT = 6443;
export const ENDPOINT = `${PAGE.vip}:${PORT}`;

/** What `kubeadm init --upload-certs` hands to those that join. */
const SHARED = ["ca", "front-proxy-ca", "etcd/ca"]
  .flatMap((name) => [`${name}.crt`, `${name}.key`])
  .concat("sa.key", "sa.pub");

export class BareControlPlane {
  readonly hosts: BareHost[] = [];
  readonly #tools: Tools;

  constructor(tools: Tools) {
    this.#tools = tools;
  }

  /** As `kubeadm init` up to the moment in which it waits for the API server at the VIP. */
  async init(host: BareHost): Promise<void> {
    await this.#write(host, "new", ["admin", "super-admin"]);
    await this.run(host, "etcd");
    await this.#etcdReady(host);
    await this.#startApiServer(host, "super-admin.conf");
  }

  /** As `kubeadm join --control-plane` on each, but that their API servers start at once. */
  async join(hosts: readonly BareHost[]): Promise<void> {
    const [first] = this.hosts;
    if (first === undefined) throw new TypeError("nothing to join");
    for (const host of hosts) {
      for (const file of SHARED) {
        mkdirSync(join(host.root, "etc/kubernetes/pki/etcd"), { recursive: true });
        cpSync(join(first.root, "etc/kubernetes/pki", file), join(host.root, "etc/kubernetes/pki", file));
      }
      const peerUrls = `--peer-urls=https://${host.address}:2380`;
      const added = await this.#etcdctl(first, "member", "add", host.name, peerUrls, "--learner");
      await this.#write(host, "existing", ["admin"]);
      await this.run(host, "etcd");
      await this.#promote(first, memberIn(added));
      await this.#etcdReady(host);
    }
    await Promise.all(hosts.map((host) => this.#startApiServer(host, "admin.conf")));
  }

  /** kubectl on a machine, with a kubeconfig of it as it is: it leads to the VIP. */
  kubectl(
    host: BareHost,
    argv: readonly string[],
    options: { readonly kubeconfig?: string; readonly input?: string } = {},
  ) {
    const { kubeconfig = "admin.conf", input } = options;
    const command = [this.#tools.kubectl, "--kubeconfig", join(host.root, "etc/kubernetes", kubeconfig), ...argv];
    return host.namespace.exec(command, { ...(input === undefined ? {} : { input }), timeoutMs: 30_000 });
  }

  /** By a client certificate of this name, signed by kubeadm. */
  userKubeconfig(host: BareHost, name: string): Promise<string> {
    const argv = ["kubeconfig", "user", "--client-name", name, "--config", "/kubeadm.yaml", "--rootfs", host.root];
    return run([this.#tools.kubeadm, ...argv]);
  }

  /** A static pod of kubeadm's, (re)started as it wrote it. */
  async run(host: BareHost, pod: "etcd" | "kube-apiserver"): Promise<void> {
    const manifest = readFileSync(join(host.root, `etc/kubernetes/manifests/${pod}.yaml`), "utf8");
    await host.run(pod, manifest, { [pod]: [this.#tools[pod]] });
  }

  async #write(host: BareHost, state: "new" | "existing", kubeconfigs: readonly string[]): Promise<void> {
    this.hosts.push(host);
    writeFileSync(join(host.root, "kubeadm.yaml"), kubeadmConfig(host, this.hosts, state));
    const phases = [
      "certs all",
      ...kubeconfigs.map((name) => `kubeconfig ${name}`),
      "etcd local",
      "control-plane apiserver",
    ];
    for (const phase of phases) {
      const argv = ["init", "phase", ...phase.split(" "), "--config", "/kubeadm.yaml"];
      await run([this.#tools.kubeadm, ...argv, "--rootfs", host.root], { timeoutMs: 60_000 });
    }
  }

  /** A learner becomes a member with a vote once it has what the leader has. Before that, no quorum waits for it. */
  async #promote(first: BareHost, learner: string): Promise<void> {
    const promoted = async () =>
      (await this.#etcdctl(first, "member", "promote", learner).catch(() => "")) || undefined;
    await waitFor(`etcd's learner ${learner} votes`, promoted, { withinMs: 120_000, everyMs: 200 });
  }

  /** Else kube-apiserver ends after 20 s, and a kubelet would have to start it again. */
  async #etcdReady(host: BareHost): Promise<void> {
    const healthy = async () => (await this.#etcdctl(host, "endpoint", "health").catch(() => "")) || undefined;
    const bound = { withinMs: 120_000, everyMs: 200, diagnose: () => host.diagnose() };
    await waitFor(`${host.name}: etcd has a leader`, healthy, bound);
  }

  async #startApiServer(host: BareHost, kubeconfig: string): Promise<void> {
    await this.run(host, "kube-apiserver");
    const local = ["--server", `https://127.0.0.1:${PORT}`, "--tls-server-name", "kubernetes", "--request-timeout=5s"];
    await waitFor(
      `${host.name}: the API server is ready`,
      async () =>
        (await this.kubectl(host, [...local, "get", "--raw", "/readyz"], { kubeconfig }).catch(() => "")) === "ok" ||
        undefined,
      { withinMs: 180_000, everyMs: 500, diagnose: () => host.diagnose() },
    );
  }

  #etcdctl(host: BareHost, ...argv: readonly string[]): Promise<string> {
    const pki = join(host.root, "etc/kubernetes/pki/etcd");
    const certificates = ["--cacert", `${pki}/ca.crt`, "--cert", `${pki}/server.crt`, "--key", `${pki}/server.key`];
    return host.namespace.exec([this.#tools.etcdctl, "--endpoints=https://127.0.0.1:2379", ...certificates, ...argv]);
  }
}

/** JSON is YAML: kubeadm reads both documents. */
function kubeadmConfig(host: BareHost, members: readonly BareHost[], state: "new" | "existing"): string {
  const cluster = {
    apiVersion: "kubeadm.k8s.io/v1beta4",
    kind: "ClusterConfiguration",
    kubernetesVersion: "v1.34.4",
    controlPlaneEndpoint: ENDPOINT,
    encryptionAlgorithm: "ECDSA-P256",
    networking: { serviceSubnet: PAGE.serviceCidr, podSubnet: PAGE.podCidr, dnsDomain: "cluster.local" },
    etcd: {
      local: {
        extraArgs: [
          {
            name: "initial-cluster",
            value: members.map((each) => `${each.name}=https://${each.address}:2380`).join(","),
          },
          { name: "initial-cluster-state", value: state },
          // Ten times kubeadm's: the bed's processes share two cores with others.
          { name: "heartbeat-interval", value: "500" },
          { name: "election-timeout", value: "5000" },
        ],
      },
    },
  };
  const init = {
    apiVersion: "kubeadm.k8s.io/v1beta4",
    kind: "InitConfiguration",
    localAPIEndpoint: { advertiseAddress: host.address, bindPort: PORT },
    nodeRegistration: { name: host.name, criSocket: "unix:///unused" },
  };
  return `${JSON.stringify(cluster)}\n---\n${JSON.stringify(init)}\n`;
}

/** etcdctl pads an identity that begins with a zero by a blank. */
function memberIn(added: string): string {
  const member = /^Member +([0-9a-f]+) added/m.exec(added)?.[1];
  if (member === undefined) throw new BedError("BED_COMMAND_FAILED", `no member was added: ${added}`);
  return member;
}
