/** The election's LeaseLock on the Kubernetes API: coordination.k8s.io/v1 over node:https. Decides nothing. */
import type { LeaseLock, ReadResult, WatchEvent, WriteOptions, WriteResult } from "../../election/lease-lock.ts";
import type { LeaseDraft } from "../../election/lease-record.ts";
import type { RecordOutcome } from "../../observe/event.ts";
import type { EventSeries } from "../../observe/event-budget.ts";
import { ApiServers, type ApiServersOptions } from "./api-servers.ts";
import type { CredentialsFile } from "./credentials.ts";
import type { Endpoint } from "./endpoints.ts";
import { eventObject, eventsPath, recordOutcome } from "./event-object.ts";
import type { ApiRequest } from "./exchange.ts";
import {
  judgeList,
  judgeRead,
  judgeWrite,
  type ListResult,
  listResult,
  readResult,
  writeResult,
} from "./lease-answers.ts";
import { leaseObject } from "./lease-object.ts";
import { watchLease } from "./lease-watch.ts";

export interface KubeLeaseLockOptions extends ApiServersOptions {
  readonly namespace: string;
  readonly name: string;
  /** In [0, 1): spreads the watches' ends and retries. */
  readonly random: () => number;
}

const LIST_TIMEOUT_MS = 5000;
const EVENT_TIMEOUT_MS = 3000;
const SALT_MAX = 2 ** 32;

/** Owns its connections until close(). */
export class KubeLeaseLock implements LeaseLock {
  readonly #options: KubeLeaseLockOptions;
  readonly #api: ApiServers;
  readonly #leases: string;
  #stopWatch: (() => void) | undefined;
  /** Of the last Lease that the watch showed. */
  #uid: string | undefined;

  constructor(options: KubeLeaseLockOptions) {
    this.#options = options;
    this.#api = new ApiServers(options);
    this.#leases = `/apis/coordination.k8s.io/v1/namespaces/${encodeURIComponent(options.namespace)}/leases`;
  }

  async write(draft: LeaseDraft, timeoutMs: number, { isUrgent = false }: WriteOptions = {}): Promise<WriteResult> {
    const { namespace, name } = this.#options;
    const body = JSON.stringify(leaseObject(draft, namespace, name));
    const request: ApiRequest =
      draft.base === undefined
        ? { verb: "create", method: "POST", path: this.#leases, body }
        : { verb: "update", method: "PUT", path: this.#leasePath(), body, isUrgent };
    return writeResult(await this.#api.ask(request, timeoutMs, judgeWrite));
  }

  async read(timeoutMs: number): Promise<ReadResult> {
    return readResult(
      await this.#api.ask({ verb: "get", method: "GET", path: this.#leasePath() }, timeoutMs, judgeRead),
    );
  }

  async readExact(resourceVersion: string, timeoutMs: number): Promise<ReadResult> {
    const list = await this.#list({ resourceVersion, resourceVersionMatch: "Exact" }, timeoutMs);
    if (list.t === "failed") return list;
    return list.lease === undefined ? { t: "missing" } : { t: "found", lease: list.lease };
  }

  watch(onEvent: (event: WatchEvent) => void): () => void {
    this.#stopWatch?.();
    const stop = watchLease({
      // Without a resourceVersion the API server reads from a quorum of etcd.
      list: () => this.#list({}, LIST_TIMEOUT_MS),
      open: (request, signal) => this.#api.open(request, signal),
      request: (resourceVersion, timeoutSeconds) => ({
        verb: "watch",
        method: "GET",
        path: this.#query({
          watch: "1",
          resourceVersion,
          allowWatchBookmarks: "true",
          timeoutSeconds: String(timeoutSeconds),
        }),
      }),
      onEvent: (event) => {
        if ("lease" in event) this.#uid = event.lease?.uid ?? this.#uid;
        onEvent(event);
      },
      random: this.#options.random,
    });
    this.#stopWatch = stop;
    return stop;
  }

  get credentials(): CredentialsFile {
    return this.#api.credentials;
  }

  /** As ApiServers has them. */
  get livingPeers(): readonly Endpoint[] {
    return this.#api.livingPeers;
  }

  /** As ApiServers has it. */
  lookUpPeers(): Promise<readonly string[]> {
    return this.#api.lookUpPeers();
  }

  /** As ApiServers has it. */
  leaveOwn(): void {
    this.#api.leaveOwn();
  }

  /** An Event about the Lease, by the way: one try, for which neither the Lease's requests nor their connections wait. */
  async recordEvent(event: EventSeries, instance: string): Promise<RecordOutcome> {
    const { namespace, name, random } = this.#options;
    const about = { namespace, name, uid: this.#uid, instance, salt: Math.floor(random() * SALT_MAX) };
    const request: ApiRequest = {
      verb: "event",
      method: "POST",
      path: eventsPath(namespace),
      body: JSON.stringify(eventObject(event, about)),
    };
    return recordOutcome(await this.#api.aside(request, EVENT_TIMEOUT_MS));
  }

  close(): void {
    this.#stopWatch?.();
    this.#api.close();
  }

  async #list(parameters: Readonly<Record<string, string>>, timeoutMs: number): Promise<ListResult> {
    return listResult(
      await this.#api.ask({ verb: "list", method: "GET", path: this.#query(parameters) }, timeoutMs, judgeList),
    );
  }

  #leasePath(): string {
    return `${this.#leases}/${encodeURIComponent(this.#options.name)}`;
  }

  #query(parameters: Readonly<Record<string, string>>): string {
    return `${this.#leases}?${new URLSearchParams({ fieldSelector: `metadata.name=${this.#options.name}`, ...parameters })}`;
  }
}
