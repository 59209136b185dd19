/** A long-lived process of the bed: its log on the sandbox's tmpfs, its end awaited, its signals by pid. */
import { type ChildProcess, spawn } from "node:child_process";
import { closeSync, mkdtempSync, openSync, readFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { BedError } from "./bed-error.ts";

export interface ProcessOptions {
  /** For log file and errors. */
  readonly name: string;
  readonly env?: NodeJS.ProcessEnv;
  readonly cwd?: string;
  /** Standard output goes here line by line, as it comes, instead of into the log. */
  readonly onLine?: (line: string) => void;
}

export interface Exit {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
}

/** Made for the first process: who only imports this leaves no folder behind. */
let logs: string | undefined;
let started = 0;

export class BedProcess {
  readonly name: string;
  readonly logPath: string;
  readonly exited: Promise<Exit>;
  exit: Exit | undefined;
  readonly #child: ChildProcess;

  private constructor(name: string, logPath: string, child: ChildProcess) {
    this.name = name;
    this.logPath = logPath;
    this.#child = child;
    this.exited = new Promise((resolve) => {
      const ended = (exit: Exit): void => {
        this.exit ??= exit;
        resolve(this.exit);
      };
      // "close" comes after the last line, "exit" may come before it.
      child.once("close", (code, signal) => ended({ code, signal }));
      child.once("error", () => ended({ code: 127, signal: null }));
    });
  }

  /** Starts `argv`; standard output (without `onLine`) and error go to one log file. */
  static start(argv: readonly string[], options: ProcessOptions): BedProcess {
    const [file = "", ...args] = argv;
    started += 1;
    logs ??= mkdtempSync(join(tmpdir(), "logs-"));
    const logPath = join(logs, `${String(started).padStart(3, "0")}-${options.name.replaceAll("/", "-")}`);
    const log = openSync(logPath, "a");
    const child = spawn(file, args, {
      stdio: ["ignore", options.onLine === undefined ? log : "pipe", log],
      env: options.env ?? process.env,
      ...(options.cwd === undefined ? {} : { cwd: options.cwd }),
    });
    closeSync(log);
    if (options.onLine !== undefined && child.stdout !== null) {
      createInterface({ input: child.stdout }).on("line", options.onLine);
    }
    return new BedProcess(options.name, logPath, child);
  }

  get pid(): number {
    if (this.#child.pid === undefined) throw new BedError("BED_COMMAND_FAILED", `${this.name} did not start`);
    return this.#child.pid;
  }

  get running(): boolean {
    return this.exit === undefined;
  }

  /** Sends `signal` if the process still runs. SIGSTOP and SIGCONT freeze and thaw it. */
  signal(signal: NodeJS.Signals): void {
    if (this.running) this.#child.kill(signal);
  }

  /** Ends it with `signal`, and with SIGKILL after `graceMs`; resolves when it is gone. */
  async stop(signal: NodeJS.Signals = "SIGTERM", graceMs = 5_000): Promise<Exit> {
    this.signal(signal);
    const killer = setTimeout(() => this.signal("SIGKILL"), graceMs);
    const exit = await this.exited;
    clearTimeout(killer);
    return exit;
  }

  log(): string {
    return readFileSync(this.logPath, "utf8");
  }

  /** The end of its log under a headline, for an error's text. */
  tail(lines = 20): string {
    const end = this.exit === undefined ? "running" : `ended with ${this.exit.signal ?? `status ${this.exit.code}`}`;
    return [`--- ${this.name} (${end}), last ${lines} lines:`, ...this.log().trimEnd().split("\n").slice(-lines)].join(
      "\n",
    );
  }

  /** SIGKILL and wait: for a teardown, where an orderly end costs seconds and shows nothing. */
  async close(): Promise<void> {
    await this.stop("SIGKILL");
  }
}
