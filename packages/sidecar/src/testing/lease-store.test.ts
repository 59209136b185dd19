import { describe, expect, test } from "vitest";
import { type LeaseContent, LeaseStore } from "./lease-store.ts";

const KEY = "kube-system/vcluster-kube-vip";
const OTHER = "kube-system/plndr-cp-lock";

function held(holderIdentity: string): LeaseContent {
  return {
    holderIdentity,
    leaseDurationSeconds: 15,
    leaseTransitions: 0,
    acquireTime: undefined,
    renewTime: undefined,
    annotations: {},
  };
}

function storeWith(...holders: readonly string[]): LeaseStore {
  const store = new LeaseStore();
  for (const [index, holder] of holders.entries()) {
    if (index === 0) store.create(KEY, held(holder));
    else store.replace(KEY, held(holder));
  }
  return store;
}

function holderAt(store: LeaseStore, revision: number): string | undefined {
  const list = store.listAt(revision);
  return list.t === "listed" ? (list.leases.get(KEY)?.holderIdentity ?? "no Lease") : list.t;
}

describe("writing", () => {
  test("a create finds the Lease of another and is refused", () => {
    const store = storeWith("a");
    expect(store.create(KEY, held("b"))).toEqual({ t: "conflict" });
    expect(store.get(KEY)?.holderIdentity).toBe("a");
  });

  test("an update with the version it has read is written under a new one", () => {
    const store = storeWith("a");
    const result = store.update(KEY, held("b"), "2");
    expect(result).toMatchObject({ t: "written", lease: { holderIdentity: "b", resourceVersion: "3" } });
  });

  test("of two updates on one version the second conflicts", () => {
    const store = storeWith("a");
    store.update(KEY, held("b"), "2");
    expect(store.update(KEY, held("c"), "2")).toEqual({ t: "conflict" });
    expect(store.get(KEY)?.holderIdentity).toBe("b");
  });

  test("an update, a replace and a patch of a deleted Lease find none", () => {
    const store = storeWith("a");
    store.delete(KEY);
    expect([
      store.update(KEY, held("b"), "2"),
      store.replace(KEY, held("b")),
      store.patch(KEY, { holderIdentity: "" }),
    ]).toEqual(Array(3).fill({ t: "missing" }));
  });

  test("a Lease deleted and created again has another uid", () => {
    const store = storeWith("a");
    const before = store.get(KEY)?.uid;
    store.delete(KEY);
    store.create(KEY, held("a"));
    expect(store.get(KEY)?.uid).not.toBe(before);
  });

  test("a patch keeps what it does not name", () => {
    const store = storeWith("a");
    store.patch(KEY, { holderIdentity: "" });
    expect(store.get(KEY)).toMatchObject({ holderIdentity: "", leaseDurationSeconds: 15, resourceVersion: "3" });
  });

  test("what a draft was based on does not get into the Lease", () => {
    const store = new LeaseStore();
    const draft = { ...held("a"), base: undefined };
    store.create(KEY, draft);
    expect(store.get(KEY)).not.toHaveProperty("base");
  });
});

describe("history", () => {
  test("a list at the version before shows the record before, whatever else was written between", () => {
    const store = storeWith("a");
    store.advance(5);
    store.replace(KEY, held("b"));
    expect(store.get(KEY)?.resourceVersion).toBe("8");
    expect([holderAt(store, 7), holderAt(store, 8)]).toEqual(["a", "b"]);
  });

  test("a list after a deletion has no Lease", () => {
    const store = storeWith("a");
    store.delete(KEY);
    expect([holderAt(store, 1), holderAt(store, 2), holderAt(store, 3)]).toEqual(["no Lease", "a", "no Lease"]);
  });

  test("the future cannot be listed or watched", () => {
    const store = storeWith("a");
    expect([store.listAt(3).t, store.changesSince(3).t]).toEqual(["out-of-range", "out-of-range"]);
  });

  test("changes come in order, a deletion with the last content under its own revision", () => {
    const store = storeWith("a", "b");
    store.create(OTHER, held("x"));
    store.delete(KEY);
    const list = store.changesSince(2);
    const seen =
      list.t === "changes"
        ? list.changes.map((c) => [c.t, c.key, c.lease.holderIdentity, c.lease.resourceVersion])
        : [];
    expect(seen).toEqual([
      ["modified", KEY, "b", "3"],
      ["added", OTHER, "x", "4"],
      ["deleted", KEY, "b", "5"],
    ]);
  });

  test("after a compaction older lists and watches are refused, later ones unharmed", () => {
    const store = storeWith("a", "b", "c", "d");
    store.create(OTHER, held("x"));
    store.compact(4);
    expect([holderAt(store, 3), holderAt(store, 4), holderAt(store, 5)]).toEqual(["out-of-range", "c", "d"]);
    expect([store.changesSince(2).t, store.changesSince(3).t]).toEqual(["out-of-range", "changes"]);
  });

  test("a Lease that nobody touched survives a compaction, a deleted one does not come back", () => {
    const store = storeWith("a");
    store.create(OTHER, held("x"));
    store.delete(OTHER);
    store.advance(10);
    store.compact(store.revision);
    const list = store.listAt(store.revision);
    expect(list.t === "listed" ? [...list.leases.keys()] : list.t).toEqual([KEY]);
  });

  test("a subscriber sees each change until it leaves", () => {
    const store = new LeaseStore();
    const seen: string[] = [];
    const leave = store.subscribe((change) => seen.push(change.t));
    store.create(KEY, held("a"));
    store.delete(KEY);
    leave();
    store.create(KEY, held("a"));
    expect(seen).toEqual(["added", "deleted"]);
  });
});
