import type { Actor, OperatorPort, Outcome } from '../../operator/commands.ts';
import type { PoolState } from '../../operator/model.ts';
import type { Asked } from './asked.ts';
import { addedOrigin } from './pool-change.ts';
import type { PoolFacts } from './pool-facts.ts';
import { Refused } from './refusal.ts';
import { whatIsNew, workerChange } from './worker-change.ts';
import { originsAt } from './worker-url.ts';

/** Does what is asked of a pool's origin, or of the pool. Whether it was not so already. Throws `Refused`. */
export async function carryOut(
  asked: Asked,
  pool: PoolState,
  { operator, facts, actor }: { readonly operator: OperatorPort; readonly facts: PoolFacts; readonly actor: Actor },
): Promise<boolean> {
  const { changes, force, version } = asked;
  const url = addedOrigin(pool, facts, changes);
  const ofOrigin = [...changes.keys()].filter((name) => !name.startsWith('b_'));
  if (url !== undefined) {
    if (ofOrigin.length > 0) throw new Refused('invalid', `b_nwrkr: expected without ${ofOrigin[0]}`);
    const reason = reasonOf(asked, new Map([['b_nwrkr', url]]));
    done(await operator.add(pool.name, { url, admin: 'maint', reason }, actor));
    return true;
  }
  if (ofOrigin.length === 0) return false;
  const origins = originsAt(pool, asked.worker ?? '');
  const [first] = origins;
  if (first === undefined) {
    throw new Refused('unknown-origin', `w: expected the URL of an origin of ${pool.name}, got ${shown(asked.worker)}`);
  }
  const values = workerChange(first, changes);
  if (Object.keys(values).length === 0) return false;
  const reason = reasonOf(asked, whatIsNew(first, changes));
  const ifVersion = origins.length === 1 ? version : undefined;
  const changed = done(operator.change(origins, { values, reason, force, ifVersion }, actor));
  return changed.some(({ same }) => !same);
}

function done<T>(outcome: Outcome<T>): T {
  if (outcome.ok) return outcome.value;
  const { kind, detail } = outcome.refusal;
  const advice = kind === 'last-active-origin' ? '; with force=1 it is done all the same' : '';
  throw new Refused(kind, `${detail}${advice}`, { isRecorded: true });
}

/** For who gives none: what was asked, in the words in which it was. */
function reasonOf({ reason }: Asked, news: ReadonlyMap<string, string>): string {
  if (reason !== '') return reason;
  const said = [...news].map(([name, value]) => `${name}=${value}`).join('&');
  return `balancer-manager: ${said}`.slice(0, 500);
}

export function shown(text: string | undefined): string {
  return text === undefined ? 'none' : JSON.stringify(text.slice(0, 200));
}
