import { expect, test } from "vitest";
import { Chronicle } from "./chronicle.ts";

const IDENTITY = "vcluster-1_5f0d8a5e-0c5e-4a53-9d4f-0d8f6d2f4f11_0badcafe";

function line(event: string, fields: Readonly<Record<string, unknown>>, atMs = 1_000) {
  return { atMs, event, fields: { event, ...fields } };
}

test("the holder is known by its pod's name, and all that say so are one piece of news", () => {
  const chronicle = new Chronicle();
  const changed = line("holder-changed", {
    to: IDENTITY,
    message: `the Lease's holder is ${IDENTITY}, and was nobody`,
  });
  chronicle.take("vcluster-0", changed);
  chronicle.take("vcluster-2", changed);
  expect(chronicle.holder).toBe("vcluster-1");
  expect(chronicle.news.map(({ text }) => text)).toEqual(["the Lease's holder is vcluster-1, and was nobody"]);
});

test("a confirmed write makes the Lease young, a refused one does not", () => {
  const chronicle = new Chronicle();
  chronicle.take("vcluster-1", line("lease-write", { result: "written" }, 2_000));
  chronicle.take("vcluster-0", line("lease-write", { result: "conflict" }, 3_000));
  expect(chronicle.leaseChangedAtMs).toBe(2_000);
});

test("a role follows the election's transitions only", () => {
  const chronicle = new Chronicle();
  chronicle.started("vcluster-1", 0);
  expect(chronicle.role("vcluster-1")).toBe("starting");
  chronicle.take("vcluster-1", line("lease-request", { verb: "list" }));
  expect(chronicle.role("vcluster-1")).toBe("standby");
  chronicle.take("vcluster-1", line("transition", { machine: "election", to: "holding" }));
  chronicle.take("vcluster-1", line("transition", { machine: "vip", to: "held" }));
  expect(chronicle.role("vcluster-1")).toBe("holder");
});

test("renewals and repeats are no news", () => {
  const chronicle = new Chronicle();
  chronicle.take(
    "vcluster-1",
    line("lease-write", { result: "written", message: "write of the Lease (renew): written" }),
  );
  chronicle.take("vcluster-1", line("frames-sent", { message: "2 frames of form repeat" }));
  expect(chronicle.news).toEqual([]);
});
