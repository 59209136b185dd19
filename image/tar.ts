/**
 * The bytes of a tar archive (POSIX.1-2017 pax, "ustar Interchange Format") that depend on nothing but its entries:
 * sorted, all of user 0, all of one time. Reads no file; knows neither long names nor devices.
 */
import { posix } from "node:path";
import { ImageError } from "./image-error.ts";

interface FileEntry {
  readonly t: "file";
  /** Without a leading slash. */
  readonly path: string;
  readonly content: Uint8Array;
  readonly executable: boolean;
}

interface LinkEntry {
  readonly t: "link";
  readonly path: string;
  /** As readlink(2) gives it. */
  readonly target: string;
}

export type Entry = FileEntry | LinkEntry;

const BLOCK_BYTES = 512;
const NAME_BYTES = 100;
const TYPE = { file: "0", link: "2", folder: "5" } as const;

/** The folders on the way to the entries are added. `mtimeSeconds`: since 1970, of every entry. */
export function tarball(entries: readonly Entry[], mtimeSeconds: number): Uint8Array {
  const byPath = new Map(entries.map((entry) => [entry.path, entry]));
  const paths = new Set([...byPath.keys()].flatMap((path) => [...foldersOf(path), path]));
  const parts = [...paths].toSorted(byteOrder).flatMap((path) => {
    const entry = byPath.get(path);
    if (entry === undefined) return [header({ path: `${path}/`, mode: 0o755, type: TYPE.folder, mtimeSeconds })];
    if (entry.t === "link") {
      return [header({ path, mode: 0o777, type: TYPE.link, mtimeSeconds, target: entry.target })];
    }
    const { content, executable } = entry;
    const mode = executable ? 0o755 : 0o644;
    return [header({ path, mode, type: TYPE.file, mtimeSeconds, sizeBytes: content.length }), padded(content)];
  });
  // The end is two blocks of zeros.
  return Buffer.concat([...parts, Buffer.alloc(2 * BLOCK_BYTES)]);
}

/** "a/b/c" has "a" and "a/b". */
function foldersOf(path: string): readonly string[] {
  const folder = posix.dirname(path);
  return folder === "." ? [] : [...foldersOf(folder), folder];
}

/** By code unit, in every locale; a folder's name begins those of what is in it. */
function byteOrder(a: string, b: string): number {
  return a < b ? -1 : Number(a > b);
}

interface Header {
  readonly path: string;
  readonly mode: number;
  readonly type: string;
  readonly mtimeSeconds: number;
  readonly sizeBytes?: number;
  readonly target?: string;
}

/**
 * ```
 *   0 name 100 | 100 mode 8 | 108 uid 8 | 116 gid 8 | 124 size 12 | 136 mtime 12 | 148 checksum 8 | 156 type 1
 * 157 linkname 100 | 257 "ustar\0" "00" | 265 uname 32 | 297 gname 32 | 329 device 16 | 345 prefix 155
 * ```
 */
function header({ path, mode, type, mtimeSeconds, sizeBytes = 0, target = "" }: Header): Uint8Array {
  for (const name of [path, target]) {
    if (Buffer.byteLength(name) > NAME_BYTES) {
      throw new ImageError(
        "IMAGE_NAME_TOO_LONG",
        `${name} is longer than a tar header's ${NAME_BYTES} bytes: shorten it`,
      );
    }
  }
  const block = Buffer.alloc(BLOCK_BYTES);
  block.write(path, 0);
  block.write(octal(mode, 8), 100);
  block.write(octal(0, 8), 108);
  block.write(octal(0, 8), 116);
  block.write(octal(sizeBytes, 12), 124);
  block.write(octal(mtimeSeconds, 12), 136);
  // The sum is taken with spaces in its own place.
  block.write(" ".repeat(8), 148);
  block.write(type, 156);
  block.write(target, 157);
  block.write("ustar\u000000", 257);
  const sum = block.reduce((total, byte) => total + byte, 0);
  block.write(`${octal(sum, 7)}\u0000 `, 148);
  return block;
}

/** Digits and, by their field's last byte, a zero. */
function octal(value: number, fieldBytes: number): string {
  return value.toString(8).padStart(fieldBytes - 1, "0");
}

function padded(content: Uint8Array): Uint8Array {
  const rest = content.length % BLOCK_BYTES;
  return rest === 0 ? content : Buffer.concat([content, Buffer.alloc(BLOCK_BYTES - rest)]);
}
