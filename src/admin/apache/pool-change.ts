import type { PoolState } from '../../operator/model.ts';
import { isOn } from './asked.ts';
import { methodOf, type PoolFacts } from './pool-facts.ts';
import { invalid, Refused } from './refusal.ts';

/**
 * The URL of the origin that parameters add to a pool; `undefined`: none. The rest of a balancer's settings is what the
 * file says: to say the same is no harm, to say something else is refused.
 */
export function addedOrigin(
  pool: PoolState,
  facts: PoolFacts,
  changes: ReadonlyMap<string, string>,
): string | undefined {
  const fixed: Readonly<Record<string, readonly string[]>> = {
    b_lbm: [methodOf(pool), pool.balance],
    b_tmo: [String(facts.timeout)],
    b_max: [String(facts.failoverAttempts)],
    b_ss: pool.sticky === undefined ? ['-', '(None)'] : [pool.sticky],
  };
  for (const [name, [expected = '', ...others]] of Object.entries(fixed)) {
    const value = changes.get(name)?.trim();
    if (value === undefined || value === expected || others.includes(value)) continue;
    throw invalid(name, `${expected}, as the settings of a pool are what the file says`, value);
  }
  if (isOn(changes.get('b_sforce') ?? '')) {
    throw invalid('b_sforce', '0, as clients whose origin is out are always sent to another', '1');
  }
  const url = changes.get('b_nwrkr')?.trim();
  if (url !== undefined && changes.get('b_wyes') !== '1') {
    throw new Refused('invalid', 'b_wyes: expected 1, as b_nwrkr adds an origin');
  }
  return url;
}
