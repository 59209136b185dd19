/** Runs one short command to its end with a bound on its time. Long-lived processes are process.ts's. */
import { execFile } from "node:child_process";
import { BedError } from "./bed-error.ts";

export interface CommandOptions {
  /** Default 15,000. The command is killed afterwards and the call fails. */
  readonly timeoutMs?: number;
  readonly input?: string;
  readonly env?: NodeJS.ProcessEnv;
  readonly cwd?: string;
}

export interface CommandResult {
  /** undefined: killed, by a signal or by our bound. */
  readonly status: number | undefined;
  readonly stdout: string;
  readonly stderr: string;
}

const DEFAULT_TIMEOUT_MS = 15_000;
const OUTPUT_LIMIT_BYTES = 64 * 1024 * 1024;

/** Resolves with status and output whatever the status is; rejects with BED_COMMAND_FAILED if it cannot be started. */
export function attempt(argv: readonly string[], options: CommandOptions = {}): Promise<CommandResult> {
  const [file = "", ...args] = argv;
  return new Promise((resolve, reject) => {
    const child = execFile(
      file,
      args,
      {
        timeout: options.timeoutMs ?? DEFAULT_TIMEOUT_MS,
        killSignal: "SIGKILL",
        maxBuffer: OUTPUT_LIMIT_BYTES,
        encoding: "utf8",
        ...(options.env === undefined ? {} : { env: options.env }),
        ...(options.cwd === undefined ? {} : { cwd: options.cwd }),
      },
      (error, stdout, stderr) => {
        if (error !== null && typeof error.code === "string" && error.syscall !== undefined) {
          reject(new BedError("BED_COMMAND_FAILED", `cannot start "${argv.join(" ")}"`, { cause: error }));
          return;
        }
        const status = error === null ? 0 : typeof error.code === "number" ? error.code : undefined;
        resolve({ status, stdout, stderr });
      },
    );
    // A command that ends without reading its input is judged by its status.
    child.stdin?.on("error", () => undefined);
    child.stdin?.end(options.input ?? "");
  });
}

/** Resolves with standard output; rejects with BED_COMMAND_FAILED (command, status, its words) unless the status is 0. */
export async function run(argv: readonly string[], options: CommandOptions = {}): Promise<string> {
  const result = await attempt(argv, options);
  if (result.status === 0) return result.stdout;
  const input = options.input === undefined ? "" : ` with input:\n${options.input}`;
  const outcome = result.status === undefined ? "was killed" : `ended with status ${result.status}`;
  throw new BedError("BED_COMMAND_FAILED", `"${argv.join(" ")}" ${outcome}: ${result.stderr || result.stdout}${input}`);
}
