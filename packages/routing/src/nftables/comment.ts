/**
 * User data as the nft program writes comments, so that it prints ours: type 0, length, text closed by a zero. Pure.
 * libnftnl/udata.h
 */

const COMMENT = 0;
const HEADER_BYTES = 2;
/** NFT_USERDATA_MAXLEN of the kernel is 256, with header and zero. The program itself takes 128 when it writes. */
export const COMMENT_BYTES_MAX = 253;

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
