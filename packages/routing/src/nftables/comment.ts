/**
 * User data as the nft program writes comments, so that it prints ours: type 0, length, text closed by a zero. Pure.
 * libnftnl/udata.h
 */

const COMMENT = 0;
const HEADER_BYTES = 2;
/**
 * As many as the nft program takes. The kernel says that it takes 256 with header and zero, but counts what belongs to an
 * element with 8 bits: over about 250 bytes it refuses, and 253 gave an element whose times were gone (Linux 6.18).
 */
export const COMMENT_BYTES_MAX = 128;

/** @param text - at most COMMENT_BYTES_MAX bytes in UTF-8, without a zero. */
export function encodeComment(text: string): Uint8Array {
  const bytes = new TextEncoder().encode(`${text}\0`);
  return Uint8Array.of(COMMENT, bytes.length, ...bytes);
}

/** undefined: there is none, or it is not written so. */
export function decodeComment(userData: Uint8Array): string | undefined {
  for (let offset = 0; offset + HEADER_BYTES <= userData.length; ) {
    const end = offset + HEADER_BYTES + (userData[offset + 1] ?? 0);
    if (end > userData.length) return undefined;
    if (userData[offset] === COMMENT) return textOf(userData.subarray(offset + HEADER_BYTES, end));
    offset = end;
  }
  return undefined;
}

function textOf(bytes: Uint8Array): string | undefined {
  return bytes.at(-1) === 0 ? new TextDecoder().decode(bytes.subarray(0, -1)) : undefined;
}
