/** `pnpm bench`'s options, read strictly. No I/O. */
import { parseArgs } from "node:util";
import { EVENT_IDS, type EventId, TOOL_IDS, type ToolId } from "./field/outcome.ts";

const PARTS = ["field", "cost", "growth"] as const;
type Part = (typeof PARTS)[number];

export interface Arguments {
  readonly parts: readonly Part[];
  readonly runs: number;
  readonly tools: readonly ToolId[];
  readonly events: readonly EventId[];
  readonly withIdle: boolean;
  readonly minutes: number | undefined;
  readonly json: string | undefined;
  readonly write: boolean;
}

export const HELP = `usage: pnpm bench [--field] [--cost] [--growth] [--runs N] [--tools A,B] [--events X,Y] [--no-idle]
                  [--minutes M] [--json FILE] [--write]

  --field       side by side with others: who loses how much in which event (hours; see --minutes)
  --cost        what the program costs by itself: start, memory, CPU, requests, takeover (2 minutes)
  --growth      1, 10 and 50 virtual clusters on this machine (12 minutes on two cores)
                without any of the three: --field and --cost
  --runs N      of each event with each tool (default 12)
  --tools T     ${TOOL_IDS.join(", ")}
                (kube-vip's program is named by KUBE_VIP; keepalived is found on PATH)
  --events E    ${EVENT_IDS.join(", ")}
  --no-idle     leaves out each tool's memory, CPU, requests and packets (a minute each)
  --minutes M   begins no run after M minutes; with --json the same command goes on where it was
  --json FILE   everything measured, a line each; what is there is not measured again
  --write       docs/benchmarks.md and its plots, from what is in FILE
`;

const FLAG = { type: "boolean" } as const;
const TEXT = { type: "string" } as const;

/** @throws TypeError, RangeError that name the option. */
export function readArguments(argv: readonly string[]): Arguments | "help" {
  const { values } = parseArgs({
    args: argv.filter((argument) => argument !== "--"),
    options: {
      field: FLAG,
      cost: FLAG,
      growth: FLAG,
      "no-idle": FLAG,
      write: FLAG,
      help: FLAG,
      runs: TEXT,
      tools: TEXT,
      events: TEXT,
      minutes: TEXT,
      json: TEXT,
    },
  });
  if (values.help === true) return "help";
  const named = PARTS.filter((part) => values[part] === true);
  return {
    parts: named.length > 0 ? named : ["field", "cost"],
    runs: whole("runs", values.runs ?? "12"),
    tools: some("tools", TOOL_IDS, values.tools),
    events: some("events", EVENT_IDS, values.events),
    withIdle: values["no-idle"] !== true,
    minutes: values.minutes === undefined ? undefined : whole("minutes", values.minutes),
    json: values.json,
    write: values.write === true,
  };
}

/** In their own order, whatever the order of the words. */
function some<T extends string>(name: string, all: readonly T[], text: string | undefined): readonly T[] {
  if (text === undefined) return all;
  const words = text.split(",");
  const unknown = words.find((word) => !all.some((one) => one === word));
  if (unknown !== undefined) throw new RangeError(`--${name}: ${JSON.stringify(unknown)} is none of ${all.join(", ")}`);
  return all.filter((one) => words.includes(one));
}

function whole(name: string, value: string): number {
  if (/^(0|[1-9][0-9]{0,3})$/.test(value)) return Number(value);
  throw new RangeError(`--${name} must be a whole number up to 9999, got ${JSON.stringify(value)}`);
}
