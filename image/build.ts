/**
 * Puts the image together: the pinned Node without its symbols, the libraries that it needs, the bundle, the native
 * file, licences and the list of parts. No shell, no package manager, nothing that could fetch anything.
 */
import { copyFileSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { basename, dirname, join } from "node:path";
import { bundle, MALLOC_ENVIRONMENT, PROGRAM, V8_FLAGS } from "../packages/sidecar/build.ts";
import { NAME } from "../packages/sidecar/src/overlay/container.ts";
import { VERSION } from "../packages/sidecar/src/version.ts";
import { type Archive, archive } from "./archive.ts";
import { bundledComponents, type Component, debianComponents, npmComponent } from "./components.ts";
import { ImageError } from "./image-error.ts";
import { type Library, librariesOf } from "./libraries.ts";
import { type Platform, toolName } from "./platform.ts";
import { sbom } from "./sbom.ts";
import type { Entry } from "./tar.ts";
import { runTool } from "./tool.ts";

const ROOT = join(import.meta.dirname, "..");
const RAW_SOCKET = join(ROOT, "packages", "raw-socket");
const FOLDER = `usr/lib/${NAME}`;
const NODE = "usr/bin/node";

export interface BuildOptions {
  readonly platform: Platform;
  /** A folder with bin/node, LICENSE and package.json. Default: node-linux-ARCH as pnpm has installed it. */
  readonly nodeFolder?: string;
  readonly names: readonly string[];
  /** Since 1970. */
  readonly createdSeconds: number;
  /** The commit; undefined where nobody knows it. */
  readonly revision: string | undefined;
}

export interface BuiltImage extends Archive {
  readonly sbom: string;
}

/** About 10 s and 400 MB of memory. */
export async function buildImage(options: BuildOptions): Promise<BuiltImage> {
  const work = mkdtempSync(join(tmpdir(), "image-"));
  try {
    return await buildIn(work, options);
  } finally {
    rmSync(work, { recursive: true });
  }
}

async function buildIn(work: string, options: BuildOptions): Promise<BuiltImage> {
  const { platform, createdSeconds, nodeFolder = installedNode(platform) } = options;
  const native = nativeFile(platform);
  const node = strippedNode(nodeFolder, { work, platform });
  const libraries = librariesOf([node, native], platform);
  const bundled = await bundle(join(ROOT, "packages", "sidecar", "src", "main.ts"), join(work, PROGRAM));
  const runtime = npmComponent(nodeFolder, ROOT);
  if (runtime === undefined) throw new ImageError("IMAGE_PART_MISSING", `${nodeFolder} is no published package`);
  const debian = debianComponents(libraries);
  const npm = bundledComponents(bundled, ROOT);
  const list = sbom({
    version: VERSION,
    createdSeconds,
    node: runtime,
    components: [...debian, ...npm],
    insideNode: linkedInto(runtime),
  });
  const image = {
    architecture: platform.architecture,
    createdSeconds,
    layers: [
      { what: "Node.js and its libraries", entries: runtimeEntries({ node, libraries, parts: [runtime, ...debian] }) },
      { what: NAME, entries: programEntries({ program: join(work, PROGRAM), native, parts: npm, list }) },
    ],
    entrypoint: [`/${NODE}`, ...V8_FLAGS, `/${FOLDER}/${PROGRAM}`],
    environment: ["PATH=/usr/bin", ...Object.entries(MALLOC_ENVIRONMENT).map((pair) => pair.join("="))],
    labels: labels(options),
  };
  return { ...archive(image, options.names), sbom: list };
}

function installedNode({ arch }: Platform): string {
  try {
    return dirname(createRequire(import.meta.url).resolve(`node-linux-${arch}/package.json`));
  } catch (cause) {
    throw new ImageError(
      "IMAGE_PART_MISSING",
      `node-linux-${arch} is not installed: unpack it (npm pack node-linux-${arch}) and say --node FOLDER`,
      { cause },
    );
  }
}

/** 126 MB become 108: the symbols are for debuggers. */
function strippedNode(
  folder: string,
  { work, platform }: { readonly work: string; readonly platform: Platform },
): string {
  const node = join(work, "node");
  copyFileSync(join(folder, "bin", "node"), node);
  runTool([toolName("strip", platform), "--strip-all", node], "Install binutils, or the other architecture's.");
  return node;
}

/** Compiled if it is not there; for another architecture by Debian's cross compiler. */
function nativeFile(platform: Platform): string {
  const { arch } = platform;
  const env = arch === process.arch ? {} : { CC: process.env["CC"] ?? toolName("gcc", platform) };
  runTool([process.execPath, join(RAW_SOCKET, "build.ts"), arch], `Is a compiler for ${arch} installed?`, env);
  return join(RAW_SOCKET, "build", `raw_socket-linux-${arch}.node`);
}

/** Only the very same Node can be asked, which is of the machine's own architecture; its versions are of both. */
function linkedInto({ version }: Component): Readonly<Record<string, string>> {
  if (process.version !== `v${version}`) {
    throw new ImageError(
      "IMAGE_PART_MISSING",
      `the image's Node is ${version} and this is ${process.version}: run it as \`pnpm image\``,
    );
  }
  // The others are numbers of interfaces.
  const { node: _itself, modules: _abi, napi: _napi, ...linked } = process.versions;
  return Object.fromEntries(Object.entries(linked).flatMap(([name, text]) => (!text ? [] : [[name, text]])));
}

interface Runtime {
  readonly node: string;
  readonly libraries: readonly Library[];
  readonly parts: readonly Component[];
}

function runtimeEntries({ node, libraries, parts }: Runtime): readonly Entry[] {
  return [
    file(NODE, readFileSync(node), true),
    ...libraries.map(({ path, source }) => file(path, readFileSync(source), true)),
    // Who user 0 is, and that names are looked up in the pod's hosts file before its name server is asked.
    file("etc/passwd", text("root:x:0:0:root:/:/\n")),
    file("etc/group", text("root:x:0:\n")),
    file("etc/nsswitch.conf", text("hosts: files dns\n")),
    ...parts.flatMap(licenseEntries),
  ];
}

interface Program {
  readonly program: string;
  readonly native: string;
  readonly parts: readonly Component[];
  readonly list: string;
}

function programEntries({ program, native, parts, list }: Program): readonly Entry[] {
  const bundled = readFileSync(program, "utf8").replace(/^#!.*\n/, "");
  return [
    // For `kubectl exec … vcluster-kube-vip doctor`: a kernel hands an interpreter one argument, and there is no env -S.
    // Of the two flags it is the one that matters to a short program.
    file(`${FOLDER}/${PROGRAM}`, text(`#!/${NODE} ${V8_FLAGS[0]}\n${bundled}`), true),
    { t: "link", path: `usr/bin/${NAME}`, target: `../lib/${NAME}/${PROGRAM}` },
    file(`${FOLDER}/${basename(native)}`, readFileSync(native)),
    file(`usr/share/sbom/${NAME}.cdx.json`, text(list)),
    file(`usr/share/licenses/${NAME}/LICENSE`, readFileSync(join(ROOT, "LICENSE"))),
    ...parts.flatMap(licenseEntries),
  ];
}

function licenseEntries({ name, licenseFiles }: Component): readonly Entry[] {
  return licenseFiles.map((path) => file(`usr/share/licenses/${name}/${basename(path)}`, readFileSync(path)));
}

function labels({ createdSeconds, revision }: BuildOptions): Readonly<Record<string, string>> {
  const label = "org.opencontainers.image";
  return {
    [`${label}.title`]: NAME,
    [`${label}.description`]: "Sidecar that keeps one address for the API server of a highly available vCluster",
    [`${label}.version`]: VERSION,
    [`${label}.created`]: new Date(createdSeconds * 1000).toISOString(),
    [`${label}.licenses`]: "Apache-2.0",
    ...(revision === undefined ? {} : { [`${label}.revision`]: revision }),
  };
}

function file(path: string, content: Uint8Array, executable = false): Entry {
  return { t: "file", path, content, executable };
}

function text(content: string): Uint8Array {
  return Buffer.from(content);
}
