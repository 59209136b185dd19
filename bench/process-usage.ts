/** What one process uses, as the kernel counts it in /proc. Needs no permission over other users' processes. */
import { readFileSync } from "node:fs";

export interface ProcessUsage {
  readonly rssBytes: number;
  /**
   * RSS less clean file pages, which the kernel can drop at any time: what the kubelet calls the working set, without
   * the kernel's own memory for the process (about 1 MB).
   */
  readonly workingSetBytes: number;
  /** User and system time since the process began, all threads; in steps of 10 ms. */
  readonly cpuMs: number;
}

/** USER_HZ is 100 on every architecture that Node runs on. */
const TICK_MS = 10;
/** Fields of /proc/PID/stat after the parenthesised name (proc_pid_stat(5)): utime and stime are the 14th and 15th of all. */
const UTIME = 11;
const STIME = 12;

export function usageOf(pid: number): ProcessUsage {
  const rollup = readFileSync(`/proc/${pid}/smaps_rollup`, "utf8");
  const bytes = (name: string): number => kibibytes(rollup, name) * 1024;
  const rssBytes = kibibytes(readFileSync(`/proc/${pid}/status`, "utf8"), "VmRSS") * 1024;
  // Anonymous pages are dirty from the first write; without swap, clean ones are a file's.
  const workingSetBytes = bytes("Rss") - bytes("Shared_Clean") - bytes("Private_Clean");
  return { rssBytes, workingSetBytes, cpuMs: cpuMs(pid) };
}

function cpuMs(pid: number): number {
  const stat = readFileSync(`/proc/${pid}/stat`, "utf8");
  const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
  return (Number(fields[UTIME]) + Number(fields[STIME])) * TICK_MS;
}

function kibibytes(text: string, name: string): number {
  const found = new RegExp(`^${name}:\\s+(\\d+) kB$`, "m").exec(text)?.[1];
  if (found === undefined) throw new TypeError(`the kernel does not tell ${name}`);
  return Number(found);
}
