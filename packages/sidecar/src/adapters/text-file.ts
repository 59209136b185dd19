/** Reads what somebody else wrote, from a file or from standard input, and no more of it than anybody will look at. */
import { closeSync, openSync, readSync } from "node:fs";
import { FILE_CHARACTERS_MAX } from "../config/yaml-problems.ts";

// UTF-8 has at most 3 bytes per character as JavaScript counts them: a file beyond this is too large in any case.
const READ_BYTES_MAX = 3 * FILE_CHARACTERS_MAX + 1;
const CHUNK_BYTES = 65_536;

/** Throws the system's own error. */
export function readTextFile(name: string): string {
  const file = openSync(name, "r");
  try {
    const chunks: Buffer[] = [];
    for (let total = 0; total < READ_BYTES_MAX; ) {
      const chunk = Buffer.allocUnsafe(CHUNK_BYTES);
      const length = readSync(file, chunk);
      if (length === 0) break;
      chunks.push(chunk.subarray(0, length));
      total += length;
    }
    return Buffer.concat(chunks).toString("utf8");
  } finally {
    closeSync(file);
  }
}

/** Until it ends, or there is too much of it. */
export async function readStandardInput(): Promise<string> {
  const chunks: Buffer[] = [];
  let total = 0;
  for await (const chunk of process.stdin) {
    const bytes = Buffer.from(chunk);
    chunks.push(bytes);
    total += bytes.length;
    if (total > READ_BYTES_MAX) break;
  }
  return Buffer.concat(chunks).toString("utf8");
}
