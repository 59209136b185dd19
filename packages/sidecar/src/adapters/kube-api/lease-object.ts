/**
 * The Lease as JSON of coordination.k8s.io/v1, to and from the election's record. Reads whatever an operator or a
 * broken proxy may have put there without throwing; writes keep every field that is not ours. Sends nothing.
 */
import type { LeaseDraft, LeaseRecord } from "../../election/lease-record.ts";

const INT32_MAX = 2 ** 31 - 1;

type JsonObject = Readonly<Record<string, unknown>>;

/** undefined: not an object that the API could have stored (no uid or resourceVersion). Never throws. */
export function parseLease(value: unknown): LeaseRecord | undefined {
  const uid = stringOf(fieldOf(value, "metadata", "uid"));
  const resourceVersion = stringOf(fieldOf(value, "metadata", "resourceVersion"));
  if (uid === undefined || resourceVersion === undefined) return undefined;
  return {
    uid,
    resourceVersion,
    holderIdentity: stringOf(fieldOf(value, "spec", "holderIdentity")) ?? "",
    leaseDurationSeconds: numberOf(fieldOf(value, "spec", "leaseDurationSeconds")),
    leaseTransitions: integerOf(fieldOf(value, "spec", "leaseTransitions")),
    acquireTime: stringOf(fieldOf(value, "spec", "acquireTime")),
    renewTime: stringOf(fieldOf(value, "spec", "renewTime")),
    annotations: stringsOf(fieldOf(value, "metadata", "annotations")),
    raw: value,
  };
}

/** The body of the PUT (or POST, without a base) that makes `draft` of the Lease. */
export function leaseObject(draft: LeaseDraft, namespace: string, name: string): JsonObject {
  const base = objectOf(draft.base?.raw);
  return {
    ...base,
    apiVersion: "coordination.k8s.io/v1",
    kind: "Lease",
    metadata: {
      ...objectOf(fieldOf(base, "metadata")),
      namespace,
      name,
      ...(draft.base && { uid: draft.base.uid, resourceVersion: draft.base.resourceVersion }),
      annotations: draft.annotations,
    },
    spec: {
      ...objectOf(fieldOf(base, "spec")),
      holderIdentity: draft.holderIdentity,
      leaseDurationSeconds: draft.leaseDurationSeconds,
      leaseTransitions: draft.leaseTransitions,
      // undefined leaves the key out of the JSON, also where the base has it.
      acquireTime: microTime(draft.acquireTime),
      renewTime: microTime(draft.renewTime),
    },
  };
}

/** metav1.MicroTime is read with exactly six fraction digits; a Date gives three. */
function microTime(time: string | undefined): string | undefined {
  const parts = /^(\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2})(?:\.(\d+))?Z$/.exec(time ?? "");
  return parts ? `${parts[1]}.${(parts[2] ?? "").slice(0, 6).padEnd(6, "0")}Z` : time;
}

/** The value if it is a JSON object, else an empty one. */
function objectOf(value: unknown): JsonObject {
  return typeof value === "object" && value !== null && !Array.isArray(value) ? (value as JsonObject) : {};
}

/** What is at the end of `path`; undefined where one of its objects is missing or is none. */
export function fieldOf(value: unknown, ...path: readonly string[]): unknown {
  return path.reduce((inner, key) => (Object.hasOwn(objectOf(inner), key) ? objectOf(inner)[key] : undefined), value);
}

/** undefined if it is no text or none that says anything. */
export function stringOf(value: unknown): string | undefined {
  return typeof value === "string" && value !== "" ? value : undefined;
}

function numberOf(value: unknown): number {
  return typeof value === "number" && Number.isFinite(value) ? value : 0;
}

/** The API has int32 here and takes nothing else back; what a broken proxy made of it is cut down to that. */
function integerOf(value: unknown): number {
  return Math.max(-INT32_MAX, Math.min(Math.trunc(numberOf(value)), INT32_MAX));
}

function stringsOf(value: unknown): Readonly<Record<string, string>> {
  const texts = Object.entries(objectOf(value)).filter(
    (entry): entry is [string, string] => typeof entry[1] === "string",
  );
  // fromEntries defines, where an assignment to the key "__proto__" would not.
  return Object.fromEntries(texts);
}
