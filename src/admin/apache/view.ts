import { createHash } from 'node:crypto';
import type { Ms } from '../../base/units.ts';
import type { PoolState } from '../../operator/model.ts';
import { escaped } from './markup.ts';
import type { PoolFacts } from './pool-facts.ts';

/** Where the page is. Its links and forms lead here whatever path it was asked for by, as programs look for this one. */
export const PAGE_PATH = '/balancer-manager';

/** What is shown, to whom. */
export interface View {
  /** In the order in which they are shown. */
  readonly pools: readonly PoolState[];
  /** For who may operate; others get links without it. */
  readonly nonce: string | undefined;
  /** Whether who asks may add origins. */
  readonly mayAdd: boolean;
  /** Whether Ansible's module apache2_mod_proxy asks. */
  readonly isAnsible: boolean;
  /** By which the client calls this node, without a port. */
  readonly host: string;
  /** Why what was asked is refused. */
  readonly refusal: string | undefined;
  readonly factsOf: (pool: string) => PoolFacts;
  /** How many origins there may be. */
  readonly maxOrigins: number;
  /** Of Portico. */
  readonly version: string;
  /** Epoch milliseconds. Programs read it as when the server was built. */
  readonly built: Ms;
}

/** The link to a pool or an origin, as the value of an attribute. The nonce comes last. */
export function linkTo({ nonce }: View, pool: string, url?: string): string {
  const params = [
    `b=${encodeURIComponent(pool)}`,
    ...(url === undefined ? [] : [`w=${encodeURI(url)}`]),
    ...(nonce === undefined ? [] : [`nonce=${nonce}`]),
  ];
  return escaped(`${PAGE_PATH}?${params.join('&')}`);
}

/** What Apache shows beside a balancer's name: one of its servers' hash, and the name. */
export function poolId(name: string): string {
  return `p${createHash('sha256').update(name).digest('hex').slice(0, 8)}_${name}`;
}

/**
 * The selected pool comes first, as Ansible's module reads the tables that come first, and those without origins come
 * before those with: the last link of the page has to be that of an origin.
 */
export function inOrder(pools: readonly PoolState[], selected: PoolState | undefined): readonly PoolState[] {
  const rank = (pool: PoolState) => (pool.name === selected?.name ? 0 : pool.origins.length === 0 ? 1 : 2);
  return [...pools].sort((one, other) => rank(one) - rank(other));
}
