/**
 * What can go wrong between a sidecar and the API server of its own pod: dead, frozen, refusing, half-open, one-way.
 * The pod and everything else in it live on. A slow one is slow-relay.ts's.
 */
import type { ApiReplica } from "./api-replica.ts";

export interface ApiFault {
  readonly begin: () => Promise<void>;
  /** Undoes it; resolves when the API server is ready again. */
  readonly end: () => Promise<void>;
}

const TABLE = "cut";

/** The process is killed: its port refuses, its connections are reset. */
export function killed(replica: ApiReplica): ApiFault {
  return {
    begin: () => replica.stop("kube-apiserver"),
    end: async () => {
      replica.start("kube-apiserver");
      await replica.ready();
    },
  };
}

/** The process is frozen: the kernel accepts and acknowledges in its place, and nothing is ever answered. */
export function hung(replica: ApiReplica): ApiFault {
  return {
    begin: async () => replica.process("kube-apiserver").signal("SIGSTOP"),
    end: async () => {
      replica.process("kube-apiserver").signal("SIGCONT");
      await replica.ready();
    },
  };
}

/** It lives, but whoever speaks to it is answered with a reset. */
export function refusing(replica: ApiReplica): ApiFault {
  return filtered(replica, ["tcp dport 6443 reject with tcp reset"]);
}

/** Nothing gets through any more, in neither direction and without a word; connections stay established. */
export function halfOpen(replica: ApiReplica): ApiFault {
  return filtered(replica, ["tcp dport 6443 drop", "tcp sport 6443 drop"]);
}

/** It hears and does what it is asked, and its answers are lost. */
export function unheard(replica: ApiReplica): ApiFault {
  return filtered(replica, ["tcp sport 6443 drop"]);
}

function filtered(replica: ApiReplica, rules: readonly string[]): ApiFault {
  const { namespace } = replica.pod;
  const lines = ["type filter hook input priority filter", ...rules.map((rule) => `iif lo ${rule}`)];
  const input = `table inet ${TABLE} {\nchain in {\n${lines.join("\n")}\n}\n}\n`;
  return {
    begin: async () => {
      await namespace.exec(["nft", "-f", "-"], { input });
    },
    end: async () => {
      await namespace.exec(["nft", "delete", "table", "inet", TABLE]);
      await replica.ready();
    },
  };
}
