/** Builds the sidecar of the faulty kind (faulty-sidecar.ts) and gives its processes their orders. */
import { mkdtempSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { bundle, copyNativeFiles, PROGRAM } from "../../../packages/sidecar/build.ts";
import type { Pod } from "../pod.ts";
import type { BedProcess } from "../process.ts";
import { waitFor } from "../wait.ts";
import { CONTROL_FOLDER, type FaultControl, type Phase } from "./fault-control.ts";

export class FaultyProgram {
  /** The bundled file. */
  readonly path: string;
  /** What its processes need in their environment. */
  readonly env: Readonly<Record<string, string>>;
  readonly #folder: string;
  #orders = 0;

  private constructor(folder: string) {
    this.#folder = folder;
    this.path = join(folder, PROGRAM);
    this.env = { [CONTROL_FOLDER]: folder };
  }

  /** Takes half a second; ends with the sandbox. */
  static async build(): Promise<FaultyProgram> {
    const folder = mkdtempSync(join(tmpdir(), "faulty-"));
    await bundle(join(import.meta.dirname, "faulty-sidecar.ts"), join(folder, PROGRAM));
    copyNativeFiles(folder);
    return new FaultyProgram(folder);
  }

  /** The pod's sidecar freezes at its next step of this kind. */
  freezeAt(pod: Pod, phase: Phase): void {
    this.#orders += 1;
    this.#change(pod, { freeze: { phase, order: this.#orders } });
  }

  /** A step that was not reached yet will not freeze it any more. */
  freezeNoMore(pod: Pod): void {
    this.#change(pod, { freeze: undefined });
  }

  /** From its next look the pod's sidecar has this wall clock; undefined: the machine's. */
  setClock(pod: Pod, clock: FaultControl["clock"] | undefined): void {
    this.#change(pod, { clock: clock ?? { offsetsMs: [] } });
  }

  #change(pod: Pod, change: { readonly [K in keyof FaultControl]: FaultControl[K] | undefined }): void {
    const file = join(this.#folder, `${pod.name}.json`);
    writeFileSync(`${file}.new`, JSON.stringify({ ...read(file), ...change }));
    renameSync(`${file}.new`, file);
  }
}

/** Resolves when the kernel says that the process is stopped. Equivalent to: ps -o state= -p PID, until T */
export function frozen(process: BedProcess, withinMs = 500): Promise<true> {
  return waitFor(`${process.name} is stopped`, () => (stateOf(process) === "T" ? true : undefined), {
    withinMs,
    everyMs: 1,
    diagnose: () => `its state is ${stateOf(process)}\n${process.tail()}`,
  });
}

/** One letter of /proc/PID/stat: R, S, T (stopped); undefined: gone. */
export function stateOf(process: BedProcess): string | undefined {
  try {
    const stat = readFileSync(`/proc/${process.pid}/stat`, "utf8");
    return stat.slice(stat.lastIndexOf(")") + 2)[0];
  } catch {
    // It has ended.
    return undefined;
  }
}

function read(file: string): FaultControl {
  try {
    return JSON.parse(readFileSync(file, "utf8")) as FaultControl;
  } catch {
    // The pod had no orders yet.
    return {};
  }
}
