/** What is done to the replica that has the VIP, the same for every tool. */
import { hung, killed } from "../../test/bed/api-faults.ts";
import { PAGE } from "../../test/bed/segment.ts";
import { monotonicMs } from "../../test/bed/wait.ts";
import type { FieldBed } from "./field-bed.ts";
import type { EventId } from "./outcome.ts";
import { kill } from "./tool.ts";

/** What was done, when (monotonic ms), and how the bed is as before. */
interface Done {
  readonly atMs: number;
  /** Once all is settled, the frozen one wakes: it is watched a while longer. */
  readonly wake?: () => void;
  readonly restore: () => Promise<void>;
}

export interface FieldEvent {
  readonly id: EventId;
  readonly name: string;
  /** One sentence for the page. */
  readonly what: string;
  readonly apply: (bed: FieldBed, victim: number) => Promise<Done>;
}

export const EVENTS: Readonly<Record<EventId, FieldEvent>> = {
  planned: {
    id: "planned",
    name: "planned move",
    what: "SIGTERM to the holder's tool; its API server goes on serving",
    async apply(bed, victim) {
      const atMs = await bed.contestant(victim).leave();
      return { atMs, restore: () => bed.startIn(victim) };
    },
  },
  "pod-lost": {
    id: "pod-lost",
    name: "pod lost",
    what: "the holder's links go, then everything in its pod: tool, API server, etcd member (a follower)",
    async apply(bed, victim) {
      const atMs = monotonicMs();
      await bed.lose(victim);
      return { atMs, restore: () => bed.recreate(victim) };
    },
  },
  killed: {
    id: "killed",
    name: "sidecar killed",
    what: "SIGKILL to all processes of the holder's tool, and no kubelet that would start them again",
    apply: (bed, victim) => signalled(bed, victim, "SIGKILL"),
  },
  frozen: {
    id: "frozen",
    name: "sidecar frozen",
    what: "SIGSTOP to all processes of the holder's tool, until the others have settled it; then it wakes",
    async apply(bed, victim) {
      const { pids } = bed.contestant(victim);
      const done = await signalled(bed, victim, "SIGSTOP");
      return { ...done, wake: () => signalAll(pids, "SIGCONT") };
    },
  },
  "link-down": {
    id: "link-down",
    name: "link down",
    what: "`ip link set net1 down` in the holder's pod",
    async apply(bed, victim) {
      const { namespace } = pod(bed, victim);
      const atMs = monotonicMs();
      await namespace.ip(`link set ${PAGE.interfaceName} down`);
      return {
        atMs,
        restore: async () => {
          await namespace.ip(`link set ${PAGE.interfaceName} up`);
          await bed.startIn(victim);
        },
      };
    },
  },
  "api-killed": {
    id: "api-killed",
    name: "API server killed",
    what: "SIGKILL to the kube-apiserver in the holder's pod",
    apply: (bed, victim) => faulty(bed, victim, killed),
  },
  "api-hung": {
    id: "api-hung",
    name: "API hung",
    what: "SIGSTOP to the kube-apiserver in the holder's pod: it accepts, and never answers",
    apply: (bed, victim) => faulty(bed, victim, hung),
  },
};

async function signalled(bed: FieldBed, victim: number, signal: "SIGKILL" | "SIGSTOP"): Promise<Done> {
  // Innermost first: keepalived's own child would take the address away when it sees its parent end.
  const pids = [...bed.contestant(victim).pids].reverse();
  const atMs = monotonicMs();
  signalAll(pids, signal);
  return { atMs, restore: () => bed.startIn(victim) };
}

function signalAll(pids: readonly number[], signal: NodeJS.Signals): void {
  for (const pid of pids) kill(pid, signal);
}

async function faulty(bed: FieldBed, victim: number, fault: typeof hung): Promise<Done> {
  const { begin, end } = fault(bed.api.replica(pod(bed, victim).name));
  const atMs = monotonicMs();
  await begin();
  return {
    atMs,
    restore: async () => {
      await end();
      await bed.startIn(victim);
    },
  };
}

function pod({ pods }: FieldBed, ordinal: number) {
  const found = pods[ordinal];
  if (found === undefined) throw new TypeError(`there is no pod ${ordinal}`);
  return found;
}
