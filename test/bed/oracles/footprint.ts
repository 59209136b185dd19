/**
 * What a replica has in its pod, in words that are the same for every pod: of the kernel's network and of processes.
 * A standby's footprint after a fault must be a standby's before it: what differs is residue.
 */
import { readFileSync } from "node:fs";
import { attempt } from "../command.ts";
import type { Pod } from "../pod.ts";
import { PAGE } from "../segment.ts";

export type Footprint = readonly string[];

const COMMANDS: readonly (readonly string[])[] = [
  ["ip", "-oneline", "addr", "show", "to", PAGE.vip],
  ["ip", "rule", "show"],
  ["ip", "-6", "rule", "show"],
  ["ip", "route", "show", "table", "all"],
  ["nft", "list", "tables"],
];

/** Made of each link's MAC address by the kernel itself. */
const LINK_LOCAL = "fe80::";

export async function footprintOf(pod: Pod): Promise<Footprint> {
  const [outputs, processes] = await Promise.all([
    Promise.all(COMMANDS.map((command) => pod.namespace.exec(command))),
    processesOf(pod),
  ]);
  const lines = outputs
    .flatMap((output) => output.split("\n"))
    .filter((line) => line !== "" && !line.includes(LINK_LOCAL));
  return [...lines.map((line) => withoutOwnNumbers(line, pod)), ...processes];
}

/** "-" and "+" lines of one pod against a standby's; the VIP's own lines are expected on the holder and only there. */
export function residueOf(pod: Pod, standby: Footprint, now: Footprint, isHolder: boolean): readonly string[] {
  const expected = (line: string) => isHolder && line.includes(PAGE.vip) && !line.includes("lookup");
  const gone = without(standby, now).map((line) => `- ${line}`);
  const left = without(now, standby).filter((line) => !expected(line));
  return [...gone, ...left.map((line) => `+ ${line}`)].map((line) => `${pod.name}: ${line}`);
}

function withoutOwnNumbers(line: string, pod: Pod): string {
  return line
    .replaceAll(pod.address, "POD")
    .replace(/^\d+: /, "")
    .replaceAll(/\d+sec/g, "SECONDS")
    .trim();
}

/** Their names, sorted; the observers' own are left out. */
async function processesOf(pod: Pod): Promise<readonly string[]> {
  const { stdout } = await attempt(["ip", "netns", "pids", pod.namespace.name]);
  const names = stdout.split("\n").filter(Boolean).map(nameOf);
  return names
    .filter((name) => name !== undefined && !OBSERVERS.includes(name))
    .sort()
    .map((name) => `process ${name}`);
}

const OBSERVERS: readonly string[] = ["ip", "nft", "tcpdump"];

function nameOf(pid: string): string | undefined {
  try {
    return readFileSync(`/proc/${pid}/comm`, "utf8").trim();
  } catch {
    // It ended between the list and the look.
    return undefined;
  }
}

/** Lines of `from` that `other` has not, counted: a rule twice is not a rule once. */
function without(from: Footprint, other: Footprint): Footprint {
  const left = new Map<string, number>();
  for (const line of other) left.set(line, (left.get(line) ?? 0) + 1);
  return from.filter((line) => {
    const count = left.get(line) ?? 0;
    left.set(line, count - 1);
    return count <= 0;
  });
}
