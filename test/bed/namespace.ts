/** A named network namespace: made, used and deleted through iproute2. Only inside the sandbox. */
import { CAPABILITIES } from "../../packages/sidecar/src/overlay/container.ts";
import { BedError } from "./bed-error.ts";
import { attempt, type CommandOptions, type CommandResult, run } from "./command.ts";
import { BedProcess, type ProcessOptions } from "./process.ts";
import { insideSandbox } from "./sandbox.ts";
import { waitFor } from "./wait.ts";

export interface SpawnOptions extends ProcessOptions {
  /** The bounding set, in setpriv's words ("net_admin"); absent: everything that the sandbox has. */
  readonly capabilities?: readonly string[];
}

/** What Kubernetes gives the overlay's container, which drops all others and is uid 0. */
export const SIDECAR_CAPABILITIES: readonly string[] = CAPABILITIES.map((name) => name.toLowerCase());

export class Namespace {
  readonly name: string;

  private constructor(name: string) {
    this.name = name;
  }

  /** Equivalent to: ip netns add NAME; ip -n NAME link set lo up */
  static async add(name: string): Promise<Namespace> {
    if (!insideSandbox()) {
      throw new BedError(
        "BED_OUTSIDE_SANDBOX",
        `namespace ${name} refused: not inside the sandbox (test/bed/sandbox.ts)`,
      );
    }
    await run(["ip", "netns", "add", name]);
    const namespace = new Namespace(name);
    await namespace.ip("link set lo up");
    return namespace;
  }

  /** The path that the CNI and `nsenter` want. */
  get path(): string {
    return `/run/netns/${this.name}`;
  }

  /** Runs iproute2 commands, one a line, without "ip" in front; one process for all. */
  async ip(batch: string): Promise<void> {
    await run(["ip", "-n", this.name, "-batch", "-"], { input: `${batch}\n` });
  }

  /** Standard output of `argv` in this namespace; fails unless its status is 0. */
  exec(argv: readonly string[], options?: CommandOptions): Promise<string> {
    return run(this.#enter(argv), options);
  }

  /** As `exec`, but any status is a result. */
  attempt(argv: readonly string[], options?: CommandOptions): Promise<CommandResult> {
    return attempt(this.#enter(argv), options);
  }

  /** Starts a long-lived process here. Its pid is the program's own: `ip` and `setpriv` replace themselves. */
  spawn(argv: readonly string[], options: SpawnOptions): BedProcess {
    return BedProcess.start(this.#enter(bounded(argv, options.capabilities)), options);
  }

  /** Equivalent to: echo VALUE > /proc/sys/NAME, with dots or slashes in the name. */
  async sysctl(name: string, value: number): Promise<void> {
    await this.exec(["sh", "-c", 'echo "$2" > "/proc/sys/$1"', "sh", name.replaceAll(".", "/"), String(value)]);
  }

  /** SIGKILL for every process in it, by pid, until there is none (2 s). */
  async killAll(): Promise<void> {
    await waitFor(
      `no process left in namespace ${this.name}`,
      async () => {
        const pids = await this.#pids();
        for (const pid of pids) kill(pid);
        return pids.length === 0 ? true : undefined;
      },
      { withinMs: 2_000, everyMs: 5 },
    );
  }

  /** Kills what runs in it and deletes it. Equivalent to: ip netns del NAME */
  async delete(): Promise<void> {
    await this.killAll();
    await run(["ip", "netns", "del", this.name]);
  }

  async #pids(): Promise<readonly number[]> {
    const output = await run(["ip", "netns", "pids", this.name]);
    return output.split("\n").filter(Boolean).map(Number);
  }

  #enter(argv: readonly string[]): readonly string[] {
    return ["ip", "netns", "exec", this.name, ...argv];
  }
}

/** Root stays uid 0, but an exec gives it no more than `capabilities`, as the container runtime does. */
export function bounded(argv: readonly string[], capabilities: readonly string[] | undefined): readonly string[] {
  if (capabilities === undefined) return argv;
  const set = ["-all", ...capabilities.map((capability) => `+${capability}`)].join(",");
  return ["setpriv", "--bounding-set", set, "--inh-caps=-all", "--no-new-privs", ...argv];
}

function kill(pid: number): void {
  try {
    process.kill(pid, "SIGKILL");
  } catch {
    // It ended by itself between the list and the signal.
  }
}
