/** `doctor`: looks around in the pod, says what it found, ends with a status. What it looks at is in doctor/. */
import { composeFindings } from "../doctor/compose.ts";
import { exitStatus } from "../doctor/finding.ts";
import { formatJson, formatText } from "../doctor/report.ts";

/** As commander gives them: settings by their names, as texts. */
export interface DoctorArguments {
  readonly json?: true;
}

/** Ends the process itself: a name server that hangs would keep it for longer than anybody waits. */
export async function runDoctor({ json, ...flags }: DoctorArguments): Promise<never> {
  try {
    const findings = await composeFindings(flags);
    return await end(exitStatus(findings), process.stdout, json ? formatJson(findings) : formatText(findings));
  } catch (error) {
    return end(2, process.stderr, `cannot look: ${error instanceof Error ? error.message : String(error)}\n`);
  }
}

async function end(status: 0 | 1 | 2, stream: NodeJS.WriteStream, text: string): Promise<never> {
  await new Promise<void>((resolve) => stream.write(text, () => resolve()));
  process.exit(status);
}
