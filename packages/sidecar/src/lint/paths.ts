/** Where vcluster.yaml says what matters here. */
import { BLOCK, OWN_SECTION } from "../config/setting.ts";
import type { Path } from "./tree.ts";

export const PATHS = {
  own: OWN_SECTION.split("."),
  ownInterface: [...OWN_SECTION.split("."), "interface"],
  ownGateway: [...OWN_SECTION.split("."), "gateway"],
  ownEndpoint: [...OWN_SECTION.split("."), "endpoint"],
  ownPeersHost: [...OWN_SECTION.split("."), "peersHost"],
  ownLeaseDuration: [...OWN_SECTION.split("."), "leaseDurationSeconds"],
  block: BLOCK.split("."),
  blockEnabled: [...BLOCK.split("."), "enabled"],
  interface: [...BLOCK.split("."), "interface"],
  gateway: [...BLOCK.split("."), "gateway"],
  controlPlane: ["controlPlane"],
  advanced: ["controlPlane", "advanced"],
  endpoint: ["controlPlane", "endpoint"],
  proxy: ["controlPlane", "proxy"],
  store: ["controlPlane", "backingStore"],
  statefulSet: ["controlPlane", "statefulSet"],
  replicas: ["controlPlane", "statefulSet", "highAvailability", "replicas"],
  sidecars: ["controlPlane", "statefulSet", "sidecarContainers"],
  initContainers: ["controlPlane", "statefulSet", "initContainers"],
  podSecurity: ["controlPlane", "statefulSet", "security", "podSecurityContext"],
  persistence: ["controlPlane", "statefulSet", "persistence"],
  /** Of the StatefulSet object, where Multus does not look. */
  objectAnnotations: ["controlPlane", "statefulSet", "annotations"],
  podAnnotations: ["controlPlane", "statefulSet", "pods", "annotations"],
  privateNodes: ["privateNodes", "enabled"],
  podCidr: ["networking", "podCIDR"],
  serviceCidr: ["networking", "serviceCIDR"],
} as const satisfies Readonly<Record<string, Path>>;

/** Multus' annotation: which networks a pod is attached to. */
export const NETWORKS = "k8s.v1.cni.cncf.io/networks";
