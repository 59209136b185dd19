/** `run`: the sidecar's life, from its settings to SIGTERM. Never ends by itself: it stays up, passive, and says why. */
import { randomBytes } from "node:crypto";
import { hostname } from "node:os";
import { gatherSettings } from "../adapters/settings.ts";
import { composeReplica, composeTelling, passiveObserved, type Replica, type Telling } from "../compose.ts";
import type { Config, ConfigResult, Problem } from "../config/config.ts";
import { loadConfig } from "../config/load.ts";
import type { Observed } from "../observe/observer.ts";

/** Another process of the pod has the VIP's mutex, or the kernel refused its sockets: tried again this often. */
const RETRY_MS = 2_000;

export async function runSidecar(flags: Readonly<Record<string, string>>): Promise<void> {
  const stop = onceAskedToStop();
  const result = loadConfig(gatherSettings(flags));
  const identity = identityOf(result);
  const telling = composeTelling(result.t === "valid" ? result.config : result.voice, identity);
  for (const problem of result.problems) telling.tell({ t: "problem", problem });
  let observed: Observed = passiveObserved(identity, reasonOf(result), result.problems);
  const http = telling.serve(
    { snapshot: () => observed.snapshot(), loopAgeMs: () => observed.loopAgeMs() },
    result.t === "valid" ? result.config.vip.address : undefined,
  );
  http.start();
  if (result.t === "valid") {
    const replica = await begin(result.config, result.problems, identity, telling, stop);
    if (replica !== undefined) observed = replica.observed;
    await stop;
    await replica?.end();
  } else {
    // Nothing else keeps the process alive where no address could be listened on.
    const alive = setInterval(() => undefined, 2 ** 30);
    await stop;
    clearInterval(alive);
  }
  await http.stop();
  await telling.close();
}

/** Tries until the replica is at work; undefined: asked to stop before. */
async function begin(
  config: Config,
  problems: readonly Problem[],
  identity: string,
  telling: Telling,
  stop: Promise<"stop">,
): Promise<Replica | undefined> {
  const { tell } = telling;
  for (let hindered = false; ; hindered = true) {
    try {
      const replica = await composeReplica(config, problems, identity, telling);
      if (await replica.start()) {
        if (hindered) tell({ t: "recovered", where: "kernel" });
        return replica;
      }
      const message = `MUTEX_TAKEN: another process of this network namespace serves ${config.vip.address}; staying passive until it ends. Run one sidecar for each VIP.`;
      tell({ t: "trouble", where: "kernel", code: "MUTEX_TAKEN", message });
    } catch (error) {
      const code = error instanceof Error && "code" in error ? String(error.code) : "START_FAILED";
      tell({ t: "trouble", where: "kernel", code, message: error instanceof Error ? error.message : String(error) });
    }
    const pause = new Promise<"again">((resolve) => setTimeout(resolve, RETRY_MS, "again"));
    if ((await Promise.race([stop, pause])) === "stop") return undefined;
  }
}

/** podName_podUID_bootNonce: never the same for two lives (rule 8). */
function identityOf(result: ConfigResult): string {
  const nonce = randomBytes(4).toString("hex");
  if (result.t !== "valid") return `${hostname()}__${nonce}`;
  const { podName, podUid } = result.config.identity;
  return `${podName}_${podUid}_${nonce}`;
}

function reasonOf(result: ConfigResult): string {
  if (result.t === "valid") return "starting";
  if (result.t === "other-owner") return "vCluster's own kube-vip is enabled and owns the VIP";
  return "the configuration has errors; see problems";
}

function onceAskedToStop(): Promise<"stop"> {
  return new Promise((resolve) => {
    for (const signal of ["SIGTERM", "SIGINT"] as const) process.once(signal, () => resolve("stop"));
  });
}
