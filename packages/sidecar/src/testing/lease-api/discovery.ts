/** What kubectl wants to know before it asks for Leases. */

const LEASES = {
  name: "leases",
  singularName: "lease",
  namespaced: true,
  kind: "Lease",
  verbs: ["create", "delete", "get", "list", "patch", "update", "watch"],
};
const GROUP_VERSION = { groupVersion: "coordination.k8s.io/v1", version: "v1" };

/** Answers by path. */
export const DISCOVERY: ReadonlyMap<string, unknown> = new Map<string, unknown>([
  ["/version", { major: "1", minor: "34", gitVersion: "v1.34.4" }],
  ["/api", { kind: "APIVersions", versions: ["v1"] }],
  ["/api/v1", { kind: "APIResourceList", groupVersion: "v1", resources: [] }],
  [
    "/apis",
    {
      kind: "APIGroupList",
      apiVersion: "v1",
      groups: [{ name: "coordination.k8s.io", versions: [GROUP_VERSION], preferredVersion: GROUP_VERSION }],
    },
  ],
  [
    "/apis/coordination.k8s.io/v1",
    { kind: "APIResourceList", apiVersion: "v1", groupVersion: "coordination.k8s.io/v1", resources: [LEASES] },
  ],
]);
