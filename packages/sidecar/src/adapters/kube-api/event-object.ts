/**
 * Events about the Lease as JSON: written as events.k8s.io/v1, which has series, and read as v1 like `kubectl get events`
 * does, so that the same rights are enough. Sends nothing.
 */
import { EVENT_REASONS, type RecordOutcome } from "../../observe/event.ts";
import type { EventSeries } from "../../observe/event-budget.ts";
import type { Answer } from "./exchange.ts";
import { fieldOf, stringOf } from "./lease-object.ts";

export interface EventAbout {
  readonly namespace: string;
  readonly name: string;
  /** The Lease's, as far as it is known. */
  readonly uid: string | undefined;
  /** The pod that says it. */
  readonly instance: string;
  /** Less than 2^32: two of one moment need two names. */
  readonly salt: number;
}

const CONTROLLER = "vcluster-kube-vip";
/** The API's (validation of Event, events.k8s.io/v1). */
const LIMITS = { name: 253, instance: 128, note: 1_024 } as const;

export function eventsPath(namespace: string): string {
  return `/apis/events.k8s.io/v1/namespaces/${encodeURIComponent(namespace)}/events`;
}

/** Of those about the Lease of this name. */
export function eventsAboutPath(namespace: string, leaseName: string): string {
  const fieldSelector = `involvedObject.kind=Lease,involvedObject.name=${leaseName}`;
  return `/api/v1/namespaces/${encodeURIComponent(namespace)}/events?${new URLSearchParams({ fieldSelector })}`;
}

/** The body of the POST. */
export function eventObject(event: EventSeries, { namespace, name, uid, instance, salt }: EventAbout): object {
  const { reason, note, firstTime, lastTime, count } = event;
  const { type, action } = EVENT_REASONS[reason];
  const unique = `.${Date.parse(lastTime).toString(16)}${salt.toString(16).padStart(8, "0")}`;
  return {
    apiVersion: "events.k8s.io/v1",
    kind: "Event",
    metadata: { namespace, name: `${name.slice(0, LIMITS.name - unique.length)}${unique}` },
    eventTime: firstTime,
    // The API wants two of a series at least.
    ...(count > 1 && { series: { count, lastObservedTime: lastTime } }),
    type,
    reason,
    action,
    note: cut(note, LIMITS.note),
    regarding: { apiVersion: "coordination.k8s.io/v1", kind: "Lease", namespace, name, ...(uid && { uid }) },
    reportingController: CONTROLLER,
    reportingInstance: cut(instance, LIMITS.instance),
  };
}

export function recordOutcome(answer: Answer): RecordOutcome {
  if (answer.t !== "answered") return "lost";
  if (answer.status === 201) return "recorded";
  return answer.status === 403 ? "forbidden" : "lost";
}

/** An Event of ours as it was found. */
export interface RecordedEvent {
  /** RFC 3339: of the last of its series. */
  readonly time: string;
  readonly count: number;
  readonly type: string;
  readonly reason: string;
  readonly note: string;
  readonly instance: string;
}

/** Of an EventList (v1) those that a replica wrote about this Lease, the newest first. */
export function eventsAbout(list: unknown, leaseName: string): readonly RecordedEvent[] {
  const items = fieldOf(list, "items");
  if (!Array.isArray(items)) return [];
  const ours = items.filter((item: unknown) => {
    const [kind, name] = ["kind", "name"].map((key) => fieldOf(item, "involvedObject", key));
    return kind === "Lease" && name === leaseName && fieldOf(item, "reportingComponent") === CONTROLLER;
  });
  return ours.map(recordedEvent).sort((a, b) => (a.time < b.time ? 1 : -1));
}

function recordedEvent(item: unknown): RecordedEvent {
  const text = (...path: readonly string[]) => stringOf(fieldOf(item, ...path));
  const count = fieldOf(item, "series", "count");
  return {
    time: text("series", "lastObservedTime") ?? text("eventTime") ?? "",
    count: typeof count === "number" ? count : 1,
    type: text("type") ?? "",
    reason: text("reason") ?? "",
    note: text("message") ?? "",
    instance: text("reportingInstance") ?? "",
  };
}

function cut(text: string, bytesMax: number): string {
  const bytes = new TextEncoder().encode(text);
  // A character that is cut through is left out.
  return bytes.length <= bytesMax ? text : new TextDecoder().decode(bytes.subarray(0, bytesMax)).replace(/\uFFFD$/, "");
}
