/** Who serves the VIP: this program's container among the others of the pod, or vCluster's own implementation. */
import { containersAt, containersOf, hasCapability, isServedByUs, OUR_NAME } from "../containers.ts";
import { PATHS } from "../paths.ts";
import { type Fault, faultAt, faultAtKey, type Rule } from "../rule.ts";
import { entryAt, isTrueAt, listAt, type Path, type Span, textAt } from "../tree.ts";
import type { Values } from "../values.ts";

const OVERLAY = "`vcluster-kube-vip overlay -f vcluster.yaml > vip.yaml`";

const builtInEnabled: Rule = {
  code: "BUILT_IN_ENABLED",
  severity: "warning",
  summary: "vCluster's own kube-vip is enabled, and this sidecar is not there",
  consequence: "Without a licence for kube-vip every replica of the control plane ends at the start, again and again.",
  find(values) {
    if (!isTrueAt(values.root, PATHS.blockEnabled) || isServedByUs(values.root)) return [];
    const message = `expected the sidecar, with enabled: false, but vCluster is to serve the VIP itself: install with the overlay behind this file, ${OVERLAY}`;
    return [faultAt(values, PATHS.blockEnabled, message)];
  },
};

const overlayMissing: Rule = {
  code: "OVERLAY_MISSING",
  severity: "hint",
  summary: "Nobody is there to serve the VIP",
  consequence: "With this file alone nobody answers for the VIP.",
  find(values) {
    if (isTrueAt(values.root, PATHS.blockEnabled) || isServedByUs(values.root)) return [];
    const message = `expected a container ${OUR_NAME} in controlPlane.statefulSet.sidecarContainers, but there is none: install with the overlay behind this file, ${OVERLAY}`;
    return [faultAtKey(values, PATHS.sidecars, message)];
  },
};

const sidecarsExist: Rule = {
  code: "SIDECARS_EXIST",
  severity: "hint",
  summary: "The pod has sidecar containers already",
  consequence: "The overlay that is the same for everybody would replace them: Helm does not join lists.",
  find(values) {
    if (isServedByUs(values.root) || containersAt(values.root, PATHS.sidecars).length === 0) return [];
    const message = `expected no sidecarContainers, or an overlay made from this file, but found some: make it with ${OVERLAY}, which keeps them`;
    return [faultAtKey(values, PATHS.sidecars, message)];
  },
};

const sidecarsReplaced: Rule = {
  code: "SIDECARS_REPLACED",
  severity: "error",
  summary: "A later file throws sidecar containers out",
  consequence: "Helm replaces lists: the containers of the earlier file are not in the pod.",
  find(values) {
    return [PATHS.sidecars, PATHS.initContainers].flatMap((path) => {
      const list = listAt(values.root, path);
      const kept = new Set(containersOf(list?.items ?? []).map(({ name }) => name));
      const earlier = (list?.replaced ?? []).flatMap(({ items }) => containersOf(items));
      const lost = [...new Set(earlier.map(({ name }) => name))].filter(
        (name) => name !== undefined && !kept.has(name),
      );
      if (lost.length === 0) return [];
      const message = `expected the containers of the earlier files here, too, but ${lost.join(", ")} would be gone: make the overlay with \`vcluster-kube-vip overlay\` from all of the earlier files`;
      return [faultAtKey(values, path, message)];
    });
  },
};

const containerTwice: Rule = {
  code: "CONTAINER_TWICE",
  severity: "error",
  summary: "Two containers have the same name",
  consequence: "The API server refuses the pod, and the control plane is not rolled out.",
  find(values) {
    const containers = containersAt(values.root, PATHS.sidecars);
    return containers.flatMap(({ item, name }, index) => {
      if (name === undefined || containers.findIndex((other) => other.name === name) === index) return [];
      const message = `expected each name once in sidecarContainers, but ${name} is there again: remove one of them`;
      return [faultIn(PATHS.sidecars, item.written, message)];
    });
  },
};

const sidecarCapabilities: Rule = {
  code: "SIDECAR_CAPABILITIES",
  severity: "error",
  summary: "The sidecar may not do what it is there for",
  consequence: "The kernel refuses the address or the announcement; the sidecar stays passive and says so.",
  find(values) {
    return ourFaults(values, (container) => {
      const lacking = ["NET_ADMIN", "NET_RAW"].filter((capability) => !hasCapability(container, capability));
      if (lacking.length > 0)
        return `expected securityContext.capabilities.add: [NET_ADMIN, NET_RAW], but ${lacking.join(" and ")} is not there: add it`;
      const user = textAt(container.body, ["securityContext", "runAsUser"]);
      if (user === undefined || user === "0") return undefined;
      return `expected securityContext.runAsUser: 0, since no other user keeps the capabilities, but found ${user}: set 0`;
    });
  },
};

const sidecarProbes: Rule = {
  code: "SIDECAR_PROBES",
  severity: "warning",
  summary: "A probe of the sidecar decides over the control plane",
  consequence:
    "When it fails, the whole replica is taken out of the Service or started again, although its API server is well.",
  find(values) {
    return ourFaults(values, ({ body }) => {
      const probe = ["readinessProbe", "startupProbe"].find((name) => entryAt(body, [name]) !== undefined);
      if (probe === undefined) return undefined;
      return `expected no ${probe} in the sidecar, which makes the control plane's pod wait for it, but found one: remove it`;
    });
  },
};

const sidecarAsInit: Rule = {
  code: "SIDECAR_AS_INIT",
  severity: "error",
  summary: "The sidecar is among the init containers",
  consequence:
    "It is told to stop only after vCluster has gone: the VIP stays where nobody answers, and an error at its start blocks vCluster.",
  find(values) {
    return containersAt(values.root, PATHS.initContainers).flatMap(({ item, isOurs }) => {
      const message = `expected ${OUR_NAME} in controlPlane.statefulSet.sidecarContainers, but found it in initContainers: move it`;
      return isOurs ? [faultIn(PATHS.initContainers, item.written, message)] : [];
    });
  },
};

const podNonRoot: Rule = {
  code: "POD_RUNS_AS_NON_ROOT",
  severity: "error",
  summary: "The pod forbids user 0, which the sidecar needs",
  consequence: "The kubelet does not start the sidecar (CreateContainerConfigError), and the pod never becomes ready.",
  find(values) {
    const path = [...PATHS.podSecurity, "runAsNonRoot"];
    if (!isTrueAt(values.root, path)) return [];
    return ourFaults(values, ({ body }) => {
      const own = textAt(body, ["securityContext", "runAsNonRoot"]);
      if (own === "false") return undefined;
      return `expected securityContext.runAsNonRoot: false in the sidecar, since ${path.join(".")} is true for the pod, but it is not there: set it`;
    });
  },
};

/** One fault at most for each container of ours. */
function ourFaults(
  values: Values,
  messageOf: (container: ReturnType<typeof containersAt>[number]) => string | undefined,
): readonly Fault[] {
  return containersAt(values.root, PATHS.sidecars).flatMap((container) => {
    const message = container.isOurs ? messageOf(container) : undefined;
    return message === undefined ? [] : [faultIn(PATHS.sidecars, container.item.written, message)];
  });
}

function faultIn(path: Path, span: Span, message: string): Fault {
  return { field: path.join("."), position: span.source.positionAt(span.start), message, patch: undefined };
}

export const SIDECAR_RULES: readonly Rule[] = [
  builtInEnabled,
  overlayMissing,
  sidecarsExist,
  sidecarsReplaced,
  containerTwice,
  sidecarCapabilities,
  sidecarProbes,
  sidecarAsInit,
  podNonRoot,
];
