/** The doctor's composition: the only file that names every look. Owns the netlink sockets; ends with its process. */
import { setTimeout } from "node:timers/promises";
import { FENCE_LEVELS, type Link, openRtNetlink } from "@vcluster-kube-vip/routing";
import { SystemClock } from "../adapters/clock.ts";
import { gatherSettings } from "../adapters/settings.ts";
import { askSidecar } from "../adapters/sidecar-page.ts";
import type { Config, ConfigResult } from "../config/config.ts";
import { loadConfig } from "../config/load.ts";
import { SidecarError } from "../sidecar-error.ts";
import { ALL_CHECKS, CONTAINER_CHECKS } from "./checks/index.ts";
import { examine } from "./examine.ts";
import type { Finding } from "./finding.ts";
import { lookAtApiServers, lookAtCredentials, readCredentials } from "./looks/api-servers.ts";
import { lookAtGate } from "./looks/gate.ts";
import { findLink, knownNeighbours, readNetwork, whoHas } from "./looks/network.ts";
import { once, onceEach } from "./looks/once.ts";
import { readCapabilities, readKernelSettings } from "./looks/proc.ts";
import type { ContainerLooks, Looks } from "./looks.ts";

/** From the first look on; what starts the process is not in it. */
const WAIT_MS = 4_000;
/** A process that got no time has not read the answers yet, and its timer comes first. */
const READ_MS = 200;

/** @param flags - the settings that `run` was given on its command line, if any. */
export async function composeFindings(flags: Readonly<Record<string, string>>): Promise<readonly Finding[]> {
  const result = loadConfig(gatherSettings(flags));
  // Also keeps the process: netlink and packet sockets do not.
  const late = setTimeout(WAIT_MS).then(() => setTimeout(READ_MS));
  if (result.t !== "valid") return examine(CONTAINER_CHECKS, containerLooks(result), late);
  return examine(ALL_CHECKS, await composeLooks(result.config, containerLooks(result)), late);
}

function containerLooks(result: ConfigResult): ContainerLooks {
  const voice = result.t === "valid" ? result.config : result.voice;
  return {
    problems: result.problems,
    capabilities: once(readCapabilities),
    sidecar: once(() => askSidecar(voice)),
  };
}

async function composeLooks(config: Config, container: ContainerLooks): Promise<Looks> {
  const kernel = await openRtNetlink();
  const clock = new SystemClock();
  const { address: vip, interfaceName } = config.vip;
  const link = once(() => findLink(kernel, interfaceName));
  const credentials = once(() => readCredentials(config));
  /** Checks ask about the link only where there is one. */
  const onLink = async <T>(look: (link: Link) => Promise<T>): Promise<T> => {
    const found = await link();
    if (found === undefined) throw new TypeError(`${interfaceName} is not there`);
    return look(found);
  };
  return {
    ...container,
    config,
    networkStatus: process.env["NETWORK_STATUS"],
    link,
    network: once(() => readNetwork(kernel, vip)),
    neighbours: once(() => onLink((found) => knownNeighbours(kernel, found, vip))),
    settings: once(() => readKernelSettings(interfaceName)),
    whoHas: onceEach((address) => onLink((found) => whoHas(address, found, clock))),
    gate: once(async () => {
      const sidecar = await container.sidecar();
      const said = sidecar.t === "answered" ? sidecar.status.vip.fenceLevel : null;
      const inForce = FENCE_LEVELS.find((level) => level === said);
      return onLink((found) => lookAtGate(config, found, inForce));
    }),
    credentials: once(async () => {
      const found = await credentials();
      return found instanceof SidecarError ? found : lookAtCredentials(found);
    }),
    apiServers: once(async () => {
      const found = await credentials();
      return found instanceof SidecarError ? [] : lookAtApiServers(config, found);
    }),
  };
}
