/** One directed test under one mutant: `MUTANT=3 vitest run --config …`. Used by catch-mutant.ts only. */
import { fileURLToPath } from "node:url";
import { defineConfig } from "vitest/config";
import { fileInPackages, mutate } from "./load-mutant.ts";
import { MUTANTS } from "./mutants/index.ts";

const mutant = MUTANTS[Number(process.env["MUTANT"])];
if (mutant === undefined) throw new RangeError("MUTANT must be the index of a mutant");

export default defineConfig({
  root: fileURLToPath(new URL("../..", import.meta.url)),
  plugins: [
    {
      name: "mutant",
      enforce: "pre",
      transform(source, id) {
        const file = fileInPackages(id);
        return file === undefined ? undefined : mutate(source, file, mutant);
      },
    },
  ],
  test: {
    include: ["packages/*/src/**/*.test.ts"],
    // A cached module would be another mutant's.
    fsModuleCache: false,
  },
});
