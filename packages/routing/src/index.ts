/** The public names of @vcluster-kube-vip/routing. */
export { type Applied, apply, type Failure } from "./apply.ts";
export {
  type DesiredState,
  gateTargetOf,
  type HoldIntent,
  heldState,
  nothing,
  type Owner,
  ownerOf,
  type Placement,
  preparedState,
} from "./desired-state.ts";
export type { Detour, DetourTarget } from "./detour.ts";
export {
  canMute,
  FENCE_LEVELS,
  type FenceLevel,
  type Gate,
  type GateOutcome,
  type GateReading,
  type GateTarget,
  type Opening,
  RELAY_MS,
  type Relay,
} from "./gate.ts";
export { type Hold, NO_PERMIT, type Permit, validSecondsOf, validSecondsOutliving } from "./hold.ts";
export type { Dump, Kernel, Outcome } from "./kernel.ts";
export type { KernelPorts } from "./kernel-ports.ts";
export type {
  Address,
  Family,
  KernelEvent,
  Link,
  Neighbour,
  NeighbourTable,
  NextHop,
  Route,
  Rule,
} from "./model.ts";
export { resolveNextHops } from "./next-hops.ts";
export { NftDetour } from "./nftables/nft-detour.ts";
export { openNftGate } from "./nftables/nft-gate.ts";
export { type Observation, observe } from "./observation.ts";
export {
  type Change,
  type Finding,
  isOwnAddress,
  mutingOf,
  type Plan,
  plan,
  renewalOf,
  shorteningOf,
  takeoverOf,
  withdrawalOf,
} from "./plan.ts";
export { type Reconciled, reconcile } from "./reconcile.ts";
export { RoutingError, type RoutingErrorCode } from "./routing-error.ts";
export { openRtNetlink } from "./rtnetlink/rtnetlink.ts";
export { openSockDiag } from "./sock-diag/sock-diag.ts";
export type { Connection, SocketTable, TcpState } from "./sockets.ts";
export { ValidLftGate } from "./valid-lft-gate.ts";
export { type InterfaceName, parseInterfaceName } from "./values/interface-name.ts";
export {
  familyOf,
  hostPrefixLength,
  type IpAddress,
  ipAddressBytes,
  ipAddressFromBytes,
  parseIpAddress,
} from "./values/ip-address.ts";
export {
  broadcastAddress,
  hostPrefix,
  type InterfaceAddress,
  type IpPrefix,
  ipPrefix,
  networkAddress,
  parseInterfaceAddress,
  parseIpPrefix,
  prefixContains,
  prefixLength,
} from "./values/ip-prefix.ts";
export {
  BROADCAST_MAC,
  type MacAddress,
  macAddressBytes,
  macAddressFromBytes,
  parseMacAddress,
  ZERO_MAC,
} from "./values/mac-address.ts";
export type { Parsed } from "./values/parsed.ts";
