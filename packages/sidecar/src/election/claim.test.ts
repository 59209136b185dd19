import { describe, expect, test } from "vitest";
import { holder } from "../testing/solo.ts";

describe("another hand on the Lease (rule 3)", () => {
  test("another holder: silent at once", () => {
    const a = holder();
    a.patch({ holderIdentity: "b" });
    a.see();
    expect(a.did).toContain("silence: other-holder");
    expect(a.role).toBe("waiting");
  });

  test("no Lease: silent at once", () => {
    const a = holder();
    a.delete();
    expect(a.did).toContain("silence: lease-missing");
  });

  test("another uid: silent at once, even where the Lease names us", () => {
    const a = holder();
    const { uid: _uid, resourceVersion: _version, ...copy } = a.lease;
    a.store.delete("kube-system/vcluster-kube-vip");
    a.create(copy);
    a.see();
    expect(a.did).toContain("silence: lease-recreated");
  });

  test("nobody: silent at once", () => {
    const a = holder();
    a.patch({ holderIdentity: "" });
    a.see();
    expect(a.did).toContain("silence: lease-vacant");
  });

  test("an update that finds no Lease: silent at once", () => {
    const a = holder();
    a.wait(2_000);
    a.answer(a.sent("renew"), { t: "missing" });
    expect(a.did).toContain("silence: lease-missing");
  });

  test("an older version that a slow watch delivers ends nothing", () => {
    const a = holder();
    const before = a.store.listAt(Number(a.lease.resourceVersion) - 1);
    const older = before.t === "listed" ? before.leases.get("kube-system/vcluster-kube-vip") : undefined;
    expect(older?.holderIdentity).toBe("");
    a.feed({ t: "watch", event: { t: "listed", lease: older } });
    expect(a.did).toEqual([]);
    expect(a.role).toBe("holding");
  });
});
