import type { Ms } from '../../src/base/units.ts';

/**
 * How quickly it can be done: a machine that is busy with other things has up to three tries. `measure` leaves all as it found it. Resolves
 * with the first time that is short enough, else with the shortest.
 */
export async function bestOf(enough: Ms, measure: () => Promise<Ms>): Promise<Ms> {
  const times: Ms[] = [];
  do times.push(await measure());
  while (Math.min(...times) > enough && times.length < 3);
  return Math.min(...times);
}
