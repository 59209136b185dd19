/** The bed of this folder's tests: embedded API servers on loopback, a kubeconfig in a folder of its own, and locks. */
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { WatchEvent } from "../../election/lease-lock.ts";
import type { LeaseDraft, LeaseRecord } from "../../election/lease-record.ts";
import type { SidecarError } from "../../sidecar-error.ts";
import {
  type CertificateAuthority,
  createCertificateAuthority,
  kubeconfig,
} from "../../testing/lease-api/certificates.ts";
import type { Fault, RequestSeen } from "../../testing/lease-api/faults.ts";
import { LeaseApi } from "../../testing/lease-api/lease-api.ts";
import { leaseKey } from "../../testing/lease-api/lease-resource.ts";
import { LeaseStore } from "../../testing/lease-store.ts";
import type { RequestReport } from "./endpoint-health.ts";
import { KubeLeaseLock, type KubeLeaseLockOptions } from "./kube-lease-lock.ts";

const NAMESPACE = "kube-system";
const NAME = "vcluster-kube-vip";
export const KEY = leaseKey(NAMESPACE, NAME);

/** One API server of the bed. */
export interface Served {
  readonly api: LeaseApi;
  readonly url: string;
  readonly port: number;
  /** For the requests from now on. */
  fault: Fault | undefined | ((seen: RequestSeen) => Fault | undefined);
}

/** Owns servers, locks and files until end(). */
export class Bed {
  readonly store = new LeaseStore();
  readonly authority: CertificateAuthority;
  readonly kubeconfigPath: string;
  readonly problems: (SidecarError | undefined)[] = [];
  readonly reports: RequestReport[] = [];
  readonly #folder = mkdtempSync(join(tmpdir(), "lease-lock-"));
  readonly #served: Served[] = [];
  readonly #locks: KubeLeaseLock[] = [];

  private constructor(authority: CertificateAuthority) {
    this.authority = authority;
    this.kubeconfigPath = join(this.#folder, "admin.conf");
  }

  static async make(): Promise<Bed> {
    return new Bed(await createCertificateAuthority());
  }

  /** One more API server on the bed's store. */
  async serve(port = 0, host = "127.0.0.1", authority = this.authority): Promise<Served> {
    const api: LeaseApi = new LeaseApi({
      store: this.store,
      tls: { server: await authority.server([host]), clientCa: authority.certificate },
      faultOf: (seen) => (typeof served.fault === "function" ? served.fault(seen) : served.fault),
    });
    const url = await api.listen(port, host);
    const served: Served = { api, url, port: Number(new URL(url).port), fault: undefined };
    this.#served.push(served);
    return served;
  }

  /** Writes the kubeconfig. */
  async admit(url: string, authority = this.authority, notAfter?: Date): Promise<string> {
    const text = kubeconfig(url, authority, await authority.client("kubernetes-super-admin", notAfter));
    writeFileSync(this.kubeconfigPath, text);
    return text;
  }

  lock(options: Partial<KubeLeaseLockOptions> = {}): KubeLeaseLock {
    const lock = new KubeLeaseLock({
      namespace: NAMESPACE,
      name: NAME,
      kubeconfigPath: this.kubeconfigPath,
      server: undefined,
      peersHost: undefined,
      peersPort: 8443,
      tlsServerName: undefined,
      ownAddress: undefined,
      random: () => 0.5,
      onProblem: (problem) => this.problems.push(problem),
      onRequest: (report) => this.reports.push(report),
      ...options,
    });
    this.#locks.push(lock);
    return lock;
  }

  /** A Lease that the lock has just created. */
  async held(lock: KubeLeaseLock): Promise<LeaseRecord> {
    this.store.delete(KEY);
    const result = await lock.write(draft("a"), 2000);
    if (result.t !== "written") throw new Error(`not written: ${JSON.stringify(result)}`);
    return result.lease;
  }

  async end(): Promise<void> {
    for (const lock of this.#locks) lock.close();
    await Promise.all(this.#served.map(({ api }) => api.close()));
    rmSync(this.#folder, { recursive: true, force: true });
  }
}

/** A held Lease's next version, or the first one. */
export function draft(holderIdentity: string, base?: LeaseRecord): LeaseDraft {
  return {
    base,
    holderIdentity,
    leaseDurationSeconds: 15,
    leaseTransitions: 1,
    acquireTime: "2026-11-22T06:00:00.000001Z",
    renewTime: "2026-11-22T06:00:00.123456Z",
    annotations: { "vcluster-kube-vip/write": "7" },
  };
}

/** Events of a watch, and a way to wait for one. */
export class Events {
  readonly seen: WatchEvent[] = [];
  #waiting: (() => void) | undefined;

  readonly add = (event: WatchEvent): void => {
    this.seen.push(event);
    this.#waiting?.();
  };

  get kinds(): readonly string[] {
    return this.seen.map((event) => event.t);
  }

  /** When `count` events have come. */
  async reach(count: number): Promise<void> {
    while (this.seen.length < count) {
      await new Promise<void>((resolve) => {
        this.#waiting = resolve;
      });
    }
  }
}
