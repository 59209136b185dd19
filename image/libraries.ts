/**
 * The shared libraries that a program needs, as its dynamic section names them (ld.so(8)). Nothing is executed, as ldd
 * does, so that another architecture's program can be asked too.
 */
import { existsSync, realpathSync } from "node:fs";
import { join } from "node:path";
import { ImageError } from "./image-error.ts";
import { libraryFolders, type Platform } from "./platform.ts";
import { runTool } from "./tool.ts";

export interface Library {
  /** Where it is in the image, without a leading slash. */
  readonly path: string;
  /** Where it is here, links followed. */
  readonly source: string;
}

const CURE = "Install binutils.";

/** Those of `programs`, and those that these need: the interpreter where they want it, the others in Debian's place. */
export function librariesOf(programs: readonly string[], platform: Platform): readonly Library[] {
  const interpreter = interpreterOf(programs);
  const found = new Map<string, string>();
  const open = programs.flatMap(neededBy);
  for (let name = open.pop(); name !== undefined; name = open.pop()) {
    if (found.has(name)) continue;
    const source = findLibrary(name, platform);
    found.set(name, source);
    open.push(...neededBy(source));
  }
  return [...found].map(([name, source]) => ({
    path: interpreter.endsWith(`/${name}`) ? interpreter : `lib/${platform.triplet}/${name}`,
    source,
  }));
}

/** "lib64/ld-linux-x86-64.so.2"; of the first program that has one. */
function interpreterOf(programs: readonly string[]): string {
  for (const program of programs) {
    const headers = runTool(["readelf", "--program-headers", "--wide", program], CURE);
    const path = /program interpreter: \/([^\]]+)\]/.exec(headers)?.[1];
    if (path !== undefined) return path;
  }
  throw new ImageError("IMAGE_PART_MISSING", `none of ${programs.join(", ")} is a dynamically linked program`);
}

function neededBy(file: string): string[] {
  const section = runTool(["readelf", "--dynamic", "--wide", file], CURE);
  return [...section.matchAll(/\(NEEDED\).*\[(.+)\]/g)].map(([, name = ""]) => name);
}

function findLibrary(name: string, platform: Platform): string {
  const folders = libraryFolders(platform);
  const folder = folders.find((candidate) => existsSync(join(candidate, name)));
  if (folder !== undefined) return realpathSync(join(folder, name));
  const packages = `libc6-${platform.arch}-cross and libstdc++6-${platform.arch}-cross`;
  throw new ImageError(
    "IMAGE_PART_MISSING",
    `${name} is in none of ${folders.join(", ")}: build on Debian, with ${packages} for another architecture`,
  );
}
