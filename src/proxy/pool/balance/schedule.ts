/**
 * Turns by weight, laid out for a whole cycle: positions, each as often as its weight and spread evenly (weights 5, 1, 1
 * give 0 0 1 0 2 0 0). The weights of a thousand origins may have no common divisor, and a cycle then has more turns than
 * anybody wants to lay out: it is made shorter, and shares are right to 1 in 65536 of all turns, but nobody gets none.
 */
export function unrolled(weights: readonly number[]): Uint16Array {
  const shares = bounded(reduced(weights));
  const total = shares.reduce((sum, share) => sum + share, 0);
  return total * shares.length <= MOST_STEPS ? smooth(shares, total) : spread(shares, total);
}

const MOST_TURNS = 65_536;

/** Of the better way of laying out, which looks at all for each turn: some 5 ms. */
const MOST_STEPS = 2_000_000;

/** The same proportions in the smallest whole numbers. */
function reduced(weights: readonly number[]): number[] {
  const divisor = weights.reduce(greatestCommonDivisor, 0) || 1;
  return weights.map((weight) => weight / divisor);
}

function bounded(shares: readonly number[]): readonly number[] {
  const total = shares.reduce((sum, share) => sum + share, 0);
  if (total <= MOST_TURNS) return shares;
  return shares.map((share) => Math.max(1, Math.round((share * MOST_TURNS) / total)));
}

/** Smooth weighted round robin, as nginx has it: the greatest credit is next, and pays for it. */
function smooth(shares: readonly number[], total: number): Uint16Array {
  const credit = shares.map(() => 0);
  const schedule = new Uint16Array(total);
  for (let turn = 0; turn < total; turn++) {
    let best = 0;
    for (let i = 0; i < shares.length; i++) {
      credit[i] = (credit[i] as number) + (shares[i] as number);
      if ((credit[i] as number) > (credit[best] as number)) best = i;
    }
    credit[best] = (credit[best] as number) - total;
    schedule[turn] = best;
  }
  return schedule;
}

/** Each one's turns at even distances: the k-th of n in the middle of the k-th n-th part of the cycle. */
function spread(shares: readonly number[], total: number): Uint16Array {
  const due = new Float64Array(total);
  const whose = new Uint16Array(total);
  let count = 0;
  for (const [position, share] of shares.entries()) {
    for (let k = 0; k < share; k++, count++) {
      due[count] = (k + 0.5) / share;
      whose[count] = position;
    }
  }
  const order = Uint32Array.from(whose.keys()).sort((a, b) => (due[a] as number) - (due[b] as number) || a - b);
  return Uint16Array.from(order, (at) => whose[at] as number);
}

function greatestCommonDivisor(a: number, b: number): number {
  return b === 0 ? a : greatestCommonDivisor(b, a % b);
}
