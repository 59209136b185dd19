/** Runs the checks side by side, and waits for none of them longer than for the others. */
import type { Check } from "./check.ts";
import { type Finding, unknown, type Verdict } from "./finding.ts";

/**
 * In the order of the checks, whichever answers first. Never rejects.
 * @param late - settles when nobody is waited for any longer; a check that has not answered by then is "unknown".
 */
export async function examine<Looks>(
  checks: readonly Check<Looks>[],
  looks: Looks,
  late: Promise<unknown>,
): Promise<readonly Finding[]> {
  const overdue = late.then(() => [unknown("no answer in time: something that is asked here hangs")]);
  const examined = checks.map(async (check) => {
    const verdicts = await Promise.race([check.examine(looks).catch(failed), overdue]);
    return verdicts.map((verdict): Finding => ({ ...verdict, check: check.name }));
  });
  return (await Promise.all(examined)).flat();
}

function failed(error: unknown): readonly Verdict[] {
  return [unknown(`cannot be said: ${error instanceof Error ? error.message : String(error)}`)];
}
