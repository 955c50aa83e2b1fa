import type { Standing } from './standing.ts';

/** Who of a pool may get requests. Positions are those of the pool's list. */
export interface Eligibility {
  /** For clients that stick nowhere: these, and nobody else. */
  readonly eligible: readonly number[];
  /** By position: whether clients that stick to it may go there. */
  readonly known: readonly boolean[];
  /**
   * `normal`: those that are well. `panic`: nobody is, and all are tried of which only health says no. `checking`: there
   * is nobody yet, but the first good check may come any moment. `none`: there is nobody.
   */
  readonly mode: 'normal' | 'panic' | 'checking' | 'none';
}

/**
 * The usable primaries of the lowest set that has any; a spare of that set takes the place of each that is out. Without
 * a usable set, the standbys; without those, any spare. `whenAllDown`: what becomes of requests when nobody is usable, but some only because they
 * are down or ejected.
 */
export function eligibility(standings: readonly Standing[], whenAllDown: 'try' | 'splash'): Eligibility {
  const usable = usableOnes(standings);
  if (usable.length > 0) return { eligible: usable, known: standings.map(isKnown), mode: 'normal' };
  const down = positionsOf(standings, ({ admits, health }) => admits === 'all' && isOnlyDown(health));
  if (down.length > 0 && whenAllDown === 'try') {
    const known = standings.map((each) => isKnown(each) || (each.admits !== 'none' && isOnlyDown(each.health)));
    return { eligible: down, known, mode: 'panic' };
  }
  const isChecking = standings.some(({ admits, health }) => admits === 'all' && health === 'checking');
  return { eligible: [], known: standings.map(isKnown), mode: isChecking ? 'checking' : 'none' };
}

function usableOnes(standings: readonly Standing[]): number[] {
  const sets = [...new Set(standings.map(({ set }) => set))].sort((a, b) => a - b);
  for (const set of sets) {
    const primaries = positionsOf(standings, (each) => each.set === set && each.role === 'primary');
    const usable = primaries.filter((position) => isUsable(standings[position] as Standing));
    const spares = positionsOf(standings, (each) => each.set === set && each.role === 'spare' && isUsable(each));
    const all = [...usable, ...spares.slice(0, primaries.length - usable.length)];
    if (all.length > 0) return all;
  }
  // Last of all a spare that has nobody's place to take: it is well, and nobody else is there.
  for (const role of ['standby', 'spare']) {
    for (const set of sets) {
      const others = positionsOf(standings, (each) => each.set === set && each.role === role && isUsable(each));
      if (others.length > 0) return others;
    }
  }
  return [];
}

function isUsable(standing: Standing): boolean {
  return standing.admits === 'all' && isWell(standing);
}

/** A client that sticks somewhere goes there whatever that one's role and set. */
function isKnown(standing: Standing): boolean {
  return standing.admits !== 'none' && isWell(standing);
}

function isWell({ health }: Standing): boolean {
  return health === 'up' || health === 'trial';
}

/** Not because an operator says so, nor because nobody has looked yet. */
function isOnlyDown(health: Standing['health']): boolean {
  return health === 'down' || health === 'ejected';
}

function positionsOf(standings: readonly Standing[], holds: (standing: Standing) => boolean): number[] {
  return [...standings.keys()].filter((position) => holds(standings[position] as Standing));
}
