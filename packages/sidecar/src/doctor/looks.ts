/**
 * The port to what the checks look at: this network namespace, its segment, the API, the sidecar beside us. Each look is
 * made once, however many checks want it; it changes nothing, and rejects with a sentence where it fails. Implemented by
 * looks/ (real) and by tests.
 */
import type { Address, FenceLevel, GateReading, IpAddress, Link, Observation } from "@vcluster-kube-vip/routing";
import type { SidecarAnswer } from "../adapters/sidecar-page.ts";
import type { Config, Problem } from "../config/config.ts";
import type { LeaseRecord } from "../election/lease-record.ts";
import type { SidecarError } from "../sidecar-error.ts";

/** What can be looked at whatever the configuration says. */
export interface ContainerLooks {
  readonly problems: readonly Problem[];
  /** The effective set, by name: NET_ADMIN. Only those that matter here. */
  capabilities(): Promise<ReadonlySet<string>>;
  /** What the sidecar beside us says about itself. */
  sidecar(): Promise<SidecarAnswer>;
}

export interface Looks extends ContainerLooks {
  readonly config: Config;
  /** The Pod's annotation k8s.v1.cni.cncf.io/network-status, as text; undefined: nobody gave it to the container. */
  readonly networkStatus: string | undefined;
  /** The VIP's link; undefined: there is none of that name. */
  link(): Promise<Link | undefined>;
  network(): Promise<Network>;
  /** Of the kernel's neighbours on the link, of the VIP's family. */
  neighbours(): Promise<readonly IpAddress[]>;
  settings(): Promise<KernelSettings>;
  /** The MAC addresses that answer for it on the link, by probes that claim nothing (RFC 5227). Never our own. */
  whoHas(address: IpAddress): Promise<readonly string[]>;
  gate(): Promise<GateLook>;
  credentials(): Promise<CredentialsLook | SidecarError>;
  /** Our own first, then the peers'. Empty: there are no credentials to ask with. */
  apiServers(): Promise<readonly ApiServerLook[]>;
}

export type Network = Pick<Observation, "addresses" | "routes" | "rules"> & {
  /** Where the VIP is in this namespace, whoever put it there. */
  readonly vip: readonly Address[];
};

/** net.ipv4.conf.all and the link's; how the kernel makes one of two differs from setting to setting. */
export interface KernelSetting {
  readonly all: number;
  readonly link: number;
}

export type KernelSettings = Readonly<Record<"rpFilter" | "arpIgnore" | "arpAnnounce" | "arpFilter", KernelSetting>>;

export interface GateLook {
  /** The strongest that this host has, from the one aimed at downwards. */
  readonly available: FenceLevel;
  /** Why it is not the one aimed at. */
  readonly reason: string | undefined;
  /** undefined: the level has no gate in nf_tables. */
  readonly reading: GateReading | undefined;
}

export interface CredentialsLook {
  readonly expired: SidecarError | undefined;
  /** undefined: a token or the like. */
  readonly endsInMs: number | undefined;
}

export interface ApiServerLook {
  /** https://127.0.0.1:6443 */
  readonly name: string;
  readonly own: boolean;
  readonly lease: LeaseLook;
  /** Its clock, less ours; within `offByMs` of that. undefined: it gave no time. */
  readonly clock: { readonly offsetMs: number; readonly offByMs: number } | undefined;
  readonly certificateEndsInMs: number | undefined;
}

export type LeaseLook =
  /** `renewedAgoMs`: by the clocks of two machines. */
  | { readonly t: "found"; readonly lease: LeaseRecord; readonly renewedAgoMs: number | undefined }
  | { readonly t: "missing" }
  | { readonly t: "failed"; readonly code: string; readonly message: string };
