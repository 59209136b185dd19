/** The composition root: the only file that names every adapter. Reads as the table of contents of the process. */
import { networkInterfaces } from "node:os";
import { dirname, join } from "node:path";
import {
  familyOf,
  type Kernel,
  NftDetour,
  type Owner,
  openNftGate,
  openRtNetlink,
  openSockDiag,
  ownerOf,
  RoutingError,
  type SocketTable,
  ValidLftGate,
} from "@vcluster-kube-vip/routing";
import { microTime, SystemClock } from "./adapters/clock.ts";
import { LiveDetour } from "./adapters/detour/vip-detour.ts";
import { LiveHealthSources } from "./adapters/health/health-sources.ts";
import { HttpServer } from "./adapters/http/http-server.ts";
import { KubeLeaseLock } from "./adapters/kube-api/kube-lease-lock.ts";
import { leaseRequest } from "./adapters/kube-api/lease-request.ts";
import { openLog } from "./adapters/log.ts";
import { VipMutex } from "./adapters/mutex.ts";
import { QUORUM_PORT } from "./adapters/quorum/datagram-socket.ts";
import { segmentAddress } from "./adapters/quorum/segment-address.ts";
import { UdpQuorumPeers } from "./adapters/quorum/udp-quorum-peers.ts";
import { ResponderGate } from "./adapters/responder-gate.ts";
import { PacketSegment } from "./adapters/segment.ts";
import { transferSocketPath } from "./adapters/transfer/socket-path.ts";
import { TransferListener } from "./adapters/transfer/transfer-listener.ts";
import type { Config, Problem, Voice } from "./config/config.ts";
import { INITIAL } from "./health/health.ts";
import { healthReport } from "./health/report.ts";
import { Deferral } from "./observe/deferral.ts";
import type { EventDraft } from "./observe/event.ts";
import type { EventSeries } from "./observe/event-budget.ts";
import type { Happening, Snapshot } from "./observe/happening.ts";
import { isRoutine } from "./observe/log-line.ts";
import { type Observed, Observer } from "./observe/observer.ts";
import type { SidecarError } from "./sidecar-error.ts";
import { EventRecorder } from "./supervisor/event-recorder.ts";
import { NeighbourTableWatch } from "./supervisor/neighbour-table-watch.ts";
import { Supervisor } from "./supervisor/supervisor.ts";
import { transferAsAsked } from "./supervisor/transfer-desk.ts";
import { VERSION } from "./version.ts";
import { Fence, type Rung } from "./vip/fence.ts";
import { VipKernel } from "./vip/kernel.ts";

const clock = new SystemClock();
const wallTime = () => microTime(clock.wallTimeMs());

/** What every process has, even one that may only say why it does nothing. */
export interface Telling {
  readonly tell: (happening: Happening) => void;
  readonly recordEventsBy: (record: (draft: EventDraft) => void) => void;
  readonly serve: (observed: Observed, vip: Config["vip"]["address"] | undefined) => HttpServer;
  /** Says what is not said yet; at most 1 s. */
  readonly close: () => Promise<void>;
}

export function composeTelling(voice: Voice, identity: string): Telling {
  const log = openLog({ level: voice.logLevel, identity });
  const isDebug = voice.logLevel === "debug";
  const observer = new Observer({ version: VERSION, identity, write: log.write, isDebug, wallTime, clock });
  const isAwaited = (happening: Happening) => isDebug || !isRoutine(happening);
  const deferral = new Deferral(clock, (happening, nowMs) => observer.tell(happening, nowMs), isAwaited);
  const tell = (happening: Happening) => deferral.tell(happening);
  const recordEventsBy = (record: (draft: EventDraft) => void) => observer.recordEventsBy(record);
  const serve = ({ snapshot, loopAgeMs }: Observed, vip: Config["vip"]["address"] | undefined) => {
    const flushed = () => {
      deferral.flush();
      return snapshot();
    };
    return new HttpServer({ ...voice.http, vip, pages: observer.pages({ snapshot: flushed, loopAgeMs }), clock, tell });
  };
  const close = (): Promise<void> => {
    deferral.flush();
    return log.close();
  };
  return { tell, recordEventsBy, serve, close };
}

