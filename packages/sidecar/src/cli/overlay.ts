/** `overlay`: files in, one values file out, exit status. What is in it is overlay/'s matter. */
import { formatProblem } from "../config/problem.ts";
import { type OverlayFlags, readOptions } from "../overlay/options.ts";
import { makeOverlay } from "../overlay/overlay.ts";
import { refuse, say } from "./sentences.ts";
import { readValuesFiles } from "./values-files.ts";

/** As commander gives them. */
export interface OverlayArguments extends OverlayFlags {
  readonly values: readonly string[];
}

/** The exit status: 0 printed, 2 a file or a flag that cannot be used; nothing is printed then. */
export async function runOverlay({ values, ...flags }: OverlayArguments): Promise<0 | 2> {
  const reading = readOptions(flags);
  if (reading.t === "invalid") return refuse(reading.sentences);
  const input = await readValuesFiles(values);
  if (input.t === "refused") return refuse([input.sentence]);
  const overlay = makeOverlay(input.files, reading.options);
  const problems = overlay.problems.map(formatProblem);
  if (overlay.t === "refused") return refuse(problems);
  say(problems);
  process.stdout.write(overlay.text);
  return 0;
}
