/** Events by the way: whatever becomes of them, the Lease's own requests do not notice. */
import { afterEach, beforeEach, expect, test } from "vitest";
import type { EventSeries } from "../../observe/event-budget.ts";
import type { Fault, RequestSeen } from "../../testing/lease-api/faults.ts";
import { Bed, draft, type Served } from "./kube-lease-lock.bed.ts";

const PATH = "/apis/events.k8s.io/v1/namespaces/kube-system/events";
const TIMEOUT_MS = 2_000;
const TIME = "2026-01-02T03:04:05.678000Z";
const EVENT: EventSeries = { reason: "VipTaken", note: "taken", firstTime: TIME, lastTime: TIME, count: 1 };

let bed: Bed;
let served: Served;
beforeEach(async () => {
  bed = await Bed.make();
  served = await bed.serve();
  await bed.admit(served.url);
});
afterEach(() => bed.end());

/** Leaves everything but Events alone. */
function onEvents(fault: Fault): (seen: RequestSeen) => Fault | undefined {
  return ({ path }) => (path === PATH ? fault : undefined);
}

const answered = (status: number): Fault => ({ t: "answer", status, body: "{}" });

test.each([
  ["recorded", answered(201)],
  ["forbidden", answered(403)],
  ["lost", answered(500)],
  ["lost", answered(404)],
  ["lost", { t: "reset" } as const],
])("it is %s by what the API answers, tried once", async (outcome, fault) => {
  served.fault = onEvents(fault);
  expect(await bed.lock().recordEvent(EVENT, "vcluster-0")).toBe(outcome);
  expect(served.api.requests.map(({ method, path }) => `${method} ${path}`)).toEqual([`POST ${PATH}`]);
  // A user who may use the Lease and write no Events has no trouble with the API.
  expect([bed.problems, bed.reports]).toEqual([[], []]);
});

test("renewals are not delayed by ten Events that hang, and keep their connection", async () => {
  const lock = bed.lock();
  let lease = await bed.held(lock);
  served.fault = onEvents({ t: "silent" });
  const hanging = Array.from({ length: 10 }, () => lock.recordEvent(EVENT, "vcluster-0"));
  let ended = 0;
  for (const one of hanging) void one.then(() => (ended += 1));
  for (let count = 0; count < 20; count += 1) {
    const result = await lock.write(draft("a", lease), TIMEOUT_MS);
    if (result.t === "written") lease = result.lease;
  }
  expect(ended).toBe(0);
  expect(lease.resourceVersion).toBe("22");
  expect(served.api.connectionsTotal).toBe(1 + hanging.length);
  // An API server that is slow with Events is not judged by them.
  expect(bed.problems).toEqual([]);
  lock.close();
  expect(await Promise.all(hanging)).toEqual(hanging.map(() => "lost"));
});

test("one that hangs is given up after three seconds", async () => {
  served.fault = onEvents({ t: "silent" });
  const startedAtMs = performance.now();
  expect(await bed.lock().recordEvent(EVENT, "vcluster-0")).toBe("lost");
  expect(performance.now() - startedAtMs).toBeGreaterThan(2_900);
  expect(performance.now() - startedAtMs).toBeLessThan(4_500);
});
