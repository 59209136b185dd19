/** kube-vip, the program that $KUBE_VIP names: as its own generated manifest runs it for a control plane, with ARP. */
import { spawnSync } from "node:child_process";
import { SIDECAR_CAPABILITIES } from "../../../test/bed/namespace.ts";
import { PAGE } from "../../../test/bed/segment.ts";
import { type Contestant, contestantOf, type Replica, type Tool } from "../tool.ts";

const SHARED = "ARP, control plane, the pod's own API server, a name for each replica (`vip_nodename`)";

export const KUBE_VIP: Tool = {
  id: "kube-vip",
  name: "kube-vip 15/10/2",
  configuration: `${SHARED}; timers as shipped: lease 15/10/2 s, \`vip_arpRate\` 3000 ms`,
  watchMs: 32_000,
  settlesInMs: 5_000,
  obstacle,
  version: () => versionOf() ?? "missing",
  start: (replica) => Promise.resolve(start(replica, {})),
};

export const KUBE_VIP_FAST: Tool = {
  ...KUBE_VIP,
  id: "kube-vip-5-3-1",
  name: "kube-vip 5/3/1",
  configuration: `${SHARED}; lease 5/3/1 s as in its documentation, \`vip_arpRate\` 500 ms, the fastest it takes`,
  watchMs: 15_000,
  settlesInMs: 3_000,
  start: (replica) =>
    Promise.resolve(
      start(replica, { vip_leaseduration: "5", vip_renewdeadline: "3", vip_retryperiod: "1", vip_arpRate: "500" }),
    ),
};

function start({ pod, kubeconfig }: Replica, timers: Readonly<Record<string, string>>): Contestant {
  const process_ = pod.namespace.spawn([process.env["KUBE_VIP"] ?? "kube-vip", "manager"], {
    name: `${pod.name}-kube-vip`,
    capabilities: SIDECAR_CAPABILITIES,
    env: {
      PATH: process.env["PATH"],
      vip_arp: "true",
      cp_enable: "true",
      cp_namespace: "kube-system",
      vip_leaderelection: "true",
      vip_interface: PAGE.interfaceName,
      address: PAGE.vip,
      port: String(PAGE.port),
      vip_nodename: pod.name,
      k8s_config_file: kubeconfig,
      ...timers,
    },
  });
  return contestantOf(process_, () => [process_.pid]);
}

function obstacle(): string | undefined {
  if (process.env["KUBE_VIP"] === undefined)
    return "kube-vip is not compared: name its program in KUBE_VIP (releases of github.com/kube-vip/kube-vip).";
  return versionOf() === undefined ? `KUBE_VIP=${process.env["KUBE_VIP"]} does not run.` : undefined;
}

function versionOf(): string | undefined {
  const program = process.env["KUBE_VIP"];
  if (program === undefined) return undefined;
  const { stdout, stderr, status } = spawnSync(program, ["version"], { encoding: "utf8", timeout: 10_000 });
  if (status !== 0) return undefined;
  return /v?\d+\.\d+\.\d+\S*/.exec(`${stdout}${stderr}`)?.[0] ?? "of unknown version";
}
