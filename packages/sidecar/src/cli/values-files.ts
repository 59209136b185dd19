/** Reads the values files of a command line; "-" is standard input. Judges nothing in them. */
import { readStandardInput, readTextFile } from "../adapters/text-file.ts";
import type { YamlFile } from "../config/yaml-problems.ts";

export type ValuesFiles =
  | { readonly t: "read"; readonly files: readonly YamlFile[] }
  /** Expected, found, what to do. */
  | { readonly t: "refused"; readonly sentence: string };

const STDIN = "stdin";

/** For the sentences: the flag that names them, and what they should be. */
interface Wanted {
  readonly flag: string;
  readonly file: string;
}

const VALUES: Wanted = { flag: "--values", file: "a vcluster.yaml" };

/** @param names as given, in their order */
export async function readValuesFiles(names: readonly string[], wanted = VALUES): Promise<ValuesFiles> {
  const files: YamlFile[] = [];
  for (const name of names) {
    if (name === "-" && files.some((file) => file.name === STDIN))
      return unreadable(wanted, "expected - once, but it is there again: standard input can be read only once");
    try {
      files.push(name === "-" ? { name: STDIN, text: await readStandardInput() } : { name, text: readTextFile(name) });
    } catch (cause) {
      const reason = cause instanceof Error ? cause.message : String(cause);
      return unreadable(
        wanted,
        `expected a readable file, but ${reason}: name ${wanted.file}, or - for standard input`,
      );
    }
  }
  return { t: "read", files };
}

function unreadable({ flag }: Wanted, sentence: string): ValuesFiles {
  return { t: "refused", sentence: `${flag}: ${sentence}` };
}
