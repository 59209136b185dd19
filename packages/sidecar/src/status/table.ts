/** An overview as a table that a person reads at a glance. Pure. */
import { causeWords, podNameOf, unservedWords } from "../observe/move-words.ts";
import { redact } from "../observe/redact.ts";
import { shorten } from "../observe/shorten.ts";
import type { EventView, Overview, ReplicaView } from "./overview.ts";

type Row = readonly string[];

/** The newest ones; --json has them all. */
const LINES_MAX = 5;
const GAP = "  ";

export function formatOverview(overview: Overview): string {
  const { replicas, moves, events, unknown } = overview;
  const parts = [
    columns(summary(overview)),
    replicas && columns([["REPLICA", "ROLE", "READY", "WHY"], ...replicas.map(replicaRow)]),
    moves && movesTable(moves),
    events && eventsTable(events),
    replicas && columns(replicas.flatMap(complaints)),
    unknown.map((sentence) => `not known: ${sentence}\n`).join(""),
  ];
  return parts.filter((part) => part !== null && part !== "").join("\n");
}

function summary(overview: Overview): readonly Row[] {
  const { lease, vip, acknowledgedBy, unacknowledgedBy, replicas } = overview;
  const holder = lease?.holderIdentity ?? undefined;
  return [
    ["VIP", vip ?? "not known from here"],
    ["holder", holder === undefined ? "nobody" : `${podNameOf(holder)}${sinceWords(overview)} (${holder})`],
    ["Lease", leaseWords(overview)],
    ...(replicas === null ? [] : [["deadlines", deadlineWords(overview)]]),
    ...(acknowledgedBy === null ? [] : [["acknowledged", acknowledgedWords(acknowledgedBy, unacknowledgedBy ?? [])]]),
  ];
}

function sinceWords({ time, lease }: Overview): string {
  if (lease === null || lease.acquireTime === null) return "";
  return ` since ${secondOf(lease.acquireTime)}, ${agoWords(lease.acquireTime, time)}`;
}

function leaseWords({ lease, time }: Overview): string {
  if (lease === null) return "not known";
  const { name, leaseTransitions, leaseDurationSeconds, renewTime } = lease;
  const renewed = renewTime === null ? "" : `, renewed ${agoWords(renewTime, time)}`;
  const duration = leaseDurationSeconds === null ? "" : `, ${leaseDurationSeconds} s`;
  return `${name}, transition ${leaseTransitions ?? "not known"}${duration}${renewed}`;
}

function deadlineWords({ deadlineInMs, kernelDeadlineInMs, fenceLevel }: Overview): string {
  if (deadlineInMs === null) return "none: nobody who answered holds the VIP";
  const kernel = kernelDeadlineInMs === null ? "silent" : `in ${secondsWords(kernelDeadlineInMs)}`;
  return `Lease in ${secondsWords(deadlineInMs)}, kernel ${kernel} (${fenceLevel ?? "fence not known"})`;
}

function acknowledgedWords(
  acknowledgedBy: NonNullable<Overview["acknowledgedBy"]>,
  unacknowledgedBy: NonNullable<Overview["unacknowledgedBy"]>,
): string {
  const who = acknowledgedBy.map(({ address, afterMs }) => `${address} (${afterMs.toFixed(1)} ms)`).join(", ");
  const notYet = unacknowledgedBy.length === 0 ? "" : `; not by ${unacknowledgedBy.join(", ")}`;
  return `by ${who === "" ? "nobody" : who}${notYet}`;
}

function replicaRow({ status, own, where, silent }: ReplicaView): Row {
  if (status === null) return [where, "-", "-", `no answer: ${silent}`];
  const { identity, role, ready, reason } = status;
  const name = `${podNameOf(identity)}${own ? " (here)" : ""}`;
  return [name, role, ready ? "yes" : "no", reason === role ? "" : reason];
}

function movesTable(moves: NonNullable<Overview["moves"]>): string {
  if (moves.length === 0) return "no move was seen\n";
  const rows = moves.slice(0, LINES_MAX).map((move) => {
    const from = move.from === null ? "-" : podNameOf(move.from);
    return [secondOf(move.time), from, podNameOf(move.to), unservedWords(move) ?? "not known", causeWords(move)];
  });
  return columns([["MOVED", "FROM", "TO", "NOT SERVED", "WHY"], ...rows]);
}

function eventsTable(events: readonly EventView[]): string {
  if (events.length === 0) return "no Event about the Lease: the API keeps them for an hour\n";
  const rows = events.slice(0, LINES_MAX).map(({ time, reason, count, instance, note }) => {
    return [secondOf(time), reason, String(count), instance, note];
  });
  return columns([["EVENT", "REASON", "TIMES", "BY", "WHAT"], ...rows]);
}

/** What is wrong with a replica. */
function complaints({ status }: ReplicaView): readonly Row[] {
  if (status === null) return [];
  const name = podNameOf(status.identity);
  return [
    ...status.troubles.map(({ time, where, message }) => [
      name,
      `trouble since ${secondOf(time)}`,
      `${where}: ${message}`,
    ]),
    ...status.problems.map(({ severity, code, field, message }) => [name, severity, `${code}: ${field}: ${message}`]),
  ];
}

/** Each column as wide as its widest cell; the last one is left as it is. */
function columns(rows: readonly Row[]): string {
  const cells = rows.map((row) => row.map((cell) => shorten(redact(cell)).replaceAll(/\s+/g, " ")));
  const widths = (cells[0] ?? []).map((_, index) => Math.max(...cells.map((row) => (row[index] ?? "").length)));
  const line = (row: Row) => row.map((cell, i) => cell.padEnd(i + 1 < row.length ? (widths[i] ?? 0) : 0)).join(GAP);
  return cells.map((row) => `${line(row).trimEnd()}\n`).join("");
}

/** Of MicroTime what a person reads; --json has it all. */
function secondOf(time: string): string {
  return time.replace(/\.\d+Z$/, "Z");
}

function secondsWords(ms: number): string {
  return `${(ms / 1000).toFixed(1)} s`;
}

/** By two clocks, if it is another machine's time: never before now. */
function agoWords(time: string, now: string): string {
  const ms = Math.max(0, Date.parse(now) - Date.parse(time));
  if (Number.isNaN(ms)) return "at no time that can be read";
  if (ms < 120_000) return `${Math.floor(ms / 1_000)} s ago`;
  if (ms < 7_200_000) return `${Math.floor(ms / 60_000)} min ago`;
  return ms < 172_800_000 ? `${Math.floor(ms / 3_600_000)} h ago` : `${Math.floor(ms / 86_400_000)} days ago`;
}
