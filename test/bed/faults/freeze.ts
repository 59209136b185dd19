/** Processes that stop running without dying (SIGSTOP), at any moment or at a named step; who thaws them is the heal. */
import type { Pod } from "../pod.ts";
import type { BedProcess } from "../process.ts";
import { waitFor } from "../wait.ts";
import type { Fault, Heal } from "./fault.ts";
import type { FaultBed } from "./fault-bed.ts";
import type { Phase } from "./fault-control.ts";
import { frozen, stateOf } from "./faulty-program.ts";

/** A holder passes all steps of a renewal in every retry period; at 15/10/2 that is 2 s. */
const STEP_WITHIN_MS = 8_000;
const LASTS_MS: Fault["lastsMs"] = [1_000, 20_000];

const WORDS: Readonly<Record<Phase, string>> = {
  "before-write": "before the renewal is sent",
  "write-sent": "after the renewal is sent",
  "write-answered": "when the renewal is answered",
  "before-gate": "before the gate is written",
  "after-gate": "after the gate is written",
  "before-address": "before the address is written",
  "after-address": "after the address is written",
  "before-announce": "before the announcement goes on",
};

export const FROZEN: Fault = {
  name: "sidecar frozen",
  victim: "holder",
  lastsMs: LASTS_MS,
  async apply({ cluster }, victim) {
    const sidecar = cluster.sidecar(victim);
    sidecar.signal("SIGSTOP");
    await frozen(sidecar.process);
    return thaw(sidecar.process);
  },
};

export const API_SERVER_FROZEN: Fault = {
  name: "own API server frozen",
  victim: "holder",
  lastsMs: [1_000, 10_000],
  async apply({ cluster }, victim) {
    const server = cluster.api.replica(victim.name).process("kube-apiserver");
    server.signal("SIGSTOP");
    await frozen(server);
    return thaw(server);
  },
};

/** A holder that renews freezes itself at that step. */
export function frozenAt(phase: Phase): Fault {
  return {
    name: `sidecar frozen ${WORDS[phase]}`,
    victim: "holder",
    lastsMs: LASTS_MS,
    async apply({ cluster, program }, victim) {
      const { process } = cluster.sidecar(victim);
      program.freezeAt(victim, phase);
      await frozen(process, STEP_WITHIN_MS).finally(() => program.freezeNoMore(victim));
      return thaw(process);
    },
  };
}

/** The holder is stopped gently, and whoever takes over freezes itself at that step of its takeover. */
export function successorFrozenAt(phase: Phase): Fault {
  return {
    name: `successor frozen ${WORDS[phase]}`,
    victim: "holder",
    lastsMs: LASTS_MS,
    async apply(bed, victim) {
      const { cluster, program } = bed;
      const standbys = cluster.pods.filter((pod) => pod !== victim);
      for (const pod of standbys) program.freezeAt(pod, phase);
      await cluster.sidecar(victim).stop();
      await firstFrozen(bed, standbys).finally(() => {
        for (const pod of standbys) program.freezeNoMore(pod);
      });
      return async () => {
        // Two that ran for the Lease may both have come to that step.
        for (const pod of standbys) cluster.sidecar(pod).signal("SIGCONT");
        cluster.startSidecar(victim);
      };
    },
  };
}

async function firstFrozen({ cluster }: FaultBed, pods: readonly Pod[]): Promise<void> {
  await waitFor("a successor stops itself", () => pods.find((pod) => stateOf(cluster.sidecar(pod).process) === "T"), {
    withinMs: STEP_WITHIN_MS,
    everyMs: 1,
    diagnose: () => pods.map((pod) => cluster.sidecar(pod).tail(8)).join("\n"),
  });
}

function thaw(process: BedProcess): Heal {
  return async () => process.signal("SIGCONT");
}
