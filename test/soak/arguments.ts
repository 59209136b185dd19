/** `pnpm soak`'s options, read strictly. */
import { parseArgs } from "node:util";
import { isTimersName, type TimersName } from "./timers.ts";

export interface Arguments {
  readonly seed: number;
  readonly timers: TimersName;
  /** Indices of draws. */
  readonly first: number;
  readonly count: number;
  readonly lanes: number;
  readonly json: string | undefined;
  readonly markdown: string | undefined;
}

export const HELP = `usage: pnpm soak --faults N --seed S [--lanes K] [--timers 5/3/1|15/10/2] [--json FILE] [--markdown FILE]
       pnpm soak --seed S --only INDEX [--timers …]

  --faults N       how many faults, drawn from the whole catalogue (default 50)
  --seed S         which faults, when, for how long (default 1)
  --lanes K        beds beside each other; about 2 GB and half a core each (default 1)
  --timers T       lease duration / renew deadline / retry period in s (default 5/3/1)
  --json FILE      every outcome as a line; if it is there, the run goes on where it was
  --markdown FILE  replaces the part of this page that is marked for these timers
  --only INDEX     the draw of that number and no other

The exit status is 1 after a violation, 2 after trouble with a bed.
`;

/** @throws TypeError, RangeError that name the option. */
export function readArguments(argv: readonly string[]): Arguments | "help" {
  const text = { type: "string" } as const;
  const { values } = parseArgs({
    args: argv.filter((argument) => argument !== "--"),
    options: {
      faults: text,
      seed: text,
      lanes: text,
      timers: text,
      json: text,
      markdown: text,
      only: text,
      help: { type: "boolean" },
    },
  });
  if (values.help === true) return "help";
  const timers = values.timers ?? "5/3/1";
  if (!isTimersName(timers)) throw new RangeError(`--timers must be 5/3/1 or 15/10/2, got ${JSON.stringify(timers)}`);
  return {
    seed: whole("seed", values.seed ?? "1"),
    timers,
    first: whole("only", values.only ?? "0"),
    count: values.only === undefined ? whole("faults", values.faults ?? "50") : 1,
    lanes: values.only === undefined ? Math.max(1, whole("lanes", values.lanes ?? "1")) : 1,
    json: values.json,
    markdown: values.markdown,
  };
}

function whole(name: string, value: string): number {
  if (/^(0|[1-9][0-9]{0,6})$/.test(value)) return Number(value);
  throw new RangeError(`--${name} must be a whole number up to 9999999, got ${JSON.stringify(value)}`);
}
