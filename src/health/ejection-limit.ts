import type { Fraction } from '../base/units.ts';
import type { Judgement } from './judgement.ts';

/**
 * How many of a pool's origins may be ejected at once. An origin on trial is in service and does not count; if it fails
 * while the pool cannot do without it, it stays on trial.
 */

export function mostEjected(origins: number, share: Fraction): number {
  // 0.07 × 100 is 7.000000000000001, and 0.29 × 100 is 28.999999999999996.
  return Math.floor(origins * share + 1e-9);
}

/**
 * Whether one more may be ejected. Not the last that is in service: all would be tried then, also those that are down,
 * and most of them do worse. One on trial has been worse already, and it is better to try all. Where every one may be
 * ejected, that is wanted.
 */
export function mayEject(pool: readonly Judgement[], share: Fraction): boolean {
  if (countEjected(pool) >= mostEjected(pool.length, share)) return false;
  const [one, ...others] = pool.filter(isInService);
  return share === 1 || others.length > 0 || one?.service.kind === 'trial';
}

/** Which ones are too many, by their index, since the pool or the share became smaller: those that would return first. */
export function tooMany(pool: readonly Judgement[], share: Fraction): number[] {
  const ejected = pool.flatMap(({ service }, index) =>
    service.kind === 'ejected' ? [{ index, until: service.until }] : [],
  );
  const excess = Math.max(0, ejected.length - mostEjected(pool.length, share));
  return ejected
    .sort((one, other) => one.until - other.until)
    .slice(0, excess)
    .map(({ index }) => index);
}

function isInService({ health, service }: Judgement): boolean {
  return health !== 'down' && health !== 'checking' && service.kind !== 'ejected';
}

function countEjected(pool: readonly Judgement[]): number {
  return pool.reduce((count, { service }) => count + (service.kind === 'ejected' ? 1 : 0), 0);
}
