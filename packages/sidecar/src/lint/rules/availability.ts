/** Whether there is anybody to move the VIP to, and whether the Lease survives what it is there for. */
import { SETTINGS } from "../../config/settings.ts";
import { insertInto, replaceValue } from "../edit.ts";
import { PATHS } from "../paths.ts";
import { faultAt, type Rule } from "../rule.ts";
import { entryAt, isTrueAt, type Path, textAt } from "../tree.ts";
import type { Values } from "../values.ts";

const STORES = ["etcd.embedded", "etcd.deploy", "etcd.external", "database.embedded", "database.external"] as const;
type Store = (typeof STORES)[number];

function storePath(store: Store): Path {
  return [...PATHS.store, ...store.split("."), "enabled"];
}

function enabledStores({ root }: Values): readonly Store[] {
  return STORES.filter((store) => isTrueAt(root, storePath(store)));
}

/** The chart's default is 1. */
function replicasOf({ root }: Values): number {
  const text = textAt(root, PATHS.replicas);
  return text !== undefined && /^[0-9]{1,6}$/.test(text) ? Number(text) : 1;
}

const oneReplica: Rule = {
  code: "ONE_REPLICA",
  severity: "warning",
  summary: "There is one replica only",
  consequence: "The VIP works, but nobody takes it over: it is away for as long as the one pod is.",
  find(values) {
    if (replicasOf(values) !== 1) return [];
    const message =
      "expected several replicas (controlPlane.statefulSet.highAvailability.replicas), but there is one: set 3, with a store that they can share";
    return [faultAt(values, PATHS.replicas, message)];
  },
};

const evenReplicas: Rule = {
  code: "EVEN_REPLICAS",
  severity: "warning",
  summary: "An even number of embedded etcd members",
  consequence:
    "Two members outlive no failure: with one gone etcd takes no write, the Lease cannot be renewed, and the VIP goes silent.",
  find(values) {
    const replicas = replicasOf(values);
    if (replicas < 2 || replicas % 2 === 1 || !enabledStores(values).includes("etcd.embedded")) return [];
    const entry = entryAt(values.root, PATHS.replicas);
    const message = `expected an odd number of replicas with embedded etcd, but found ${replicas}, which outlive no more failures than ${replicas - 1}: set ${replicas + 1}`;
    return [faultAt(values, PATHS.replicas, message, entry && replaceValue(entry, String(replicas + 1)))];
  },
};

const storeNotShared: Rule = {
  code: "STORE_NOT_SHARED",
  severity: "error",
  summary: "Several replicas with the embedded database",
  consequence: 'vCluster ends at the start with "embedded database is not supported with multiple replicas".',
  find(values) {
    const stores = enabledStores(values);
    const isShared = stores.some((store) => store !== "database.embedded");
    if (replicasOf(values) < 2 || isShared) return [];
    const message = `expected a store that ${replicasOf(values)} replicas can share, but found the embedded database (sqlite), which is the default: enable controlPlane.backingStore.etcd.embedded`;
    const patch =
      stores.length === 0 && entryAt(values.root, storePath("etcd.embedded")) === undefined
        ? insertInto(values.root, [...PATHS.store, "etcd", "embedded"], ["enabled: true"])
        : undefined;
    return [faultAt(values, PATHS.replicas, message, patch)];
  },
};

const storesSeveral: Rule = {
  code: "STORES_SEVERAL",
  severity: "error",
  summary: "More than one backing store is enabled",
  consequence: 'Helm stops with "you can only enable one backingStore at the same time".',
  find(values) {
    const stores = enabledStores(values);
    return stores.slice(1).map((store) => {
      const message = `expected one backing store, but ${stores[0]} is enabled, too: disable all but one`;
      return faultAt(values, storePath(store), message);
    });
  },
};

const noHeadlessService: Rule = {
  code: "NO_HEADLESS_SERVICE",
  severity: "warning",
  summary: "The replicas cannot find each other by the default name",
  consequence:
    "A replica whose own API server is gone cannot reach another one: a planned stop costs a whole leaseDuration.",
  find(values) {
    const { root } = values;
    const stores = enabledStores(values);
    if (replicasOf(values) < 2 || stores.length !== 1 || stores[0]?.endsWith("embedded")) return [];
    if (isTrueAt(root, [...PATHS.persistence, "volumeClaim", "enabled"])) return [];
    if (entryAt(root, [...PATHS.persistence, "volumeClaimTemplates"]) !== undefined) return [];
    if (entryAt(root, PATHS.ownPeersHost) !== undefined) return [];
    const message = `expected global.kubeVip.peersHost, since with ${stores[0]} and no volume claim the chart makes a Deployment, which has no headless Service, but it is not set: set it to the Service, <release>.<namespace>, and peersPort to 443`;
    return [faultAt(values, storePath(stores[0] ?? "etcd.deploy"), message)];
  },
};

/** etcd's election timeout in a vCluster is 5 s, drawn from there up to its double. */
const ETCD_ELECTION_MAX_MS = 10_000;

const leaseShort: Rule = {
  code: "LEASE_SHORTER_THAN_ELECTION",
  severity: "warning",
  summary: "The Lease runs out while etcd elects",
  consequence: "When the etcd leader dies the VIP moves although its holder is well, or goes silent for some seconds.",
  find(values) {
    const text = textAt(values.root, PATHS.ownLeaseDuration);
    const reading = SETTINGS.leaseDurationSeconds.kind.read(text ?? "");
    if (reading.t === "invalid" || reading.value > ETCD_ELECTION_MAX_MS) return [];
    if (!enabledStores(values).includes("etcd.embedded")) return [];
    const most = ETCD_ELECTION_MAX_MS / 1000;
    const message = `expected more than ${most} s, which vCluster's embedded etcd may need to elect a leader, but found ${text} s: raise it, 15 is the default`;
    return [faultAt(values, PATHS.ownLeaseDuration, message)];
  },
};

export const AVAILABILITY_RULES: readonly Rule[] = [
  oneReplica,
  evenReplicas,
  storeNotShared,
  storesSeveral,
  noHeadlessService,
  leaseShort,
];
