import { expect, test } from "vitest";
import { leaseRequestsOn } from "./request-count.ts";

test("requests for Leases of every verb and code are counted, and no others", () => {
  const page = [
    "# TYPE apiserver_request_total counter",
    'apiserver_request_total{code="200",component="apiserver",group="coordination.k8s.io",resource="leases",scope="resource",verb="GET"} 12',
    'apiserver_request_total{code="409",component="apiserver",group="coordination.k8s.io",resource="leases",scope="resource",verb="PUT"} 3',
    'apiserver_request_total{code="200",component="apiserver",group="",resource="endpoints",scope="resource",verb="GET"} 100',
    'apiserver_request_duration_seconds_count{resource="leases"} 1000',
  ].join("\n");
  expect(leaseRequestsOn(page)).toBe(15);
  expect(leaseRequestsOn("")).toBe(0);
});
