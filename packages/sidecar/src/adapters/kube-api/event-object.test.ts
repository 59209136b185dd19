import fc from "fast-check";
import { describe, expect, it, test } from "vitest";
import type { EventSeries } from "../../observe/event-budget.ts";
import { type EventAbout, eventObject, eventsAbout, eventsAboutPath, eventsPath } from "./event-object.ts";

const FIRST = "2026-01-02T03:04:05.678000Z";
const LAST = "2026-01-02T03:08:05.678000Z";
const EVENT: EventSeries = {
  reason: "VipConflict",
  note: "02::07 claims it",
  firstTime: FIRST,
  lastTime: FIRST,
  count: 1,
};
const ABOUT: EventAbout = {
  namespace: "kube-system",
  name: "vcluster-kube-vip",
  uid: "u-1",
  instance: "pod-0",
  salt: 7,
};

describe("an Event about the Lease", () => {
  it("has everything that events.k8s.io/v1 asks for", () => {
    expect(eventObject(EVENT, ABOUT)).toEqual({
      apiVersion: "events.k8s.io/v1",
      kind: "Event",
      metadata: { namespace: "kube-system", name: "vcluster-kube-vip.19b7ca98f2e00000007" },
      eventTime: FIRST,
      type: "Warning",
      reason: "VipConflict",
      action: "Watch",
      note: "02::07 claims it",
      regarding: {
        apiVersion: "coordination.k8s.io/v1",
        kind: "Lease",
        namespace: "kube-system",
        name: "vcluster-kube-vip",
        uid: "u-1",
      },
      reportingController: "vcluster-kube-vip",
      reportingInstance: "pod-0",
    });
  });

  it("that was repeated is a series, from its first to its last", () => {
    const series = { ...EVENT, lastTime: LAST, count: 12 };
    expect(eventObject(series, ABOUT)).toMatchObject({
      eventTime: FIRST,
      series: { count: 12, lastObservedTime: LAST },
    });
  });

  it("stays within the API's limits, whatever the names and sentences are", () => {
    const texts = fc.record({
      name: fc.string({ minLength: 200 }),
      instance: fc.string(),
      note: fc.string({ unit: "grapheme", maxLength: 2_000 }),
    });
    fc.assert(
      fc.property(texts, ({ name, instance, note }) => {
        const object = eventObject({ ...EVENT, note }, { ...ABOUT, name, instance }) as {
          readonly metadata: { readonly name: string };
          readonly note: string;
          readonly reportingInstance: string;
        };
        expect(object.metadata.name.length).toBeLessThanOrEqual(253);
        expect(Buffer.byteLength(object.note)).toBeLessThanOrEqual(1_024);
        expect(Buffer.byteLength(object.reportingInstance)).toBeLessThanOrEqual(128);
        expect(note.startsWith(object.note)).toBe(true);
      }),
    );
  });
});

/** The same object as v1 has it. */
function asRead(written: object): object {
  const { regarding, note, reportingController, ...rest } = written as Readonly<Record<string, unknown>>;
  return { ...rest, involvedObject: regarding, message: note, reportingComponent: reportingController };
}

describe("Events that are read", () => {
  const [once, series] = [EVENT, { ...EVENT, note: "again", lastTime: LAST, count: 12 }];
  const items = [once, series].map((event) => asRead(eventObject(event, ABOUT)));

  it("come back as they were written, the newest first", () => {
    const common = { type: "Warning", reason: "VipConflict", instance: "pod-0" };
    expect(eventsAbout({ items }, ABOUT.name)).toEqual([
      { ...common, time: LAST, count: 12, note: "again" },
      { ...common, time: FIRST, count: 1, note: "02::07 claims it" },
    ]);
  });

  it("are those of our replicas about this Lease only", () => {
    const others = [
      asRead(eventObject(EVENT, { ...ABOUT, name: "another" })),
      { ...items[0], reportingComponent: "kube-controller-manager" },
      { ...items[0], involvedObject: { kind: "Pod", name: ABOUT.name } },
    ];
    expect(eventsAbout({ items: others }, ABOUT.name)).toEqual([]);
  });

  it.each([undefined, null, 7, [], { items: 7 }, { items: [null, 7, "x"] }])("are none in %j", (list) => {
    expect(eventsAbout(list, ABOUT.name)).toEqual([]);
  });
});

test("the paths have namespace and name in one piece", () => {
  expect(eventsPath("a/b")).toBe("/apis/events.k8s.io/v1/namespaces/a%2Fb/events");
  expect(eventsAboutPath("a/b", "c&d")).toBe(
    "/api/v1/namespaces/a%2Fb/events?fieldSelector=involvedObject.kind%3DLease%2CinvolvedObject.name%3Dc%26d",
  );
});
