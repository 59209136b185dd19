/**
 * PID 1 of the sandbox: gives it a /run, an /etc/hosts and a loopback of its own, runs one command and ends with its
 * status. When it ends, the kernel ends everything in the sandbox. Started by sandbox.ts only.
 */
import { execFileSync, spawn } from "node:child_process";
import { copyFileSync, mkdirSync } from "node:fs";
import { SANDBOX_VARIABLE, type SignalMessage, signalStatus } from "./sandbox.ts";

const TEMPORARY = "/run/tmp";

prepare();
const [command = "true", ...args] = process.argv.slice(2);
const { NODE_CHANNEL_FD: _fd, NODE_CHANNEL_SERIALIZATION_MODE: _mode, ...inherited } = process.env;
const child = spawn(command, args, {
  stdio: "inherit",
  env: { ...inherited, [SANDBOX_VARIABLE]: TEMPORARY, TMPDIR: TEMPORARY },
});
child.once("exit", (code, signal) => process.exit(code ?? signalStatus(signal)));
child.once("error", (error) => {
  process.stderr.write(`sandbox: cannot start ${command}: ${error.message}\n`);
  process.exit(127);
});
process.on("message", (message: SignalMessage) => child.kill(message.signal));
// The outside is gone: whatever still runs here has nobody to report to.
process.on("disconnect", () => process.exit(signalStatus("SIGHUP")));

function prepare(): void {
  // `ip netns` keeps its names in /run/netns; the sandbox's must not be seen outside, nor the outside's in here.
  execFileSync("mount", ["-t", "tmpfs", "-o", "mode=755", "tmpfs", "/run"]);
  mkdirSync(TEMPORARY, { mode: 0o1777 });
  // Pods share one resolver file: the headless Service's names are written here by cluster-dns.ts.
  copyFileSync("/etc/hosts", "/run/hosts");
  execFileSync("mount", ["--bind", "/run/hosts", "/etc/hosts"]);
  // A sidecar that is killed leaves its socket behind.
  execFileSync("mount", ["-t", "tmpfs", "-o", "mode=1777", "tmpfs", "/dev/shm"]);
  execFileSync("ip", ["link", "set", "lo", "up"]);
}
