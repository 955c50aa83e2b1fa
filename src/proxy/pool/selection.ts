/** Who is next: the policies that choose an origin. Pure, on positions in the pool's list of origins. */

/**
 * Smooth weighted round robin, unrolled: positions in the order of their turns, each as often as its weight and
 * spread evenly (weights 5, 1, 1 give 0 0 1 0 2 0 0). With the turns of a whole cycle laid out beforehand, one shared
 * counter is all the state that workers need, and none of them waits for another.
 */
export function weightedSchedule(weights: readonly number[]): Uint16Array {
  const divisor = weights.reduce(greatestCommonDivisor, 0) || 1;
  const shares = weights.map((weight) => weight / divisor);
  const total = shares.reduce((sum, share) => sum + share, 0);
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

/** The position whose turn it is, or the next in the schedule that is not excluded; `undefined` when all are. */
export function nextInTurn(
  schedule: Uint16Array,
  turn: number,
  excluded: (position: number) => boolean,
): number | undefined {
  for (let step = 0; step < schedule.length; step++) {
    const position = schedule[(turn + step) % schedule.length] as number;
    if (!excluded(position)) return position;
  }
  return undefined;
}

function greatestCommonDivisor(a: number, b: number): number {
  return b === 0 ? a : greatestCommonDivisor(b, a % b);
}
