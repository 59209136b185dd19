/** The launcher of without-nf-tables.c, compiled once a sandbox: a host without nf_tables, for one program. */
import { existsSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { run } from "./command.ts";

/** What goes in front of a command line. Needs the C compiler that the project is installed with ($CC, cc). */
export async function withoutNfTables(): Promise<readonly string[]> {
  const program = join(tmpdir(), "without-nf-tables");
  if (!existsSync(program)) {
    const source = join(import.meta.dirname, "without-nf-tables.c");
    const compiler = (process.env["CC"] ?? "cc").split(" ");
    await run([...compiler, "-Wall", "-Wextra", "-Werror", "-O1", "-o", program, source]);
  }
  return [program];
}
