/**
 * What is in the image, by name and version, with the licence that comes along: npm's packages of which the bundle has
 * code, Node, and the Debian packages of the libraries. Writes no list: sbom.ts does.
 */
import { existsSync, readdirSync, readFileSync, realpathSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import type { Metafile } from "esbuild";
import { parse } from "yaml";
import { ImageError } from "./image-error.ts";
import type { Library } from "./libraries.ts";
import { runTool } from "./tool.ts";

export interface Component {
  readonly name: string;
  readonly version: string;
  /** https://github.com/package-url/purl-spec */
  readonly purl: string;
  /** SPDX's expression; undefined where only the licence file says it. */
  readonly license: string | undefined;
  /** Files of its licence, here. */
  readonly licenseFiles: readonly string[];
  /** npm's, base64, from the lockfile. */
  readonly sha512: string | undefined;
}

interface Manifest {
  readonly name: string;
  readonly version: string;
  readonly license?: string;
  readonly private?: boolean;
}

interface Lockfile {
  readonly packages: Readonly<Record<string, { readonly resolution: { readonly integrity?: string } }>>;
}

const LICENSE_FILE = /^(licen[cs]e|notice)/i;

/** The npm packages that esbuild put at least one byte of into the bundle; the workspace's own are not theirs. */
export function bundledComponents(metafile: Metafile, root: string): readonly Component[] {
  const inputs = Object.values(metafile.outputs).flatMap((output) =>
    Object.entries(output.inputs).flatMap(([path, { bytesInOutput }]) => (bytesInOutput > 0 ? [path] : [])),
  );
  const files = inputs.map((path) => resolve(root, path)).filter((path) => existsSync(path));
  const folders = new Set(files.map(packageFolder));
  return [...folders]
    .map((folder) => npmComponent(folder, root))
    .filter((component) => component !== undefined)
    .toSorted((a, b) => (a.purl < b.purl ? -1 : 1));
}

/** Undefined for a private package: one of this workspace. */
export function npmComponent(folder: string, root: string): Component | undefined {
  const { name, version, license, private: own = false } = manifestOf(folder);
  if (own) return undefined;
  const { packages } = parse(readFileSync(join(root, "pnpm-lock.yaml"), "utf8")) as Lockfile;
  return {
    name,
    version,
    purl: `pkg:npm/${name.replace("@", "%40")}@${version}`,
    license,
    licenseFiles: licenseFiles(folder),
    sha512: packages[`${name}@${version}`]?.resolution.integrity?.replace(/^sha512-/, ""),
  };
}

/** One for each Debian package that a library is of. */
export function debianComponents(libraries: readonly Library[]): readonly Component[] {
  const owners = new Set(libraries.map(({ source }) => debianOwner(source)));
  return [...owners].toSorted().map((owner) => {
    const format = ["Package", "Version", "Architecture"].map((field) => `\${${field}}`).join(" ");
    const shown = runTool(["dpkg-query", "--show", `--showformat=${format}`, owner], "Build on Debian.");
    const [name = "", version = "", architecture = ""] = shown.split(" ");
    return {
      name,
      version,
      purl: `pkg:deb/debian/${name}@${encodeURIComponent(version)}?arch=${architecture}`,
      license: undefined,
      licenseFiles: [realpathSync(`/usr/share/doc/${name}/copyright`)],
      sha512: undefined,
    };
  });
}

/** dpkg knows a file by the path before /lib became a link to /usr/lib. */
function debianOwner(file: string): string {
  for (const name of new Set([file, file.replace(/^\/usr\/lib\//, "/lib/")])) {
    try {
      const [owner = ""] = runTool(["dpkg-query", "--search", name], "").split(": ");
      return owner;
    } catch (error) {
      // Perhaps by its other name.
      if (!(error instanceof ImageError)) throw error;
    }
  }
  throw new ImageError(
    "IMAGE_PART_MISSING",
    `${file} is of no Debian package: build on Debian, so that it has a version`,
  );
}

/** The nearest folder above with a package.json that names a package: some have a nameless one in dist/. */
function packageFolder(file: string): string {
  for (let folder = dirname(file); folder !== dirname(folder); folder = dirname(folder)) {
    if (existsSync(join(folder, "package.json")) && manifestOf(folder).name !== undefined) return folder;
  }
  throw new ImageError("IMAGE_PART_MISSING", `${file} is in no package: nothing says whose it is`);
}

function manifestOf(folder: string): Manifest {
  return JSON.parse(readFileSync(join(folder, "package.json"), "utf8")) as Manifest;
}

function licenseFiles(folder: string): readonly string[] {
  return readdirSync(folder)
    .filter((name) => LICENSE_FILE.test(name))
    .toSorted()
    .map((name) => join(folder, name));
}
