/**
 * The virtual cluster's PKI in vCluster's layout (/data/pki), made by kubeadm, whose code vCluster uses: one CA for all
 * replicas, admin.conf of the super-admin kind with the server https://127.0.0.1:6443.
 */
import { copyFileSync, cpSync, mkdirSync, renameSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { run } from "./command.ts";
import { HEADLESS_SERVICE, HOST_NAMESPACE, podHost, podName, RELEASE } from "./release.ts";
import { PAGE } from "./segment.ts";

export interface PkiOptions {
  readonly kubeadm: string;
  /** Addresses that pods have or may get later. */
  readonly podAddresses: readonly string[];
  readonly replicas: number;
}

/** Makes the shared PKI in `folder`. About 0.3 s, no network. */
export async function makePki(folder: string, options: PkiOptions): Promise<void> {
  mkdirSync(folder, { recursive: true });
  const config = join(folder, "kubeadm.yaml");
  writeFileSync(config, kubeadmConfig(folder, options));
  // kubeadm writes its own warnings about versions to stderr; they do not matter offline.
  await run([options.kubeadm, "init", "phase", "certs", "all", "--config", config]);
  await renewAdminConf(folder, options.kubeadm);
  for (const ca of ["server-ca", "client-ca"]) {
    for (const kind of ["crt", "key"]) copyFileSync(join(folder, `ca.${kind}`), join(folder, `${ca}.${kind}`));
  }
}

/** Puts an admin.conf with a new client certificate into a PKI, in the place of the old one. */
export async function renewAdminConf(folder: string, kubeadm: string): Promise<void> {
  const phase = [kubeadm, "init", "phase", "kubeconfig", "super-admin"];
  await run([...phase, "--config", join(folder, "kubeadm.yaml"), "--kubeconfig-dir", folder]);
  renameSync(join(folder, "super-admin.conf"), join(folder, "admin.conf"));
}

/** A replica's own copy, as each pod has its own /data. */
export function copyPki(from: string, to: string): void {
  cpSync(from, to, { recursive: true });
}

/** JSON is YAML: kubeadm reads both documents. */
function kubeadmConfig(folder: string, options: PkiOptions): string {
  const cluster = {
    apiVersion: "kubeadm.k8s.io/v1beta4",
    kind: "ClusterConfiguration",
    kubernetesVersion: "v1.34.4",
    certificatesDir: folder,
    controlPlaneEndpoint: "127.0.0.1:6443",
    // vCluster's are RSA; ECDSA costs the bed's two cores a tenth per handshake and the client sees no difference.
    encryptionAlgorithm: "ECDSA-P256",
    networking: { serviceSubnet: PAGE.serviceCidr, podSubnet: PAGE.podCidr, dnsDomain: "cluster.local" },
    apiServer: { certSANs: apiServerNames(options) },
    etcd: {
      local: { dataDir: join(folder, "unused"), serverCertSANs: etcdNames(options), peerCertSANs: etcdNames(options) },
    },
  };
  const init = {
    apiVersion: "kubeadm.k8s.io/v1beta4",
    kind: "InitConfiguration",
    localAPIEndpoint: { advertiseAddress: PAGE.vip, bindPort: 6443 },
    nodeRegistration: { name: podName(0), criSocket: "unix:///unused" },
  };
  return `${JSON.stringify(cluster)}\n---\n${JSON.stringify(init)}\n`;
}

/** Those of the API server's certificate and of vCluster's proxy in front of it: here one certificate serves both. */
function apiServerNames(options: PkiOptions): readonly string[] {
  const names = ["localhost", "127.0.0.1", "kubernetes", RELEASE, `${RELEASE}.${HOST_NAMESPACE}`, PAGE.vip];
  return [...names, ...options.podAddresses];
}

function etcdNames(options: PkiOptions): readonly string[] {
  const pods = Array.from({ length: options.replicas }, (_, ordinal) => podHost(podName(ordinal)));
  return ["localhost", "127.0.0.1", HEADLESS_SERVICE, ...pods, ...options.podAddresses];
}
