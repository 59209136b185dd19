/** Names and sentences of others may be of any length (a holderIdentity of 10 kB); a line that quotes them is not. */

/** More than any identity, address or sentence of our own needs. */
const TEXT_MAX_CHARS = 2_000;

/** Says how much was left out. */
export function shorten(text: string): string {
  if (text.length <= TEXT_MAX_CHARS) return text;
  return `${text.slice(0, TEXT_MAX_CHARS)}… (${text.length} characters)`;
}
