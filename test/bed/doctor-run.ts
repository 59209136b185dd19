/** `doctor` as an operator runs it in a pod (kubectl exec): the shipped file, with the container's capabilities. */
import { V8_FLAGS } from "../../packages/sidecar/build.ts";
import { BedError } from "./bed-error.ts";
import { SIDECAR_CAPABILITIES } from "./namespace.ts";
import type { Pod } from "./pod.ts";
import { environment, type SidecarOptions, shippedProgram } from "./sidecar-process.ts";
import { monotonicMs } from "./wait.ts";

export interface DoctorOptions extends SidecarOptions {
  readonly capabilities?: readonly string[];
  /** In front of the command line: without-nf-tables.ts. */
  readonly launcher?: readonly string[];
  /** To node itself. */
  readonly nodeFlags?: readonly string[];
}

/** As --json prints it; by check, since a test looks at one of them. */
interface DoctorFinding {
  readonly check: string;
  readonly severity: "ok" | "warning" | "error" | "unknown";
  readonly code: string | null;
  readonly message: string;
  readonly cure: string | null;
}

export interface DoctorRun {
  readonly status: number;
  readonly findings: readonly DoctorFinding[];
  readonly tookMs: number;
}

/** Ends by itself; killed after 20 s, which is none of its statuses. */
export async function runDoctor(pod: Pod, options: DoctorOptions): Promise<DoctorRun> {
  const { launcher = [], nodeFlags = [], flags = [], capabilities = SIDECAR_CAPABILITIES } = options;
  const node = [process.execPath, ...V8_FLAGS, ...nodeFlags, options.program ?? shippedProgram()];
  const lines: string[] = [];
  const startedMs = monotonicMs();
  const doctor = pod.namespace.spawn([...launcher, ...node, "doctor", "--json", ...flags], {
    name: `${pod.name}-doctor`,
    capabilities,
    env: environment(pod, options),
    onLine: (line) => lines.push(line),
  });
  const killer = setTimeout(() => doctor.signal("SIGKILL"), 20_000);
  const { code } = await doctor.exited;
  clearTimeout(killer);
  const tookMs = monotonicMs() - startedMs;
  if (code === null || lines.length === 0) throw new BedError("BED_COMMAND_FAILED", `no report: ${doctor.tail()}`);
  const { findings } = JSON.parse(lines.join("\n")) as { readonly findings: readonly DoctorFinding[] };
  return { status: code, findings, tookMs };
}

/** What one check says: "code or severity", each once, in order. */
export function said({ findings }: DoctorRun, check: string): readonly string[] {
  return [...new Set(findings.filter((one) => one.check === check).map(({ code, severity }) => code ?? severity))];
}

/** Its sentences on it. */
export function messages({ findings }: DoctorRun, check: string): string {
  return findings
    .filter((one) => one.check === check)
    .map(({ message }) => message)
    .join("\n");
}
