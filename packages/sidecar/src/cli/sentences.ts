/** What a command that prints a file says beside it: on stderr, one sentence a line. */

export function say(sentences: readonly string[]): void {
  for (const sentence of sentences) process.stderr.write(`${sentence}\n`);
}

/** The exit status of a command that could not use what it was given. */
export function refuse(sentences: readonly string[]): 2 {
  say(sentences);
  return 2;
}
