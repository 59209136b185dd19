/** Loads the packages with one mutant's edits made, by a hook of Node's module loader in this process. */
import { registerHooks } from "node:module";
import type { Mutant } from "./mutants/index.ts";

const PACKAGES = "/packages/";

/** The file's path in packages/; undefined where it is none of ours, or none that a mutant edits. */
export function fileInPackages(url: string): string | undefined {
  const at = url.lastIndexOf(PACKAGES);
  return at < 0 || url.includes("/node_modules/") ? undefined : url.slice(at + PACKAGES.length);
}

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

/** From here on files are loaded mutated. To be called before the first of them is imported. */
export function loadMutated(mutant: Mutant): void {
  registerHooks({
    load(url, context, nextLoad) {
      const loaded = nextLoad(url, context);
      const file = fileInPackages(url);
      const isEdited = mutant.edits.some((edit) => edit.file === file);
      if (file === undefined || !isEdited || loaded.source === undefined || loaded.source === null) return loaded;
      const source = typeof loaded.source === "string" ? loaded.source : new TextDecoder().decode(loaded.source);
      return { ...loaded, source: mutate(source, file, mutant) };
    },
  });
}
