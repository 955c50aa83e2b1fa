import { wholeIn } from './numbers.ts';

/** `weight N [reverse|noreverse]` of what is tracked. */
export interface Weight {
  /** 0: without it there is a fault. */
  readonly value: number;
  readonly isReversed: boolean;
  /** Nobody said so: it is the default. */
  readonly isDefault: boolean;
}

/** Our range; keepalived takes 254 for 253. */
const MOST = 253;

/** What stands behind the name in a list of `track_…`; `undefined`: keepalived ignores it. */
export function weightIn(args: readonly string[], otherwise: Weight): Weight | undefined {
  const [keyword, number, direction] = args;
  if (keyword === undefined) return otherwise;
  if (keyword !== 'weight' || number === undefined) return undefined;
  const value = wholeIn(number, -254, 254);
  if (value === undefined) return otherwise;
  const isReversed = direction === 'reverse' || (direction !== 'noreverse' && otherwise.isReversed);
  return { value: Math.max(-MOST, Math.min(MOST, value)), isReversed, isDefault: false };
}
