/**
 * The floor: what moving an address costs on this kernel when one process does it in the best order and nothing has to
 * be found out or agreed on. It watches nothing, so it can only be asked to move.
 */
import { join } from "node:path";
import type { Pod } from "../../../test/bed/pod.ts";
import { PAGE } from "../../../test/bed/segment.ts";
import { waitFor } from "../../../test/bed/wait.ts";
import type { Contestant, Replica, Tool } from "../tool.ts";

const MOVER = join(import.meta.dirname, "floor-mover.ts");

/** The pods by ordinal, and where the VIP is. */
const pods: Pod[] = [];
let at: number | undefined;

export const FLOOR: Tool = {
  id: "floor",
  name: "floor: one process",
  configuration: "adds the address at its new place, announces it, then deletes the old one; planned moves only",
  watchMs: 5_000,
  settlesInMs: 0,
  obstacle: () => undefined,
  version: () => "",
  start,
};

async function start({ pod, ordinal }: Replica): Promise<Contestant> {
  pods[ordinal] = pod;
  if (at === undefined) {
    at = ordinal;
    await pod.namespace.ip(`addr add ${PAGE.vip}/32 dev ${PAGE.interfaceName}`);
  }
  return {
    pids: [],
    ready: () => Promise.resolve(true),
    leave: () => move(ordinal),
    close: async () => {
      if (at !== ordinal) return;
      at = undefined;
      await pod.namespace.ip(`addr del ${PAGE.vip}/32 dev ${PAGE.interfaceName}`);
    },
    tail: () => `the floor has the VIP in ${at}`,
  };
}

async function move(ordinal: number): Promise<number> {
  const next = (ordinal + 1) % pods.length;
  const [from, to] = [pods[ordinal], pods[next]];
  if (from === undefined || to === undefined) throw new TypeError("the floor has nowhere to go");
  let atMs: number | undefined;
  const mover = to.namespace.spawn([process.execPath, MOVER, PAGE.vip, PAGE.interfaceName, from.namespace.name], {
    name: `${to.name}-floor`,
    onLine: (line) => {
      atMs = Number(line);
    },
  });
  await mover.exited;
  at = next;
  return waitFor("the address is moved", () => atMs, { withinMs: 1_000, diagnose: () => mover.tail() });
}
