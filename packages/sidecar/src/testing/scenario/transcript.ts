/**
 * Scenarios as text: prose, commands (lines that begin with "> ") and what came of them (lines that begin with two
 * spaces). `play` runs a text and answers it with its output recorded anew; a test compares the two. After etcd raft's
 * interaction tests (rafttest/interaction_env.go).
 */
import type { ElectionSettings } from "../../election/election.ts";
import { MEMORY_LEASE_KEY } from "../memory-lease-lock.ts";
import { Stage } from "./stage.ts";

type Verb = (stage: Stage, words: readonly string[]) => void;

/** The text with the output of its commands as it is today. */
export function play(text: string): string {
  const played: string[] = [];
  let stage: Stage | undefined;
  for (const [index, line] of text.split("\n").entries()) {
    if (line.startsWith("  ")) continue;
    played.push(line);
    if (!line.startsWith("> ")) continue;
    try {
      stage = perform(stage, line.slice(2).split(" "));
    } catch (error) {
      throw new Error(`line ${index + 1}: ${line}: ${error instanceof Error ? error.message : String(error)}`);
    }
    played.push(...stage.takeLines().map((said) => `  ${said}`));
  }
  return played.join("\n");
}

function perform(stage: Stage | undefined, [verb = "", ...words]: readonly string[]): Stage {
  if (verb === "replicas") return newStage(words);
  if (stage === undefined) throw new Error('a scenario begins with "> replicas ..."');
  const act = VERBS[verb];
  if (act === undefined)
    throw new Error(`unknown command; there are ${["replicas", ...Object.keys(VERBS)].join(", ")}`);
  act(stage, words);
  return stage;
}

/** `replicas a b c=1.02 lease=15s retry=2s`: names (with the rate of their clock), then settings. */
function newStage(words: readonly string[]): Stage {
  const settings: Record<string, number> = {};
  const cast = [];
  for (const word of words) {
    const [name = "", value] = word.split("=");
    const setting = SETTINGS[name];
    if (setting !== undefined) settings[setting] = milliseconds(value);
    else cast.push({ name, clockRate: Number(value ?? 1) });
  }
  return new Stage(cast, settings);
}

const SETTINGS: Readonly<Record<string, keyof ElectionSettings>> = {
  lease: "leaseDurationMs",
  renew: "renewDeadlineMs",
  retry: "retryPeriodMs",
};

/** A command's first word; the rest are its words. */
const VERBS: Readonly<Record<string, Verb>> = {
  start: (stage, names) => {
    for (const name of names) stage.replica(name).start(false);
  },
  /** A first boot, of which only the end is told: first-boot.txt plays it in full. */
  boot: (stage, names) => {
    for (const name of names) stage.replica(name).start(false);
    stage.run(20_000);
    stage.takeLines();
    sayWho(stage);
  },
  run: (stage, [duration]) => stage.run(milliseconds(duration)),
  stop: (stage, [name]) => stage.replica(name).deliver({ t: "stop" }),
  kill: (stage, [name]) => stage.replica(name).kill(false),
  "power-off": (stage, [name]) => stage.replica(name).kill(true),
  /** The process again, in the same pod. */
  restart: (stage, [name]) => stage.replica(name).start(true),
  freeze: (stage, [name, duration]) => stage.replica(name).freeze(milliseconds(duration)),
  cut: (stage, [name]) => {
    stage.replica(name).api.reach = "cut";
  },
  hang: (stage, [name]) => {
    stage.replica(name).api.reach = "hung";
  },
  heal: (stage, [name]) => {
    stage.replica(name).api.reach = "open";
  },
  "lose-answer": (stage, [name]) => {
    stage.replica(name).api.writeAnswersToLose = 1;
  },
  /** `transfer a` to anybody, `transfer a b` to b. */
  transfer: (stage, [from, to]) => {
    const giver = stage.replica(from);
    const identity = to === undefined ? undefined : stage.replica(to).identity;
    giver.deliver({ t: "transfer", to: identity, readyPeers: stage.readyPeers(giver) });
  },
  /** An operator with kubectl: delete, empty, rename NAME, shorten SECONDS, edit, keep (a copy), put-back. */
  operator: (stage, [what, value]) => operate(stage, what, value),
  "compact-history": (stage) => stage.store.compact(stage.store.revision),
  who: (stage) => sayWho(stage),
};

function sayWho(stage: Stage): void {
  const names = stage.answering().map((replica) => replica.name);
  stage.say(names.length === 0 ? "nobody answers for the VIP" : `${names.join(" and ")} answers for the VIP`);
}

function operate(stage: Stage, what: string | undefined, value: string | undefined): void {
  switch (what) {
    case "delete":
      stage.store.delete(MEMORY_LEASE_KEY);
      return;
    case "empty":
      stage.store.patch(MEMORY_LEASE_KEY, { holderIdentity: "" });
      return;
    case "rename":
      stage.store.patch(MEMORY_LEASE_KEY, { holderIdentity: value ?? "somebody-else" });
      return;
    case "shorten":
      stage.store.patch(MEMORY_LEASE_KEY, { leaseDurationSeconds: Number(value) });
      return;
    case "edit":
      stage.store.patch(MEMORY_LEASE_KEY, { renewTime: "edited" });
      return;
    case "keep":
      return stage.keepCopy();
    case "put-back":
      return stage.putBack();
    default:
      throw new Error(`an operator cannot ${what}`);
  }
}

/** "15s", "300ms" */
function milliseconds(text: string | undefined): number {
  const [, amount, unit] = /^([0-9.]+)(s|ms)$/.exec(text ?? "") ?? [];
  if (amount === undefined) throw new Error(`${JSON.stringify(text)} is no duration: write 15s or 300ms`);
  return Number(amount) * (unit === "s" ? 1000 : 1);
}
