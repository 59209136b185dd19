/** Finds what a misspelt name was probably meant to be. */

/**
 * The name at most two edits away (one in five for longer names), or else one that begins like it: units are often
 * left out. Undefined where nothing is near.
 */
export function nearestName(name: string, known: readonly string[]): string | undefined {
  const most = Math.max(2, Math.floor(name.length / 5));
  let best: { readonly name: string; readonly edits: number } | undefined;
  for (const candidate of known) {
    if (Math.abs(candidate.length - name.length) > most) continue;
    const edits = editDistance(name.toLowerCase(), candidate.toLowerCase());
    if (edits <= most && (best === undefined || edits < best.edits)) best = { name: candidate, edits };
  }
  return best?.name ?? known.find((candidate) => name.length > 3 && candidate.startsWith(name));
}

/** Levenshtein distance by rows: insertions, deletions and substitutions count one each. */
function editDistance(from: string, to: string): number {
  let row = Array.from({ length: to.length + 1 }, (_, column) => column);
  for (const [line, letter] of [...from].entries()) {
    const next = [line + 1];
    for (let column = 1; column <= to.length; column++) {
      const substituted = cell(row, column - 1) + (to[column - 1] === letter ? 0 : 1);
      next.push(Math.min(cell(row, column) + 1, cell(next, column - 1) + 1, substituted));
    }
    row = next;
  }
  return cell(row, to.length);
}

function cell(row: readonly number[], column: number): number {
  return row[column] ?? Number.POSITIVE_INFINITY;
}
