#!/usr/bin/env node
/** The process's edge: arguments in, exit status out. What there is to run is in cli/. */
import { program } from "./cli/program.ts";

await program().parseAsync(process.argv);