export interface Replica {
  readonly observed: Observed;
  /** False, and closed again: another process of this network namespace serves the VIP. */
  readonly start: () => Promise<boolean>;
  readonly end: () => Promise<void>;
}

/** One replica: kernel, segment, Lease and loop. @throws RoutingError where the kernel gives no netlink sockets. */
export async function composeReplica(
  config: Config,
  problems: readonly Problem[],
  identity: string,
  { tell, recordEventsBy }: Pick<Telling, "tell" | "recordEventsBy">,
): Promise<Replica> {
  const kernel = await openRtNetlink();
  const owner = ownerOf(config.routing.protocol, config.vip.interfaceName);
  const rungs = rungsOf(config, identity, kernel, owner);
  const lease = leaseNameOf(config);
  const gate = new Fence({ rungs, fence: config.fence.mode, fenceLevel: config.fence.level, lease, tell });
  const sockets = await composeSockets(tell);
  const vipKernel = new VipKernel({ kernel, gate, sockets }, owner);
  const segment = composeSegment(config, kernel, tell);
  const lock = composeLock(config, tell);
  const record = (event: EventSeries) => lock.recordEvent(event, config.identity.podName);
  const events = new EventRecorder({ clock, wallTime, record, tell });
  const health = composeHealth(config, identity, lock, tell);
  const kernelDetour = new NftDetour({ family: familyOf(config.vip.address), protocol: config.routing.protocol });
  const detour = new LiveDetour(kernelDetour, () => lock.livingPeers);
  const ports = {
    clock,
    wallTime,
    kernel,
    gate,
    vipKernel,
    segment,
    health,
    lock,
    detour,
    quorumPeers: composeQuorum(config, identity, lock, tell),
  };
  const supervisor = new Supervisor({ ...ports, config, identity, owner, tell });
  const neighbours = new NeighbourTableWatch({ clock, kernel, family: familyOf(config.vip.address), tell });
  const transfers = composeTransfers(config, supervisor, tell);
  const mutex = new VipMutex(config.vip.address);
  return {
    observed: {
      snapshot: () => ({ ...supervisor.snapshot(), problems }),
      loopAgeMs: () => clock.nowMs() - supervisor.lastTurnMs,
    },
    start: async () => {
      if ((await mutex.acquire()) === "acquired") {
        recordEventsBy((draft) => events.offer(draft));
        await supervisor.start();
        neighbours.start();
        transfers.start();
        return true;
      }
      supervisor.close();
      detour.end();
      sockets?.close();
      return false;
    },
    end: async () => {
      neighbours.close();
      transfers.close();
      // What ends us ends the whole pod, within some 20 ms: the mark must not be lost with our own API server.
      lock.leaveOwn();
      await supervisor.stop();
      detour.end();
      sockets?.close();
      events.close();
      mutex.release();
    },
  };
}

/** Where this replica is asked to give the VIP away. */
function composeTransfers(config: Config, supervisor: Supervisor, tell: Telling["tell"]): TransferListener {
  return new TransferListener({
    path: transferSocketPath(config.vip.address),
    onRequest: (request) => transferAsAsked(supervisor, request),
    onUnavailable: (message) => tell({ t: "trouble", where: "transfer", code: "TRANSFER_UNAVAILABLE", message }),
  });
}

/** undefined, and said once: on this kernel connections end by themselves. */
async function composeSockets(tell: Telling["tell"]): Promise<SocketTable | undefined> {
  try {
    return await openSockDiag();
  } catch (error) {
    if (!(error instanceof RoutingError)) throw error;
    tell({ t: "trouble", where: "kernel", code: error.code, message: error.message });
    return undefined;
  }
}

/** The fence levels that there are, the strongest first. */
function rungsOf(config: Config, holderIdentity: string, kernel: Kernel, owner: Owner): readonly Rung[] {
  const { vip, routing } = config;
  const lease = leaseNameOf(config);
  const nft = { family: familyOf(vip.address), protocol: routing.protocol, lease, holderIdentity };
  return [
    { level: "nft-egress", open: () => openNftGate({ ...nft, level: "nft-egress" }) },
    { level: "nft-arp", open: () => openNftGate({ ...nft, level: "nft-arp" }) },
    { level: "responder", open: async () => new ResponderGate({ lease, owner, kernel, clock }) },
    { level: "valid-lft", open: async () => new ValidLftGate(lease) },
  ];
}

