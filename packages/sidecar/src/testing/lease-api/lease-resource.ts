/**
 * leases.coordination.k8s.io/v1 on a LeaseStore: what each verb makes of the store, and what it answers. Speaks objects,
 * not HTTP; watches are in lease-watches.ts.
 */
import { leaseObject, parseLease } from "../../adapters/kube-api/lease-object.ts";
import type { LeaseRecord } from "../../election/lease-record.ts";
import type { LeaseContent, LeaseStore, PutResult } from "../lease-store.ts";
import { type ApiAnswer, alreadyExists, conflict, deleted, expired, failure, notFound } from "./api-status.ts";

/** What a request is about. `name` undefined: all of the namespace; `namespace` undefined: all. */
export interface LeaseTarget {
  readonly namespace: string | undefined;
  readonly name: string | undefined;
}

interface Metadata {
  readonly name?: string;
  readonly namespace?: string;
  readonly uid?: string;
  readonly resourceVersion?: string;
}

interface LeaseBody {
  readonly metadata?: Metadata;
  readonly spec?: { readonly leaseDurationSeconds?: unknown };
}

/** The store's key of a Lease. */
export function leaseKey(namespace: string, name: string): string {
  return `${namespace}/${name}`;
}

/** The Lease as the API shows it: the object that was put, with what the store knows better. */
export function apiObject(key: string, lease: LeaseRecord): unknown {
  const [namespace = "", name = ""] = key.split("/");
  return leaseObject({ ...lease, base: lease }, namespace, name);
}

/** Whether a Lease belongs to what was asked for. */
export function isSelected(key: string, target: LeaseTarget): boolean {
  const [namespace, name] = key.split("/");
  return (target.namespace ?? namespace) === namespace && (target.name ?? name) === name;
}

export function getLease(store: LeaseStore, namespace: string, name: string): ApiAnswer {
  const key = leaseKey(namespace, name);
  const lease = store.get(key);
  return lease === undefined ? notFound(name) : { status: 200, body: apiObject(key, lease) };
}

/** `exactly` is resourceVersionMatch=Exact's version. */
export function listLeases(store: LeaseStore, target: LeaseTarget, exactly: string | undefined): ApiAnswer {
  const revision = exactly === undefined ? store.revision : Number(exactly);
  if (!Number.isSafeInteger(revision)) return failure(400, "Invalid", "invalid resourceVersion");
  if (revision > store.revision)
    return failure(504, "Timeout", `Too large resource version: ${revision}, current: ${store.revision}`);
  const list = store.listAt(revision);
  if (list.t === "out-of-range") return expired();
  const items = [...list.leases]
    .filter(([key]) => isSelected(key, target))
    .map(([key, lease]) => apiObject(key, lease));
  const metadata = { resourceVersion: String(revision) };
  return { status: 200, body: { kind: "LeaseList", apiVersion: "coordination.k8s.io/v1", metadata, items } };
}

export function createLease(store: LeaseStore, namespace: string, body: unknown): ApiAnswer {
  const { metadata } = body as LeaseBody;
  const name = metadata?.name;
  if (name === undefined) return failure(422, "Invalid", "metadata.name: Required value");
  const key = leaseKey(namespace, name);
  const creationTimestamp = `${new Date().toISOString().slice(0, 19)}Z`;
  const object = { ...(body as object), metadata: { ...metadata, creationTimestamp } };
  return checked(key, object, (content) => store.create(key, content));
}

/** With a resourceVersion a compare-and-swap, without one unconditional. */
export function updateLease(store: LeaseStore, namespace: string, name: string, body: unknown): ApiAnswer {
  const key = leaseKey(namespace, name);
  const { resourceVersion, uid } = (body as LeaseBody).metadata ?? {};
  const current = store.get(key);
  if (uid !== undefined && current !== undefined && uid !== current.uid) return conflict(name);
  return checked(key, body, (content) =>
    resourceVersion ? store.update(key, content, resourceVersion) : store.replace(key, content),
  );
}

/** RFC 7396, which for a Lease says the same as kubectl's strategic form. */
export function patchLease(store: LeaseStore, namespace: string, name: string, patch: unknown): ApiAnswer {
  const key = leaseKey(namespace, name);
  const current = store.get(key);
  if (current === undefined) return notFound(name);
  const { resourceVersion } = (patch as LeaseBody).metadata ?? {};
  if (resourceVersion !== undefined && resourceVersion !== current.resourceVersion) return conflict(name);
  return checked(key, merged(apiObject(key, current), patch), (content) => store.replace(key, content));
}

export function deleteLease(store: LeaseStore, namespace: string, name: string, options: unknown): ApiAnswer {
  const key = leaseKey(namespace, name);
  const current = store.get(key);
  if (current === undefined) return notFound(name);
  const { uid, resourceVersion } = (options as { preconditions?: Metadata } | undefined)?.preconditions ?? {};
  const differs =
    (uid ?? current.uid) !== current.uid || (resourceVersion ?? current.resourceVersion) !== current.resourceVersion;
  if (differs) return conflict(name);
  store.delete(key);
  return deleted(name, current.uid);
}

function checked(key: string, body: unknown, put: (content: LeaseContent) => PutResult): ApiAnswer {
  const { metadata, spec } = body as LeaseBody;
  const [, name = ""] = key.split("/");
  if ((metadata?.name ?? name) !== name)
    return failure(400, "BadRequest", "the name of the object does not match the name on the URL");
  const duration = spec?.leaseDurationSeconds;
  if (duration !== undefined && !(typeof duration === "number" && duration > 0)) {
    return failure(
      422,
      "Invalid",
      `Lease.coordination.k8s.io "${name}" is invalid: spec.leaseDurationSeconds: must be greater than 0`,
      name,
    );
  }
  // The store gives its own; parseLease wants some.
  const content = parseLease({ ...(body as object), metadata: { ...metadata, uid: "-", resourceVersion: "-" } });
  if (content === undefined) return failure(400, "BadRequest", "the body is no Lease");
  const result = put({ ...content, raw: body });
  switch (result.t) {
    case "written":
      return { status: 200, body: apiObject(key, result.lease) };
    case "conflict":
      return metadata?.resourceVersion === undefined ? alreadyExists(name) : conflict(name);
    case "missing":
      return notFound(name);
  }
}

function merged(target: unknown, patch: unknown): unknown {
  if (typeof patch !== "object" || patch === null || Array.isArray(patch)) return patch;
  const result = new Map(Object.entries(typeof target === "object" && target !== null ? target : {}));
  for (const [key, value] of Object.entries(patch)) {
    if (value === null) result.delete(key);
    else result.set(key, merged(result.get(key), value));
  }
  return Object.fromEntries(result);
}
