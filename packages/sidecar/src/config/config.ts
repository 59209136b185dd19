/** Everything the sidecar is told, parsed once. Made by load.ts from vcluster.yaml, environment and flags. */
import type { FenceLevel, InterfaceName, IpAddress, IpPrefix } from "@vcluster-kube-vip/routing";

export interface Config {
  readonly vip: {
    readonly address: IpAddress;
    /** The port clients use; the VIP does not translate ports. */
    readonly port: number;
    readonly interfaceName: InterfaceName;
    /** The gateway's own address with its subnet's length (10.100.0.1/24); absent: no policy routing. */
    readonly gateway: { readonly address: IpAddress; readonly subnet: IpPrefix } | undefined;
  };
  readonly lease: {
    readonly namespace: string;
    readonly name: string;
    readonly leaseDurationMs: number;
    readonly renewDeadlineMs: number;
    readonly retryPeriodMs: number;
    /**
     * q of rule 1: 1000 where a client-go candidate may share the Lease, else 0. Its record has 1 s resolution.
     */
    readonly recordResolutionMs: number;
  };
  readonly routing: {
    readonly table: number;
    readonly rulePriority: number;
    /** rtm_protocol, IFA_PROTO and FRA_PROTOCOL: by this number our own things are known again. */
    readonly protocol: number;
  };
  /** What the kernel does about a process that is not running at its deadline. */
  readonly fence: {
    /** strict: a weaker level than `level` holds nothing. best: the strongest that can be had from there downwards. */
    readonly mode: "strict" | "best";
    readonly level: FenceLevel;
  };
  readonly identity: {
    readonly podName: string;
    /** The pod's UID, or the machine's boot id on a bare host. */
    readonly podUid: string;
  };
  readonly kubeApi: {
    readonly kubeconfigPath: string;
    /** Overrides the kubeconfig's server; the local API server. */
    readonly server: string | undefined;
    /** DNS name whose addresses are the peers' listeners (`<release>-headless.<ns>`), or the Service; absent: none. */
    readonly peersHost: string | undefined;
    /** On a bare host without peersHost: they are in the EndpointSlice `kubernetes` in `default`. */
    readonly peersInSlice: boolean;
    readonly peersPort: number;
    readonly tlsServerName: string | undefined;
    /** The pod's own address: among the peers' host's, it is no peer. */
    readonly ownAddress: IpAddress | undefined;
  };
  readonly http: {
    readonly port: number;
    /** Loopback and the pod's address; never the VIP. */
    readonly addresses: readonly string[];
  };
  readonly logLevel: "debug" | "info" | "warn" | "error";
  readonly moves: { readonly max: number; readonly windowMs: number };
  /** Whether promises of peers may shorten a takeover, where there are three replicas or more. */
  readonly quorum: "auto" | "never";
}

/** Something wrong (or doubtful) in what we were told. All are reported at once. */
export interface Problem {
  readonly severity: "error" | "warning";
  /** Stable, upper snake: VIP_OUTSIDE_SUBNET. Listed in docs/errors.md. */
  readonly code: string;
  /** Where: "controlPlane.endpoint", "$vip_leaseduration", "--lease-duration". */
  readonly field: string;
  /** In a file: path, 1-based line and column. */
  readonly position: { readonly file: string; readonly line: number; readonly column: number } | undefined;
  /** One sentence: what was expected, what was found, what to do. */
  readonly message: string;
}

/** Where to say so when nothing else can be done: known even where the rest is wrong. */
export type Voice = Pick<Config, "http" | "logLevel">;

export type ConfigResult =
  | { readonly t: "valid"; readonly config: Config; readonly problems: readonly Problem[] }
  /** Stay up, passive. `problems` holds at least one error. */
  | { readonly t: "invalid"; readonly voice: Voice; readonly problems: readonly Problem[] }
  /** `kubeVip.enabled: true`: vCluster's own implementation owns the VIP. Stay passive. */
  | { readonly t: "other-owner"; readonly voice: Voice; readonly problems: readonly Problem[] };
