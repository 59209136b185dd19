/** /status as a table that a person reads at a glance. Pure; what is in it is observe/status.ts's. */
import { redact } from "../observe/redact.ts";
import { shorten } from "../observe/shorten.ts";
import type { Status } from "../observe/status.ts";

type Row = readonly [name: string, ...lines: readonly string[]];

/** The newest ones; --json has them all. */
const MOVES_MAX = 5;
const NAME_WIDTH = 14;

export function formatStatus(status: Status): string {
  const rows: readonly Row[] = [
    ["replica", `${nameOf(status.identity)} (${status.identity})`],
    ["role", roleOf(status)],
    ["VIP", vipOf(status)],
    ["holder", holderOf(status)],
    ["Lease", leaseOf(status)],
    ["deadline", status.deadlineInMs === null ? "none, it does not hold" : `in ${seconds(status.deadlineInMs)}`],
    ["fence", status.vip.fenceLevel ?? "not known yet"],
    ["acknowledged", acknowledgedOf(status)],
    ["moves", ...movesOf(status)],
    ["troubles", ...status.troubles.map(({ time, where, message }) => `${time} ${where}: ${message}`)],
    [
      "problems",
      ...status.problems.map(({ severity, code, field, message }) => `${severity} ${code}: ${field}: ${message}`),
    ],
  ];
  return rows.flatMap(([name, ...lines]) => linesOf(name, lines.length === 0 ? ["none"] : lines)).join("");
}

/** The name stands before the first line only. */
function linesOf(name: string, lines: readonly string[]): readonly string[] {
  return lines.map((line, index) => {
    const clean = shorten(redact(line)).replaceAll(/\s+/g, " ");
    return `${(index === 0 ? name : "").padEnd(NAME_WIDTH)}${clean}\n`;
  });
}

function roleOf({ role, ready, reason }: Status): string {
  const readiness = ready ? "ready" : "not ready";
  return reason === role ? `${role}, ${readiness}` : `${role}, ${readiness}: ${reason}`;
}

function vipOf({ vip: { address, interfaceName, state, linkUp } }: Status): string {
  if (address === null) return "not known";
  return `${address} on ${interfaceName ?? "no interface"} (${linkUp ? "up" : "not up"}), ${state} here`;
}

function holderOf({ lease: { holderIdentity, leaseTransitions }, identity, moves }: Status): string {
  if (holderIdentity === null) return "nobody";
  const who = holderIdentity === identity ? "this replica" : nameOf(holderIdentity);
  // Seen here; what was before this process is not known.
  const change = moves.find(({ what }) => what === "holder-changed" || what === "took");
  const since = change === undefined ? "" : `, since ${change.time}`;
  return `${who}${since}, transition ${leaseTransitions ?? "not known"}`;
}

function leaseOf({ lease: { name, ageMs } }: Status): string {
  return `${name ?? "not known"}${ageMs === null ? "" : `, this version seen for ${seconds(ageMs)}`}`;
}

function acknowledgedOf({ acknowledgedBy }: Status): string {
  if (acknowledgedBy.length === 0) return "by nobody";
  return `by ${acknowledgedBy.map(({ address, afterMs }) => `${address} (${afterMs.toFixed(1)} ms)`).join(", ")}`;
}

function movesOf({ moves, movesInWindow }: Status): readonly string[] {
  const list = moves.slice(0, MOVES_MAX).map(({ time, what, detail }) => `${time} ${what}: ${detail}`);
  return movesInWindow === 0 ? list : [`${movesInWindow} voluntary in the window that limits them`, ...list];
}

/** identity is podName_podUID_bootNonce. */
function nameOf(identity: string): string {
  return identity.split("_", 1)[0] ?? identity;
}

function seconds(ms: number): string {
  return `${(ms / 1000).toFixed(1)} s`;
}
