/** What vCluster itself must be told so that its listener stands behind the VIP: private nodes, listener, certificate. */
import { quote } from "../../config/problem.ts";
import { insertInto, replaceValue } from "../edit.ts";
import { PATHS } from "../paths.ts";
import { faultAt, faultAtKey, type Rule } from "../rule.ts";
import { entryAt, isTrueAt, listAt, type Path, textAt } from "../tree.ts";

const privateNodesOff: Rule = {
  code: "PRIVATE_NODES_OFF",
  severity: "error",
  summary: "controlPlane.endpoint is set without private nodes",
  consequence: 'vCluster ends at the start with "endpoint is only supported in private nodes mode", in every replica.',
  find(values) {
    const { root } = values;
    if (entryAt(root, PATHS.endpoint) === undefined || isTrueAt(root, PATHS.privateNodes)) return [];
    const said = entryAt(root, PATHS.privateNodes);
    const patch =
      said === undefined ? insertInto(root, ["privateNodes"], ["enabled: true"]) : replaceValue(said, "true");
    const message =
      "expected privateNodes.enabled: true, which controlPlane.endpoint needs, but it is not: set it, or say the VIP in global.kubeVip.endpoint alone";
    return [faultAt(values, said === undefined ? PATHS.endpoint : PATHS.privateNodes, message, patch)];
  },
};

/** As vCluster's own validation refuses them. */
const NOT_WITH_PRIVATE_NODES: readonly Path[] = [
  ["integrations", "metricsServer", "enabled"],
  ["integrations", "certManager", "enabled"],
  ["integrations", "externalSecrets", "enabled"],
  ["integrations", "istio", "enabled"],
  ["integrations", "kubeVirt", "enabled"],
  ["controlPlane", "coredns", "embedded"],
  ["controlPlane", "hostPathMapper", "enabled"],
  ["sync", "toHost", "namespaces", "enabled"],
];

const privateNodesConflict: Rule = {
  code: "PRIVATE_NODES_CONFLICT",
  severity: "error",
  summary: "Something is enabled that vCluster does not have with private nodes",
  consequence: "vCluster ends at the start and names it, in every replica.",
  find(values) {
    const { root } = values;
    if (!isTrueAt(root, PATHS.privateNodes)) return [];
    return NOT_WITH_PRIVATE_NODES.filter((path) => isTrueAt(root, path)).map((path) => {
      const entry = entryAt(root, path);
      const message = `expected false, since vCluster does not have ${path.join(".")} with private nodes, but found true: set it to false`;
      return faultAt(values, path, message, entry && replaceValue(entry, "false"));
    });
  },
};

const privateNodesNeedPro: Rule = {
  code: "PRIVATE_NODES_NEED_PRO",
  severity: "error",
  summary: "Private nodes with the open-source image",
  consequence:
    "vCluster ends at the start, in every replica: private nodes are in the vcluster-pro image alone, whose free tier has them.",
  find(values) {
    const path = [...PATHS.statefulSet, "image", "repository"];
    const repository = textAt(values.root, path);
    if (repository === undefined || !isTrueAt(values.root, PATHS.privateNodes) || !repository.endsWith("vcluster-oss"))
      return [];
    const message = `expected the image vcluster-pro, which private nodes need, but found ${quote(repository)}: leave it out, vcluster-pro is the chart's default`;
    const entry = entryAt(values.root, path);
    return [faultAt(values, path, message, entry && replaceValue(entry, repository.replace(/oss$/, "pro")))];
  },
};

const VCLUSTER_PORT = "8443";

const proxyPort: Rule = {
  code: "PROXY_PORT",
  severity: "warning",
  summary: "The port of vCluster's listener is changed",
  consequence: "vCluster does not support it: the chart's Service and probes go on asking port 8443.",
  find(values) {
    const path = [...PATHS.proxy, "port"];
    const port = textAt(values.root, path);
    const entry = entryAt(values.root, path);
    if (port === undefined || port === VCLUSTER_PORT) return [];
    const message = `expected ${VCLUSTER_PORT}, the only port that vCluster's chart supports, but found ${port}: leave it out`;
    return [faultAt(values, path, message, entry && replaceValue(entry, VCLUSTER_PORT))];
  },
};

const listenerElsewhere: Rule = {
  code: "LISTENER_ELSEWHERE",
  severity: "error",
  summary: "vCluster's listener is bound to one address",
  consequence: "Connections to the VIP are refused: nothing listens on it.",
  find(values) {
    const path = [...PATHS.proxy, "bindAddress"];
    const address = textAt(values.root, path);
    const entry = entryAt(values.root, path);
    if (
      address === undefined ||
      address === "0.0.0.0" ||
      address === "::" ||
      address === values.endpoint?.value.address
    )
      return [];
    const message = `expected 0.0.0.0, all addresses and so the VIP, but found ${address}: leave it out`;
    return [faultAt(values, path, message, entry && replaceValue(entry, "0.0.0.0"))];
  },
};

const extraSansMissing: Rule = {
  code: "EXTRA_SANS_MISSING",
  severity: "warning",
  summary: "The certificate does not name the VIP",
  consequence:
    "Clients of the VIP refuse the certificate: vCluster writes the host of controlPlane.endpoint into it, and nothing of global.kubeVip.",
  find(values) {
    const { root, endpoint } = values;
    if (
      endpoint === undefined ||
      endpoint.path !== PATHS.ownEndpoint ||
      textAt(root, PATHS.endpoint)?.includes(endpoint.value.address)
    )
      return [];
    const path = [...PATHS.proxy, "extraSANs"];
    const names = listAt(root, path)?.items.map(({ value }) => (value.t === "scalar" ? value.text : "")) ?? [];
    if (names.includes(endpoint.value.address)) return [];
    const patch =
      names.length === 0 ? insertInto(root, PATHS.proxy, [`extraSANs: ["${endpoint.value.address}"]`]) : undefined;
    const message = `expected ${endpoint.value.address} in controlPlane.proxy.extraSANs, since only global.kubeVip.endpoint says it, but it is not there: add it`;
    return [faultAtKey(values, endpoint.path, message, entryAt(root, path) === undefined ? patch : undefined)];
  },
};

export const CONTROL_PLANE_RULES: readonly Rule[] = [
  privateNodesOff,
  privateNodesConflict,
  privateNodesNeedPro,
  proxyPort,
  listenerElsewhere,
  extraSansMissing,
];
