/**
 * Stands for the kubelet, as a process of its own: `node kubelet.ts OPTIONS`. Sees over a watch that a Pod is being
 * deleted and signals all processes of that pod `delayMs` later; tells both moments. Creates and removes nothing.
 */
import { readFileSync } from "node:fs";
import { request } from "node:https";
import { monotonicMs } from "./wait.ts";

export interface KubeletOptions {
  /** Of the host cluster. */
  readonly server: string;
  readonly folder: string;
  readonly namespace: string;
  readonly podName: string;
  /** From the deletionTimestamp, as it arrives here, to the signals. */
  readonly delayMs: number;
  /** SIGTERM; what of the pod ends with its container's first process is killed with it. */
  readonly terminated: readonly number[];
  /** SIGKILL, `killedAfterMs` after that: vCluster's children. */
  readonly killed: readonly number[];
  readonly killedAfterMs: number;
}

/** What it tells, monotonic ms. */
export interface KubeletTold {
  readonly t: "watching" | "deleted" | "signalled";
  readonly atMs: number;
}

const options = JSON.parse(process.argv[2] ?? "{}") as KubeletOptions;
const read = (name: string): string => readFileSync(`${options.folder}/${name}`, "utf8");
const { server, namespace, podName } = options;
const url = `${server}/api/v1/namespaces/${namespace}/pods?watch=true&fieldSelector=metadata.name%3D${podName}`;
const headers = { authorization: `Bearer ${read("token")}` };
let buffered = "";
let isDeleted = false;

request(url, { ca: read("ca.crt"), headers }, (response) => {
  tell("watching");
  response.setEncoding("utf8").on("data", (chunk: string) => {
    const lines = (buffered + chunk).split("\n");
    buffered = lines.pop() ?? "";
    for (const line of lines) take(line);
  });
}).end();

function take(line: string): void {
  const { object } = JSON.parse(line) as { object: { metadata?: { deletionTimestamp?: string } } };
  if (object.metadata?.deletionTimestamp === undefined || isDeleted) return;
  isDeleted = true;
  tell("deleted");
  setTimeout(terminate, options.delayMs);
}

function terminate(): void {
  for (const pid of options.terminated) process.kill(pid, "SIGTERM");
  tell("signalled");
  setTimeout(() => {
    for (const pid of options.killed) process.kill(pid, "SIGKILL");
    process.exit(0);
  }, options.killedAfterMs);
}

function tell(t: KubeletTold["t"]): void {
  const told: KubeletTold = { t, atMs: monotonicMs() };
  process.stdout.write(`${JSON.stringify(told)}\n`);
}
