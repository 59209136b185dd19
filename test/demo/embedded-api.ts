/**
 * A control plane that needs nothing installed: one Lease API in this process, and in every pod a process that listens
 * in its place. Real TLS, certificates, watches and conflicts; no etcd and no other kinds of objects.
 */
import { mkdtempSync, writeFileSync } from "node:fs";
import { connect, createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createCertificateAuthority, kubeconfig } from "../../packages/sidecar/src/testing/lease-api/certificates.ts";
import type { RequestSeen } from "../../packages/sidecar/src/testing/lease-api/faults.ts";
import { LeaseApi } from "../../packages/sidecar/src/testing/lease-api/lease-api.ts";
import { leaseKey, patchLease } from "../../packages/sidecar/src/testing/lease-api/lease-resource.ts";
import { LeaseStore } from "../../packages/sidecar/src/testing/lease-store.ts";
import { ClusterDns } from "../bed/cluster-dns.ts";
import type { Pod } from "../bed/pod.ts";
import { HEADLESS_SERVICE, podHost } from "../bed/release.ts";
import { waitFor } from "../bed/wait.ts";
import { type ControlPlane, LEASE } from "./control-plane.ts";
import { splice } from "./splice.ts";

const POD_LISTENERS = join(import.meta.dirname, "pod-listeners.ts");

type OnRequest = (request: RequestSeen) => void;

export class EmbeddedApi implements ControlPlane {
  readonly #store = new LeaseStore();
  readonly #folder = mkdtempSync(join(tmpdir(), "lease-api-"));
  readonly #dns = new ClusterDns();
  readonly #pods = new Map<string, Pod>();
  readonly #onRequest: OnRequest;

  private constructor(onRequest: OnRequest) {
    this.#onRequest = onRequest;
  }

  /** `onRequest` is told of every request to any of the pods' listeners, as it arrives. */
  static async start(pods: readonly Pod[], onRequest: OnRequest = () => undefined): Promise<EmbeddedApi> {
    const api = new EmbeddedApi(onRequest);
    await api.#open();
    await Promise.all(pods.map((pod) => api.rejoin(pod)));
    return api;
  }

  kubeconfig(): string {
    return join(this.#folder, "admin.conf");
  }

  async rejoin(pod: Pod): Promise<void> {
    this.#pods.set(pod.name, pod);
    this.#dns.set(podHost(pod.name), [pod.address]);
    this.#dns.set(
      HEADLESS_SERVICE,
      [...this.#pods.values()].map(({ address }) => address),
    );
    await this.#listenIn(pod);
  }

  async writeHolder(holderIdentity: string): Promise<void> {
    const { status } = patchLease(this.#store, LEASE.namespace, LEASE.name, { spec: { holderIdentity } });
    if (status !== 200)
      throw new TypeError(`the Lease ${leaseKey(LEASE.namespace, LEASE.name)} cannot be patched: ${status}`);
  }

  async #listenIn(pod: Pod): Promise<void> {
    let ready = false;
    const listeners = pod.namespace.spawn([process.execPath, POD_LISTENERS, this.#socketPath], {
      name: `${pod.name}-listeners`,
      onLine: () => {
        ready = true;
      },
    });
    const bound = { withinMs: 20_000, everyMs: 10, diagnose: () => listeners.tail() };
    await waitFor(`${pod.name} listens on 6443 and 8443`, () => ready || undefined, bound);
  }

  get #socketPath(): string {
    return join(this.#folder, "api.sock");
  }

  async #open(): Promise<void> {
    const authority = await createCertificateAuthority();
    const [server, admin] = await Promise.all([authority.server(), authority.client("kubernetes-super-admin")]);
    writeFileSync(this.kubeconfig(), kubeconfig("https://127.0.0.1:6443", authority, admin), { mode: 0o600 });
    const tls = { server, clientCa: authority.certificate };
    const api = new LeaseApi({ store: this.#store, tls, onRequest: this.#onRequest });
    const port = Number(new URL(await api.listen()).port);
    const door = createServer({ noDelay: true }, (pod) =>
      splice(pod, connect({ port, host: "127.0.0.1", noDelay: true })),
    );
    await new Promise<void>((resolve, reject) => door.once("error", reject).listen(this.#socketPath, 511, resolve));
  }
}
