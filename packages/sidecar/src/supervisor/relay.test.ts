// To whom a replica relays: to the giver of a planned move, and to nobody else.
import { RoutingError } from "@vcluster-kube-vip/routing";
import { describe, expect, it } from "vitest";
import { Cluster, LEASE_MS, type MemoryReplica } from "../testing/replicas.ts";

async function cluster(): Promise<{ all: Cluster; a: MemoryReplica; b: MemoryReplica }> {
  const all = new Cluster();
  const [a, b] = [all.add("a"), all.add("b")];
  await a.supervisor.start();
  await all.clock.advance(LEASE_MS + 100);
  return { all, a, b };
}

/** The first holds, the other is prepared. */
async function held(): ReturnType<typeof cluster> {
  const made = await cluster();
  await made.b.supervisor.start();
  await made.all.clock.advance(100);
  return made;
}

describe("a replica that takes the VIP", () => {
  it("relays to whom it took it over from, before its gate opens and its address is there", async () => {
    const { all, a, b } = await held();
    const order: string[] = [];
    b.gate.beforeVerb = (verb) => order.push(verb);
    b.kernel.beforeVerb = (verb) => order.push(verb);
    void a.supervisor.stop();
    await all.clock.advance(300);
    expect(await all.answering()).toEqual(["b"]);
    expect(b.gate.givers).toEqual([a.mac]);
    expect(order.slice(0, 3)).toEqual(["arm-relay", "open", "replaceAddress"]);
    await all.clock.advance(10 * LEASE_MS);
    expect(b.gate.givers).toHaveLength(1);
  });

  it("relays to nobody after an expiry: who is lost serves nobody", async () => {
    const { all, a, b } = await held();
    a.kill();
    await all.clock.advance(2 * LEASE_MS);
    expect(await all.answering()).toEqual(["b"]);
    expect(b.gate.givers).toEqual([]);
  });

  it("relays to nobody when it takes back what nobody took", async () => {
    const { all, a } = await cluster();
    void a.supervisor.transfer("b_uid_1", 1);
    await all.clock.advance(2_000);
    expect(await all.answering()).toEqual(["a"]);
    expect(a.gate.givers).toEqual([]);
  });

  it.each(["prepare-relay", "arm-relay"] as const)(
    "takes all the same where the kernel refuses to %s, and says why once",
    async (verb) => {
      const { all, a, b } = await cluster();
      const refuse = () => b.gate.failNext(verb, new RoutingError("RELAY_UNSUPPORTED", "no fwd"));
      refuse();
      await b.supervisor.start();
      await all.clock.advance(100);
      b.gate.afterVerb = (done) => void (done === "install" && refuse());
      b.gate.flushRuleset();
      await all.clock.advance(100);
      void a.supervisor.stop();
      await all.clock.advance(300);
      expect(await all.answering()).toEqual(["b"]);
      const troubles = b.told.filter((happening) => happening.t === "trouble");
      expect(troubles).toEqual([
        { t: "trouble", where: "kernel", code: "RELAY_UNSUPPORTED", message: "RELAY_UNSUPPORTED: no fwd" },
      ]);
    },
  );
});
