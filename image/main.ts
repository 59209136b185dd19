/**
 * `pnpm image [--arch x64|arm64] [--name NAME]… [--output FILE] [--node FOLDER]`: the image as one archive, and beside it
 * the list of its parts. docs/image.md says what takes the archive.
 */
import { spawnSync } from "node:child_process";
import { mkdirSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { parseArgs } from "node:util";
import { NAME } from "../packages/sidecar/src/overlay/container.ts";
import { VERSION } from "../packages/sidecar/src/version.ts";
import { buildImage } from "./build.ts";
import { ImageError } from "./image-error.ts";
import { platformOf } from "./platform.ts";

const ROOT = join(import.meta.dirname, "..");

try {
  await main();
} catch (error) {
  if (!(error instanceof ImageError)) throw error;
  process.stderr.write(`${error.message}\n`);
  process.exitCode = 1;
}

async function main(): Promise<void> {
  const { values } = parseArgs({
    options: {
      arch: { type: "string", default: process.arch },
      name: { type: "string", multiple: true, default: defaultNames() },
      output: { type: "string" },
      node: { type: "string" },
    },
  });
  const platform = platformOf(values.arch);
  const output = values.output ?? join(ROOT, "image", "dist", `${NAME}-${VERSION}-${platform.architecture}.tar`);
  const image = await buildImage({
    platform,
    names: values.name,
    createdSeconds: createdSeconds(),
    revision: git("describe", "--always", "--dirty", "--abbrev=40", "--exclude=*"),
    ...(values.node === undefined ? {} : { nodeFolder: values.node }),
  });
  mkdirSync(dirname(output), { recursive: true });
  writeFileSync(output, image.content);
  writeFileSync(`${output.replace(/\.tar$/, "")}.cdx.json`, image.sbom);
  const megabytes = (bytes: number): string => `${(bytes / 1e6).toFixed(1)} MB`;
  process.stdout.write(
    `${output}: ${megabytes(image.content.length)}, unpacked ${megabytes(image.sizeBytes)}\n${image.digest}\n${values.name.join("\n")}\n`,
  );
}

/** A name without a host is completed by who reads it, each in its own way; containerd takes "localhost" as it is. */
function defaultNames(): string[] {
  return [`${NAME}:${VERSION}`, `localhost/${NAME}:${VERSION}`];
}

/** https://reproducible-builds.org/specs/source-date-epoch; without it the commit's time, so that a rebuild is the same. */
function createdSeconds(): number {
  return Number(process.env["SOURCE_DATE_EPOCH"] ?? git("log", "--max-count=1", "--format=%ct") ?? 0);
}

/** Undefined outside a clone. */
function git(...args: readonly string[]): string | undefined {
  const { status, stdout } = spawnSync("git", args, { cwd: ROOT, encoding: "utf8", timeout: 10_000 });
  return status === 0 ? stdout.trim() : undefined;
}
