/** What is written down of one run of one event with one tool, and of a tool left alone. Types only. */

/** In the order of every table and plot. */
export const TOOL_IDS = [
  "floor",
  "ours",
  "ours-5-3-1",
  "keepalived-0.1",
  "keepalived-1",
  "kube-vip-5-3-1",
  "kube-vip",
] as const;
export type ToolId = (typeof TOOL_IDS)[number];

export const EVENT_IDS = ["planned", "pod-lost", "killed", "frozen", "link-down", "api-killed", "api-hung"] as const;
export type EventId = (typeof EVENT_IDS)[number];

/** Who answered ARP for the VIP: the replica that held it at the event, another, both kinds or more, nobody. */
export type Answering = "old" | "new" | "two" | "none";

/** In ms after the event. */
export interface Stretch {
  readonly fromMs: number;
  readonly toMs: number;
}

export interface AnswerStretch extends Stretch {
  readonly who: Answering;
}

export interface Run {
  readonly t: "run";
  readonly tool: ToolId;
  readonly version: string;
  readonly event: EventId;
  readonly tried: number;
  /** Refused, reset before the first byte, or no first byte within 250 ms. */
  readonly lost: number;
  /** From the beginning of a lost connection to the beginning of the next served one, the longest; open at the end: to the end. */
  readonly outageMs: number;
  /** To the first answer of another replica; null: there was none. */
  readonly movedMs: number | null;
  readonly twoMs: number;
  readonly noneMs: number;
  /** At the end one other replica answered, and every connection was served. */
  readonly healed: boolean;
  readonly watchedMs: number;
  /** The longest time between two probes of the sampler, and between two connections: what happened in it was not seen. */
  readonly blindMs: number;
  readonly answers: readonly AnswerStretch[];
  readonly lostStretches: readonly Stretch[];
}

/** Three replicas with nothing to do but be there. */
export interface Idle {
  readonly t: "idle";
  readonly tool: ToolId;
  readonly seconds: number;
  /** Of the replica with the VIP, and the median of the others; all processes of the tool in that pod. */
  readonly rssMb: { readonly holder: number; readonly standby: number };
  readonly workingSetMb: { readonly holder: number; readonly standby: number };
  readonly cpuPercent: { readonly holder: number; readonly standby: number };
  /** For Leases, of all three; less what the API servers write without any tool. */
  readonly leaseRequestsPerMinute: number;
  /** Sent on the segment by all three; null: no capture can be made here. */
  readonly packetsPerMinute: number | null;
}
