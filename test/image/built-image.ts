/** The image as `pnpm image` makes it, in a file of the sandbox's own; built once in a test file. */
import { mkdtempSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type BuiltImage, buildImage } from "../../image/build.ts";
import { platformOf } from "../../image/platform.ts";
import { type Bundle, unpackImage } from "../bed/container.ts";

export const IMAGE_NAMES = ["vcluster-kube-vip:test", "localhost/vcluster-kube-vip:test"] as const;

/** 1 January 2026. */
const CREATED_SECONDS = 1_767_225_600;

export function build(): Promise<BuiltImage> {
  return buildImage({
    platform: platformOf(process.arch),
    names: IMAGE_NAMES,
    createdSeconds: CREATED_SECONDS,
    revision: undefined,
  });
}

/** Its path. */
export function archiveFile({ content }: BuiltImage): string {
  const file = join(mkdtempSync(join(tmpdir(), "archive-")), "image.tar");
  writeFileSync(file, content);
  return file;
}

export async function builtBundle(): Promise<Bundle> {
  return unpackImage(archiveFile(await build()), IMAGE_NAMES[0]);
}
