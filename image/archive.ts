/**
 * An image as one file that needs no registry and no daemon: an OCI image layout (image-spec v1.1) and, over the same
 * blobs, the manifest.json of `docker save`, which older `docker load` wants. Decides nothing of what is in it.
 */
import { createHash } from "node:crypto";
import { gzipSync } from "node:zlib";
import { type Entry, tarball } from "./tar.ts";

export interface Image {
  /** In the registry's words: "amd64", "arm64". */
  readonly architecture: string;
  /** What changes least first. */
  readonly layers: readonly Layer[];
  readonly entrypoint: readonly string[];
  readonly environment: readonly string[];
  readonly labels: Readonly<Record<string, string>>;
  /** Since 1970: of image and files. */
  readonly createdSeconds: number;
}

interface Layer {
  /** For the image's history. */
  readonly what: string;
  readonly entries: readonly Entry[];
}

export interface Archive {
  readonly content: Uint8Array;
  /** Of the manifest: what a registry, too, will call it. */
  readonly digest: string;
  /** Of the layers, unpacked. */
  readonly sizeBytes: number;
}

interface Blob {
  readonly mediaType: string;
  readonly digest: string;
  readonly content: Uint8Array;
}

const MEDIA = "application/vnd.oci.image";

/** `names` are references, as in "vcluster-kube-vip:0.1.0"; all are of the one image. */
export function archive(image: Image, names: readonly string[]): Archive {
  const { createdSeconds } = image;
  const tars = image.layers.map(({ entries }) => tarball(entries, createdSeconds));
  // zlib writes neither name nor time: the same bytes for the same Node.
  const layers = tars.map((tar) => blob(`${MEDIA}.layer.v1.tar+gzip`, gzipSync(tar)));
  const config = blob(`${MEDIA}.config.v1+json`, json(configOf(image, tars.map(sha256))));
  const mediaType = `${MEDIA}.manifest.v1+json`;
  const manifest = blob(
    mediaType,
    json({ schemaVersion: 2, mediaType, config: descriptor(config), layers: layers.map(descriptor) }),
  );
  const manifests = names.map((name) => ({
    ...descriptor(manifest),
    annotations: { "org.opencontainers.image.ref.name": name },
    platform: { architecture: image.architecture, os: "linux" },
  }));
  const documents = {
    "oci-layout": { imageLayoutVersion: "1.0.0" },
    "index.json": { schemaVersion: 2, mediaType: `${MEDIA}.index.v1+json`, manifests },
    "manifest.json": [{ Config: pathOf(config), RepoTags: names, Layers: layers.map(pathOf) }],
  };
  const files = [
    ...Object.entries(documents).map(([path, value]) => file(path, json(value))),
    ...[manifest, config, ...layers].map((part) => file(pathOf(part), part.content)),
  ];
  return {
    content: tarball(files, createdSeconds),
    digest: manifest.digest,
    sizeBytes: tars.reduce((sum, tar) => sum + tar.length, 0),
  };
}

function configOf(image: Image, diffIds: readonly string[]): object {
  const created = new Date(image.createdSeconds * 1000).toISOString();
  return {
    created,
    architecture: image.architecture,
    os: "linux",
    config: { User: "0:0", Env: image.environment, Entrypoint: image.entrypoint, Labels: image.labels },
    rootfs: { type: "layers", diff_ids: diffIds },
    history: image.layers.map(({ what }) => ({ created, created_by: what })),
  };
}

function blob(mediaType: string, content: Uint8Array): Blob {
  return { mediaType, digest: sha256(content), content };
}

function descriptor({ mediaType, digest, content }: Blob): object {
  return { mediaType, digest, size: content.length };
}

function pathOf({ digest }: Blob): string {
  return `blobs/${digest.replace(":", "/")}`;
}

function sha256(content: Uint8Array): string {
  return `sha256:${createHash("sha256").update(content).digest("hex")}`;
}

function file(path: string, content: Uint8Array): Entry {
  return { t: "file", path, content, executable: false };
}

function json(value: unknown): Uint8Array {
  return Buffer.from(JSON.stringify(value));
}
