import { describe, expect, test } from 'vitest';
import { type OriginFacts, type PoolFacts, poolFamilies } from '../../src/metrics/pool-families.ts';
import { exposition } from '../../src/metrics/prometheus.ts';
import type { Effective, Health, PoolState } from '../../src/operator/model.ts';
import { Exposition } from '../support/exposition.ts';

function origin(id: string, said: Partial<OriginFacts> = {}): OriginFacts {
  return {
    id,
    admin: 'active',
    health: 'up',
    effective: 'active',
    weight: 1,
    observed: {},
    traffic: { inFlight: 0, elected: 0 },
    ...said,
  };
}

function read(...origins: OriginFacts[]): Exposition {
  const pool: PoolFacts = { name: 'app', panic: false, queued: 2, maintenance: undefined, origins };
  return new Exposition(exposition(poolFamilies([pool]), 'prometheus'));
}

describe('pools and origins', () => {
  test('are what operators see of them', () => {
    // A mistake is one that the compiler finds.
    const families: (pools: readonly PoolState[]) => unknown = poolFamilies;
    expect(families([])).toHaveLength(11);
  });

  test.each<{ name: string; said: Partial<OriginFacts>; usable: number }>([
    { name: 'up', said: {}, usable: 1 },
    { name: 'checked by nobody', said: { health: 'unknown' }, usable: 1 },
    { name: 'not yet checked', said: { health: 'checking' }, usable: 0 },
    { name: 'down', said: { health: 'down' }, usable: 0 },
    { name: 'forced down', said: { health: 'forced_down' }, usable: 0 },
    { name: 'ejected', said: { observed: { ejectedUntil: 1 } }, usable: 0 },
    { name: 'draining', said: { admin: 'drain' }, usable: 0 },
  ])('an origin that is $name makes $usable usable', ({ said, usable }) => {
    expect(read(origin('a', said)).value('portico_pool_usable_origins', { pool: 'app' })).toBe(usable);
  });

  test.each<Health>(['up', 'down', 'checking', 'unknown', 'forced_down'])(
    'health %s is 1 where it is so, and 0 elsewhere',
    (state) => {
      const page = read(origin('a', { health: state }));
      expect(page.value('portico_origin_health', { pool: 'app', origin: 'a', state })).toBe(1);
      expect(page.sum('portico_origin_health')).toBe(1);
    },
  );

  test.each<Effective>([
    'active',
    'warming',
    'draining',
    'drained',
    'maint',
    'stopped',
    'removing',
    'standby',
    'spare',
    'down',
  ])('state %s is 1 where it is so, and 0 elsewhere', (state) => {
    const page = read(origin('a', { effective: state }));
    expect(page.value('portico_origin_state', { origin: 'a', state })).toBe(1);
    expect(page.sum('portico_origin_state')).toBe(1);
  });
});
