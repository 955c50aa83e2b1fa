import type { Ms } from '../../base/units.ts';
import type { Choice, Effective, Observed, Word } from './model.ts';

/** What follows from what an operator said and what is seen. Pure. */

export interface Facts {
  readonly word: Word | undefined;
  readonly observed: Pick<Observed, 'health' | 'draining' | 'due'>;
}

/** What an operator wants comes before what is seen. What nothing bad is known of is in service. */
export function effective({ word, observed }: Facts): Effective {
  if (word !== undefined) return word.admin;
  if (observed.health === 'down') return 'down';
  return observed.draining ? 'drain' : 'serving';
}

/** When it may come into service or leave it at the earliest, as far as that can be told; `undefined`: it cannot. */
export function changeDue({ word, observed }: Facts): Ms | undefined {
  if (word === undefined) return observed.draining ? undefined : observed.due;
  // Its time ends what an operator said; what is seen of it counts then.
  return effective({ word: undefined, observed }) === 'serving' ? word.expires : undefined;
}

/** Those of which nobody is in service: their answers are given as if all were. */
export function failingOpen(choices: readonly Choice[], isServing: (name: string) => boolean): Choice[] {
  return choices.filter((choice) => choice.length > 0 && !choice.some(isServing));
}

/** Each set of datacenters once, in the order in which it was named first. */
export function distinct(choices: readonly Choice[]): Choice[] {
  const bySet = new Map<string, Choice>();
  for (const choice of choices) {
    const key = keyOf(choice);
    if (!bySet.has(key)) bySet.set(key, choice);
  }
  return [...bySet.values()];
}

/** The same for choices among the same datacenters, whatever their order. */
export function keyOf(choice: Choice): string {
  return [...new Set(choice)].sort().join(' ');
}
