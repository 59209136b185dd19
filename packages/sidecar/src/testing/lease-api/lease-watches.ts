/** Watches on a LeaseStore: one JSON object a line, every change after a version, bookmarks, and the ends a watch can have. */
import type { ServerResponse } from "node:http";
import type { LeaseChange, LeaseStore } from "../lease-store.ts";
import { expired } from "./api-status.ts";
import { apiObject, isSelected, type LeaseTarget } from "./lease-resource.ts";

export interface WatchRequest {
  readonly target: LeaseTarget;
  /** "" and "0": what there is, first. */
  readonly resourceVersion: string;
  readonly timeoutSeconds: number;
  readonly bookmarks: boolean;
}

const EVENT_TYPES = { added: "ADDED", modified: "MODIFIED", deleted: "DELETED" } as const;
/** kube-apiserver's rhythm. */
const BOOKMARK_MS = 60_000;

/** Every open watch of one API server. */
export class LeaseWatches {
  readonly #store: LeaseStore;
  /** With what ends each in good order. */
  readonly #open = new Map<ServerResponse, () => void>();

  constructor(store: LeaseStore) {
    this.#store = store;
  }

  /** Open ones. */
  get count(): number {
    return this.#open.size;
  }

  start(request: WatchRequest, response: ServerResponse): void {
    const store = this.#store;
    response.writeHead(200, { "Content-Type": "application/json" });
    response.flushHeaders();
    const send = (type: string, object: unknown): unknown => response.write(`${JSON.stringify({ type, object })}\n`);
    const tell = ({ t, key, lease }: LeaseChange): void => {
      if (isSelected(key, request.target)) send(EVENT_TYPES[t], apiObject(key, lease));
    };
    const fresh = request.resourceVersion === "" || request.resourceVersion === "0";
    const from = fresh ? store.revision : Number(request.resourceVersion);
    const missed = store.changesSince(Math.min(from, store.revision));
    if (missed.t === "out-of-range") {
      send("ERROR", expired().body);
      response.end();
      return;
    }
    if (fresh) this.#tellPresent(tell);
    for (const change of missed.changes) tell(change);
    const leave = store.subscribe(tell);
    const bookmark = (): unknown =>
      request.bookmarks &&
      send("BOOKMARK", {
        kind: "Lease",
        apiVersion: "coordination.k8s.io/v1",
        metadata: { resourceVersion: String(store.revision) },
      });
    const bookmarking = setInterval(bookmark, BOOKMARK_MS);
    const ending = setTimeout(() => this.end(response), request.timeoutSeconds * 1000);
    const leaveAll = (): void => {
      leave();
      clearInterval(bookmarking);
      clearTimeout(ending);
      this.#open.delete(response);
    };
    this.#open.set(response, () => {
      bookmark();
      leaveAll();
      response.end();
    });
    response.once("close", leaveAll);
  }

  /** As at a watch's time-out: a bookmark, and the end in good order. */
  end(response: ServerResponse): void {
    this.#open.get(response)?.();
  }

  endAll(): void {
    for (const end of this.#open.values()) end();
  }

  #tellPresent(tell: (change: LeaseChange) => void): void {
    const { revision } = this.#store;
    const list = this.#store.listAt(revision);
    if (list.t === "listed") for (const [key, lease] of list.leases) tell({ t: "added", key, revision, lease });
  }
}