function leaseNameOf({ lease: { namespace, name } }: Config): string {
  return `${namespace}/${name}`;
}

function composeSegment(config: Config, kernel: Kernel, tell: Telling["tell"]): PacketSegment {
  return new PacketSegment({ vip: config.vip.address, gateway: config.vip.gateway?.address, clock, kernel, tell });
}

/** The peers are those whose API servers the Lease is asked at, too: behind the headless Service, or in the EndpointSlice. */
function composeHealth(
  config: Config,
  identity: string,
  lock: KubeLeaseLock,
  tell: Telling["tell"],
): LiveHealthSources {
  return new LiveHealthSources({
    config,
    identity,
    clock,
    credentials: lock.credentials,
    lookup: () => lock.lookUpPeers(),
    environment: process.env,
    random: Math.random,
    onHostProblem: (problem) => tellProblem("host", problem, tell),
  });
}

/** The key is beside the kubeconfig, in vCluster's own pki folder. */
function composeQuorum(
  config: Config,
  identity: string,
  lock: KubeLeaseLock,
  tell: Telling["tell"],
): UdpQuorumPeers | undefined {
  if (config.quorum === "never") return undefined;
  const { address: vip, interfaceName } = config.vip;
  return new UdpQuorumPeers({
    identity,
    scope: `${leaseNameOf(config)} ${vip}`,
    keyPath: join(dirname(config.kubeApi.kubeconfigPath), "sa.key"),
    podAddress: config.kubeApi.ownAddress,
    segmentAddress: () => segmentAddress(networkInterfaces()[interfaceName], { interfaceName, vip }),
    port: QUORUM_PORT,
    lookup: () => lock.lookUpPeers(),
    clock,
    onProblems: ([problem]) => tellProblem("quorum", problem, tell),
  });
}

function composeLock({ lease, kubeApi }: Config, tell: Telling["tell"]): KubeLeaseLock {
  return new KubeLeaseLock({
    namespace: lease.namespace,
    name: lease.name,
    kubeconfigPath: kubeApi.kubeconfigPath,
    server: kubeApi.server,
    peersHost: kubeApi.peersHost,
    peersInSlice: kubeApi.peersInSlice,
    peersPort: kubeApi.peersPort,
    tlsServerName: kubeApi.tlsServerName,
    ownAddress: kubeApi.ownAddress,
    random: Math.random,
    clock,
    onRequest: (report) => {
      const happening = leaseRequest(report);
      if (happening !== undefined) tell(happening);
    },
    onProblem: (problem) => tellProblem("api", problem, tell),
  });
}

/** undefined: nothing is wrong any more. */
function tellProblem(where: "api" | "host" | "quorum", problem: SidecarError | undefined, tell: Telling["tell"]): void {
  if (problem === undefined) tell({ t: "recovered", where });
  else tell({ t: "trouble", where, code: problem.code, message: problem.message });
}

/** The picture of a process that takes part in nothing. */
export function passiveObserved(identity: string, reason: string, problems: readonly Problem[]): Observed {
  const snapshot: Snapshot = {
    identity,
    vip: undefined,
    interfaceName: undefined,
    role: "passive",
    reason,
    holderIdentity: undefined,
    leaseName: undefined,
    leaseTransitions: undefined,
    mode: "lease",
    modeReason: undefined,
    acquireTime: undefined,
    leaseDurationSeconds: undefined,
    leaseAgeMs: undefined,
    deadlineInMs: undefined,
    kernelDeadlineInMs: undefined,
    vipState: "absent",
    fenceLevel: undefined,
    linkUp: false,
    mac: undefined,
    health: healthReport(INITIAL, 0, undefined),
    ready: false,
    problems,
    movesInWindow: 0,
    acknowledgedBy: [],
    unacknowledgedBy: [],
  };
  return { snapshot: () => snapshot, loopAgeMs: () => 0 };
}
