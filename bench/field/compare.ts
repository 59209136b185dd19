/** Runs the cells that are asked for and not yet in the file: tool by tool on one bed, event by event. */
import { monotonicMs } from "../../test/bed/wait.ts";
import type { ResultsFile } from "../results-file.ts";
import { EVENTS } from "./events.ts";
import { FieldBed } from "./field-bed.ts";
import { measureIdle, requestsWithoutTool } from "./idle.ts";
import type { EventId, Run, ToolId } from "./outcome.ts";
import { runEvent } from "./run-event.ts";
import type { Tool } from "./tool.ts";
import { TOOLS } from "./tools/index.ts";

export interface Comparison {
  readonly tools: readonly ToolId[];
  readonly events: readonly EventId[];
  readonly runs: number;
  readonly withIdle: boolean;
  /** No run is begun after this moment, CLOCK_MONOTONIC in ms. */
  readonly untilMs: number;
  readonly say: (line: string) => void;
}

/** A bed that does not settle is cleaned and tried again that often, then the tool is left. */
const TROUBLES_MAX = 2;

/** True if everything that was asked for is in the file. */
export async function compare(results: ResultsFile, comparison: Comparison): Promise<boolean> {
  const undone = comparison.tools.filter((tool) => nextOf(results, comparison, tool) !== undefined);
  if (undone.length === 0) return true;
  comparison.say("three pods with an API server and an etcd member each");
  const bed = await FieldBed.start();
  const isIdleAsked = undone.some((tool) => nextOf(results, comparison, tool) === "idle");
  const withoutTool = isIdleAsked ? await requestsWithoutTool(bed) : 0;
  await bed.watch();
  for (const id of undone) {
    if (isLate(comparison)) break;
    await compareTool(bed, results, comparison, TOOLS[id], withoutTool);
  }
  await bed.close();
  return comparison.tools.every((tool) => nextOf(results, comparison, tool) === undefined);
}

/** What the floor was not asked is not missing. */
function eventsOf(tool: ToolId, events: readonly EventId[]): readonly EventId[] {
  return tool === "floor" ? events.filter((event) => event === "planned") : events;
}

async function compareTool(
  bed: FieldBed,
  results: ResultsFile,
  comparison: Comparison,
  tool: Tool,
  withoutTool: number,
): Promise<void> {
  comparison.say(`${tool.name} starts`);
  await bed.enter(tool);
  let troubles = 0;
  while (troubles < TROUBLES_MAX && !isLate(comparison)) {
    const next = nextOf(results, comparison, tool.id);
    if (next === undefined) break;
    const what = `${tool.name}, ${next === "idle" ? "at rest" : EVENTS[next].name}`;
    try {
      const line =
        next === "idle" ? await measureIdle(bed, tool, withoutTool) : await runEvent(bed, tool, EVENTS[next]);
      results.add(line);
      comparison.say(`${what}: ${line.t === "run" ? summary(line) : `${line.seconds.toFixed(0)} s watched`}`);
    } catch (error) {
      troubles += 1;
      comparison.say(`${what}: not measured: ${String(error)}`);
      await bed.leave();
      await bed.enter(tool);
    }
  }
  await bed.leave();
}

/** The first thing asked for that is not in the file. */
function nextOf(results: ResultsFile, comparison: Comparison, tool: ToolId): EventId | "idle" | undefined {
  const { events, runs, withIdle } = comparison;
  // The floor is no program.
  if (withIdle && tool !== "floor" && !results.hasIdle(tool)) return "idle";
  return eventsOf(tool, events).find((event) => results.runsOf(tool, event) < runs);
}

function isLate({ untilMs }: Comparison): boolean {
  return monotonicMs() > untilMs;
}

function summary({ lost, tried, outageMs, twoMs, healed, watchedMs }: Run): string {
  const end = healed ? "" : `; not healed within ${(watchedMs / 1000).toFixed(0)} s`;
  return `${lost} of ${tried} lost, outage ${outageMs.toFixed(0)} ms, two for ${twoMs.toFixed(0)} ms${end}`;
}
