/**
 * Runs a command inside private mount, network and PID namespaces (and a user namespace when not root), so that
 * everything it makes - namespaces, mounts, processes, temporary files - ends with it by the kernel's hand, after
 * SIGKILL too. The inside is prepared by sandbox-init.ts. Does not give the sandbox a way out: no network but loopback.
 */
import { spawn, spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { constants } from "node:os";
import { delimiter } from "node:path";
import { fileURLToPath } from "node:url";

/** Set by sandbox-init.ts to the folder for temporary files on the sandbox's own tmpfs. */
export const SANDBOX_VARIABLE = "BED_SANDBOX";

const INIT = fileURLToPath(new URL("./sandbox-init.ts", import.meta.url));

/** How long the inside may take to end after SIGINT or SIGTERM before it is killed. */
const GRACE_MS = 5_000;

/** What the outside tells sandbox-init.ts over the IPC channel. */
export interface SignalMessage {
  readonly signal: NodeJS.Signals;
}

/** True inside `runInSandbox`: network configuration may be changed freely. */
export function insideSandbox(): boolean {
  return process.env[SANDBOX_VARIABLE] !== undefined;
}

/** $PATH and the folders of system programs (ip, nft), which Debian leaves out for ordinary users. */
export function systemPath(): string {
  return [process.env["PATH"], "/usr/sbin", "/sbin"].filter(Boolean).join(delimiter);
}

/** One sentence why no sandbox can be made here and what to do about it; undefined when it can. */
export function sandboxObstacle(): string | undefined {
  const probe = spawnSync("unshare", [...namespaceFlags(), "--", "mount", "-t", "tmpfs", "tmpfs", "/run"], {
    encoding: "utf8",
    timeout: 10_000,
  });
  if (probe.status === 0) return undefined;
  if (probe.error !== undefined) return "unshare is missing; install util-linux (with mount, setpriv and unshare).";
  const reason = probe.stderr.trim().split("\n")[0] ?? `status ${probe.status}`;
  if (process.getuid?.() === 0) {
    return `root may not make namespaces here (${reason}); give this container CAP_SYS_ADMIN (--privileged), or run on the host.`;
  }
  return `this kernel refuses user namespaces to ordinary users (${reason}); run the command as root, or ${sysctlCure()}.`;
}

/**
 * Runs `argv` in a sandbox of its own and resolves with its exit status (128 + n for a signal). SIGINT, SIGTERM and
 * SIGHUP are passed on once; the inside has 5 s to end, a second signal kills it at once. `output`: the file descriptor
 * that takes what it prints; default, our own stdout and stderr.
 */
export async function runInSandbox(argv: readonly string[], output?: number): Promise<number> {
  // detached: a session of its own, so that Ctrl-C reaches the outside only and the inside hears of it exactly once.
  // setpriv --pdeathsig: when this process dies by SIGKILL the kernel kills unshare, and --kill-child the rest.
  const child = spawn(
    "setpriv",
    ["--pdeathsig", "KILL", "unshare", ...namespaceFlags(), "--", process.execPath, INIT, ...argv],
    {
      stdio: ["inherit", output ?? "inherit", output ?? "inherit", "ipc"],
      detached: true,
      env: { ...process.env, PATH: systemPath() },
    },
  );
  let received: NodeJS.Signals | undefined;
  let grace: NodeJS.Timeout | undefined;
  const onSignal = (signal: NodeJS.Signals): void => {
    if (received !== undefined || !child.connected) {
      child.kill("SIGKILL");
      return;
    }
    received = signal;
    // An error means that the inside has ended already; its exit follows.
    child.send({ signal } satisfies SignalMessage, () => undefined);
    grace = setTimeout(() => child.kill("SIGKILL"), GRACE_MS);
  };
  const signals: readonly NodeJS.Signals[] = ["SIGINT", "SIGTERM", "SIGHUP"];
  for (const signal of signals) process.on(signal, onSignal);
  try {
    const status = await new Promise<number>((resolve, reject) => {
      child.once("error", reject);
      child.once("exit", (code, signal) => resolve(code ?? signalStatus(signal)));
    });
    return received === undefined || status !== 0 ? status : signalStatus(received);
  } finally {
    clearTimeout(grace);
    for (const signal of signals) process.off(signal, onSignal);
  }
}

/** A shell's exit status for a process ended by `signal`. */
export function signalStatus(signal: NodeJS.Signals | null): number {
  return 128 + (signal === null ? 0 : constants.signals[signal]);
}

function namespaceFlags(): readonly string[] {
  const user = process.getuid?.() === 0 ? [] : ["--user", "--map-root-user"];
  return [...user, "--mount", "--net", "--pid", "--fork", "--kill-child=SIGKILL", "--mount-proc"];
}

/** Names the switches of this very machine that are off, since distributions differ. */
function sysctlCure(): string {
  const switches: readonly (readonly [path: string, bad: string, cure: string])[] = [
    ["kernel/unprivileged_userns_clone", "0", "kernel.unprivileged_userns_clone=1"],
    ["kernel/apparmor_restrict_unprivileged_userns", "1", "kernel.apparmor_restrict_unprivileged_userns=0"],
    ["user/max_user_namespaces", "0", "user.max_user_namespaces=10000"],
  ];
  const cures = switches.filter(([path, bad]) => readSysctl(path) === bad).map(([, , cure]) => cure);
  const named = cures.length > 0 ? cures : switches.map(([, , cure]) => cure);
  return `allow them with: sysctl -w ${named.join(" ")}`;
}

function readSysctl(path: string): string | undefined {
  try {
    return readFileSync(`/proc/sys/${path}`, "utf8").trim();
  } catch {
    // Not every kernel has every switch; a missing one forbids nothing.
    return undefined;
  }
}
