/**
 * Every metric: name, type, help, labels, in the order of the page. docs/metrics.md says the same in a table, and
 * test/docs-metrics.test.ts holds the two together. The help is the documented meaning, word by word.
 */

export interface MetricDefinition {
  readonly name: `vcluster_kube_vip_${string}`;
  readonly type: "counter" | "gauge" | "histogram";
  readonly help: string;
  readonly labels: readonly string[];
  /** Upper bounds of a histogram's buckets, ascending; +Inf is added. */
  readonly bucketsSeconds?: readonly number[];
}

export const METRICS = {
  buildInfo: {
    name: "vcluster_kube_vip_build_info",
    type: "gauge",
    help: "Always 1; says the version.",
    labels: ["version"],
  },
  isHolder: {
    name: "vcluster_kube_vip_is_holder",
    type: "gauge",
    help: "1 while this replica's own hold of the VIP lasts, else 0.",
    labels: [],
  },
  ready: {
    name: "vcluster_kube_vip_ready",
    type: "gauge",
    help: "1 if this replica holds the VIP or could take it, else 0.",
    labels: [],
  },
  linkUp: {
    name: "vcluster_kube_vip_link_up",
    type: "gauge",
    help: "1 if the VIP's interface is there and up with carrier, else 0.",
    labels: [],
  },
  health: {
    name: "vcluster_kube_vip_health",
    type: "gauge",
    help: "Always 1; says whether this replica could serve: able, not-yet, unable or gone-soon.",
    labels: ["verdict"],
  },
  fenceLevel: {
    name: "vcluster_kube_vip_fence_level",
    type: "gauge",
    help: "Always 1; says what keeps this host silent for the VIP past its deadline.",
    labels: ["level"],
  },
  deadline: {
    name: "vcluster_kube_vip_deadline_seconds",
    type: "gauge",
    help: "Time until this replica's own hold ends unless it is renewed; absent on a replica that does not hold.",
    labels: [],
  },
  leaseAge: {
    name: "vcluster_kube_vip_lease_age_seconds",
    type: "gauge",
    help: "Time since this replica first saw the Lease's present version; absent while no version is known.",
    labels: [],
  },
  leaseTransitions: {
    name: "vcluster_kube_vip_lease_transitions",
    type: "gauge",
    help: "leaseTransitions of the Lease as last seen; absent while it is not known.",
    labels: [],
  },
  mode: {
    name: "vcluster_kube_vip_mode",
    type: "gauge",
    help: "Always 1; says what ends the hold that the Lease shows: lease (its duration alone) or quorum (promises of peers, too).",
    labels: ["mode"],
  },
  movesInWindow: {
    name: "vcluster_kube_vip_moves_in_window",
    type: "gauge",
    help: "Voluntary moves of the VIP that this replica saw or made within the window.",
    labels: [],
  },
  acknowledgedNeighbours: {
    name: "vcluster_kube_vip_acknowledged_neighbours",
    type: "gauge",
    help: "Neighbours that answered this holder since it took the VIP.",
    labels: [],
  },
  unacknowledgedNeighbours: {
    name: "vcluster_kube_vip_unacknowledged_neighbours",
    type: "gauge",
    help: "Neighbours that this holder asked since it took the VIP and that have not answered.",
    labels: [],
  },
  configProblems: {
    name: "vcluster_kube_vip_config_problems",
    type: "gauge",
    help: "Problems of the configuration as it is now.",
    labels: ["severity"],
  },
  troubles: {
    name: "vcluster_kube_vip_troubles_total",
    type: "counter",
    help: "Errors by where they came from and their code.",
    labels: ["where", "code"],
  },
  transitions: {
    name: "vcluster_kube_vip_transitions_total",
    type: "counter",
    help: "Changes of state of the state machines, by the state entered.",
    labels: ["machine", "to"],
  },
  notices: {
    name: "vcluster_kube_vip_notices_total",
    type: "counter",
    help: "What the election found worth a line without a change of state.",
    labels: ["notice"],
  },
  takeovers: {
    name: "vcluster_kube_vip_takeovers_total",
    type: "counter",
    help: "Times that this replica took the VIP.",
    labels: [],
  },
  wonToFirstFrame: {
    name: "vcluster_kube_vip_won_to_first_frame_seconds",
    type: "histogram",
    help: "From the API server's answer that won the Lease to the first frame on the wire.",
    labels: [],
    bucketsSeconds: [0.001, 0.002, 0.005, 0.01, 0.05, 0.5],
  },
  holdsEnded: {
    name: "vcluster_kube_vip_holds_ended_total",
    type: "counter",
    help: "Times that this replica's hold ended, by the reason.",
    labels: ["reason"],
  },
  silences: {
    name: "vcluster_kube_vip_silences_total",
    type: "counter",
    help: "Times that this replica made itself silent for the VIP.",
    labels: [],
  },
  silencing: {
    name: "vcluster_kube_vip_silencing_duration_seconds",
    type: "histogram",
    help: "From the decision to be silent to the VIP's absence in the kernel.",
    labels: [],
    bucketsSeconds: [0.001, 0.005, 0.01, 0.05, 0.25, 1],
  },
  holderChanges: {
    name: "vcluster_kube_vip_holder_changes_total",
    type: "counter",
    help: "Times that the Lease was seen with another holder than before.",
    labels: [],
  },
  leaseRequests: {
    name: "vcluster_kube_vip_lease_requests_total",
    type: "counter",
    help: "Requests for the Lease to the Kubernetes API.",
    labels: ["verb", "outcome"],
  },
  leaseRequestDuration: {
    name: "vcluster_kube_vip_lease_request_duration_seconds",
    type: "histogram",
    help: "How long requests for the Lease took, watches left out.",
    labels: [],
    // 0.3 s: an answer that takes longer is asked for at the next endpoint as well.
    bucketsSeconds: [0.005, 0.01, 0.025, 0.1, 0.3, 1, 3],
  },
  leaseWrites: {
    name: "vcluster_kube_vip_lease_writes_total",
    type: "counter",
    help: "Writes of the Lease by what they were for and how they ended.",
    labels: ["purpose", "result"],
  },
  framesSent: {
    name: "vcluster_kube_vip_frames_sent_total",
    type: "counter",
    help: "Frames put on the wire for the VIP, by form.",
    labels: ["form"],
  },
  acknowledgements: {
    name: "vcluster_kube_vip_acknowledgements_total",
    type: "counter",
    help: "Answers of neighbours to announcements of the VIP.",
    labels: [],
  },
  conflicts: {
    name: "vcluster_kube_vip_conflicts_total",
    type: "counter",
    help: "Frames in which another MAC address claimed the VIP.",
    labels: [],
  },
  restored: {
    name: "vcluster_kube_vip_restored_total",
    type: "counter",
    help: "Addresses, routes, rules and gates of ours that were missing in the kernel and were put back.",
    labels: [],
  },
  swept: {
    name: "vcluster_kube_vip_swept_total",
    type: "counter",
    help: "Leftovers with our marks that were removed from the kernel.",
    labels: [],
  },
  events: {
    name: "vcluster_kube_vip_events_total",
    type: "counter",
    help: "Kubernetes Events by what became of them; repeats are counted in the Event that tells of them.",
    labels: ["outcome"],
  },
} as const satisfies Record<string, MetricDefinition>;

type MetricKey = keyof typeof METRICS;
type OfType<T extends MetricDefinition["type"]> = {
  [K in MetricKey]: (typeof METRICS)[K]["type"] extends T ? K : never;
}[MetricKey];
export type CounterKey = OfType<"counter">;
export type GaugeKey = OfType<"gauge">;
export type HistogramKey = OfType<"histogram">;
/** A value for each of the metric's labels, by name. */
export type LabelsOf<K extends MetricKey> = Readonly<Record<(typeof METRICS)[K]["labels"][number], string>>;
