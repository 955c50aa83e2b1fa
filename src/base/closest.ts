/** Among more no hint is given: thousands of pools, each misspelt, would take minutes to compare. */
const MOST_CANDIDATES = 100;

/** The candidate that `word` was most likely meant to be; none when all are too far off for that. */
export function closest(word: string, candidates: readonly string[]): string | undefined {
  // One slip in three letters: "pol" may be "pool", but "hash" is not "host".
  let best = Math.max(1, Math.floor(word.length / 3)) + 1;
  let found: string | undefined;
  for (const candidate of candidates.length > MOST_CANDIDATES ? [] : candidates) {
    if (Math.abs(candidate.length - word.length) >= best) continue;
    const slips = distance(word.toLowerCase(), candidate.toLowerCase());
    if (slips < best) [best, found] = [slips, candidate];
  }
  return found;
}

/** How many letters must be added, dropped, replaced, or swapped with their neighbour (optimal string alignment). */
function distance(a: string, b: string): number {
  let before: number[] = [];
  let previous = Array.from({ length: b.length + 1 }, (_, index) => index);
  for (let i = 1; i <= a.length; i++) {
    const current = [i];
    for (let j = 1; j <= b.length; j++) {
      const replace = at(previous, j - 1) + (a[i - 1] === b[j - 1] ? 0 : 1);
      const swapped = i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1];
      const swap = swapped ? at(before, j - 2) + 1 : Number.POSITIVE_INFINITY;
      current.push(Math.min(at(previous, j) + 1, at(current, j - 1) + 1, replace, swap));
    }
    [before, previous] = [previous, current];
  }
  return at(previous, b.length);
}

function at(row: readonly number[], index: number): number {
  return row[index] ?? Number.POSITIVE_INFINITY;
}
