/** What a tool is to the benchmark: a program beside each replica, and how it is made to move the VIP. Knows none. */
import type { Pod } from "../../test/bed/pod.ts";
import type { BedProcess } from "../../test/bed/process.ts";
import { monotonicMs } from "../../test/bed/wait.ts";
import type { ToolId } from "./outcome.ts";

/** Where a tool runs. */
export interface Replica {
  readonly pod: Pod;
  readonly ordinal: number;
  /** The pod's admin.conf: its own API server at 127.0.0.1:6443. */
  readonly kubeconfig: string;
}

/** A tool at work in one pod. */
export interface Contestant {
  /** The program's own processes, the outermost first; empty: it is not there (any more). */
  readonly pids: readonly number[];
  /** Could take the VIP over, as far as it says itself; a tool that says nothing is always ready. */
  ready(): Promise<boolean>;
  /** The planned move: SIGTERM, for what is a process. Resolves with the moment of it, monotonic ms. */
  leave(): Promise<number>;
  /** By SIGKILL, and waits. */
  close(): Promise<void>;
  /** For the error of a bed that does not settle. */
  tail(): string;
}

export interface Tool {
  readonly id: ToolId;
  readonly name: string;
  /** What it was told, in one sentence, for the page. */
  readonly configuration: string;
  /** None of its timers ends later: what has not healed by then is said never to. */
  readonly watchMs: number;
  /** How long after a start a replica counts as one that could take over: it has seen the holder by then. */
  readonly settlesInMs: number;
  /** One sentence: why it cannot run here, and what to do. */
  readonly obstacle: () => string | undefined;
  /** Empty for what has none. */
  readonly version: () => string;
  readonly start: (replica: Replica) => Promise<Contestant>;
}

/** A contestant that is one process, or one and its children. */
export function contestantOf(
  process: BedProcess,
  pids: () => readonly number[],
  ready: () => Promise<boolean> = () => Promise.resolve(true),
): Contestant {
  return {
    get pids() {
      return process.running ? pids() : [];
    },
    ready,
    leave: () => {
      const atMs = monotonicMs();
      process.signal("SIGTERM");
      return Promise.resolve(atMs);
    },
    close: async () => {
      for (const pid of process.running ? pids() : []) kill(pid, "SIGKILL");
      await process.close();
    },
    tail: () => process.tail(),
  };
}

/** Ends, stops or wakes a process that may have ended by itself. */
export function kill(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(pid, signal);
  } catch {
    // It is gone already.
  }
}
