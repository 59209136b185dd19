/** Debian's keepalived: VRRP version 3, as one would set it up for three API servers that share an address. */
import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { SIDECAR_CAPABILITIES } from "../../../test/bed/namespace.ts";
import { systemPath } from "../../../test/bed/sandbox.ts";
import { PAGE } from "../../../test/bed/segment.ts";
import type { ToolId } from "../outcome.ts";
import { type Contestant, contestantOf, type Replica, type Tool } from "../tool.ts";

/**
 * Far enough apart that two backups do not both take over, and high, since who waits longest is who has the least
 * (RFC 9568: the skew is (256 - priority)/256 of an interval).
 */
const PRIORITIES = [250, 200, 150];

export const KEEPALIVED_FAST = keepalived("keepalived-0.1", 0.1, 10_000, 1_500);
export const KEEPALIVED = keepalived("keepalived-1", 1, 15_000, 4_000);

function keepalived(id: ToolId, advertSeconds: number, watchMs: number, settlesInMs: number): Tool {
  return {
    id,
    name: `keepalived ${advertSeconds} s`,
    configuration:
      `VRRP 3, \`advert_int ${advertSeconds}\`, \`nopreempt\`, priorities ${PRIORITIES.join("/")}, net1 tracked, ` +
      "a `vrrp_script` that asks the pod's API server (`interval 1`, `timeout 1`, `fall 2`), no syslog (`-G`)",
    watchMs,
    settlesInMs,
    obstacle: () =>
      versionOf() === undefined ? "keepalived is missing; install it (apt-get install keepalived)." : undefined,
    version: () => versionOf() ?? "missing",
    start: (replica) => Promise.resolve(start(replica, advertSeconds)),
  };
}

function start({ pod, ordinal }: Replica, advertSeconds: number): Contestant {
  const folder = mkdtempSync(join(tmpdir(), "keepalived-"));
  const file = join(folder, "keepalived.conf");
  writeFileSync(file, configuration(pod.name, PRIORITIES[ordinal] ?? 100, advertSeconds), { mode: 0o644 });
  const files = ["-f", file, "-p", join(folder, "parent.pid"), "-r", join(folder, "vrrp.pid")];
  const process_ = pod.namespace.spawn(["keepalived", "-n", "-G", "-P", ...files], {
    name: `${pod.name}-keepalived`,
    capabilities: [...SIDECAR_CAPABILITIES, "net_bind_service", "setuid", "setgid", "kill"],
    env: { ...process.env, PATH: systemPath() },
  });
  return contestantOf(process_, () => [process_.pid, ...childrenOf(process_.pid)]);
}

function configuration(name: string, priority: number, advertSeconds: number): string {
  return `global_defs {
  router_id ${name}
  vrrp_version 3
  script_user root
  enable_script_security
}
vrrp_script api_server {
  script "/usr/bin/curl --silent --insecure --output /dev/null --max-time 1 https://127.0.0.1:6443/livez"
  interval 1
  timeout 1
  fall 2
  rise 1
}
vrrp_instance vip {
  state BACKUP
  nopreempt
  interface ${PAGE.interfaceName}
  virtual_router_id 51
  priority ${priority}
  advert_int ${advertSeconds}
  virtual_ipaddress {
    ${PAGE.vip}/32 dev ${PAGE.interfaceName}
  }
  track_script {
    api_server
  }
}
`;
}

/** The process that speaks VRRP; the check's short-lived curl is its child and not listed. */
function childrenOf(pid: number): readonly number[] {
  try {
    return readFileSync(`/proc/${pid}/task/${pid}/children`, "utf8").split(" ").filter(Boolean).map(Number);
  } catch {
    // It is gone, and they with it.
    return [];
  }
}

function versionOf(): string | undefined {
  const { stderr } = spawnSync("keepalived", ["--version"], {
    encoding: "utf8",
    timeout: 5_000,
    env: { ...process.env, PATH: systemPath() },
  });
  return /^Keepalived v(\S+)/.exec(stderr ?? "")?.[1];
}
