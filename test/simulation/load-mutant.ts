/** Loads the election with one mutant's edits made, by a hook of Node's module loader in this process. */
import { registerHooks } from "node:module";
import type { Mutant } from "./mutants.ts";

export const ELECTION = "/packages/sidecar/src/election/";

/** @throws Error where an edit does not fit the source any more: the rule was reworded, and the mutant must follow. */
export function mutate(source: string, file: string, mutant: Mutant): string {
  let mutated = source;
  for (const edit of mutant.edits.filter((one) => one.file === file)) {
    const pieces = mutated.split(edit.find);
    if (pieces.length !== 2) {
      throw new Error(`${file} has ${pieces.length - 1} places like ${JSON.stringify(edit.find)}, expected one`);
    }
    mutated = pieces.join(edit.replace);
  }
  return mutated;
}

/** From here on the election's files are loaded mutated. To be called before the first of them is imported. */
export function loadMutated(mutant: Mutant): void {
  registerHooks({
    load(url, context, nextLoad) {
      const loaded = nextLoad(url, context);
      const at = url.indexOf(ELECTION);
      if (at < 0 || loaded.source === undefined || loaded.source === null) return loaded;
      const source = typeof loaded.source === "string" ? loaded.source : new TextDecoder().decode(loaded.source);
      return { ...loaded, source: mutate(source, url.slice(at + ELECTION.length), mutant) };
    },
  });
}
