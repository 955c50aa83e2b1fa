import type { Ms } from '../base/units.ts';
import type { SiblingState } from '../sibling/state.ts';

/** Whether a sibling answers. `unknown`: it has not been asked yet, or not answered the first questions. */
export type SiblingHealth = 'alive' | 'dead' | 'slow' | 'unknown';

export function healthOf({ account }: SiblingState): SiblingHealth {
  const { standing, answeredAgo } = account;
  return standing === 'alive' && answeredAgo === undefined ? 'unknown' : standing;
}

/** A peer that has just been linked connects to us as well. */
const MUTUAL_WITHIN: Ms = 15_000;

/** What somebody should look at, the worst first. That a peer is no Portico node is none. */
export function problemsOf(sibling: SiblingState, now: Ms): readonly string[] {
  return [...answering(sibling), ...linking(sibling, now)];
}

function* answering({ account }: SiblingState): Generator<string> {
  const { standing, fetching, hits, misses, denied } = account;
  if (standing === 'dead') yield 'does not answer';
  else if (standing === 'slow') yield 'answers too late';
  else if (fetching !== 'on') yield 'does not deliver what it says it has';
  if (denied > 0 && hits + misses === 0) yield 'refuses to answer: are we in its list of who may ask?';
}

function* linking({ link }: SiblingState, now: Ms): Generator<string> {
  if (link === undefined) return;
  const { standing, why, linked, subscribed, ours } = link;
  const because = why === undefined ? '' : `: ${why}`;
  if (standing === 'refused') yield `is not believed to be a Portico node of ours${because}`;
  if (standing === 'down') yield `the link is down${because}`;
  const isOneSided = linked !== undefined && now - linked > MUTUAL_WITHIN && subscribed === undefined;
  if (isOneSided) yield 'does not ask what is purged here: are we one of its peers?';
  const { behind = 0 } = ours;
  if (behind > 0 && subscribed === undefined) yield `has missed ${behind} ${behind === 1 ? 'purge' : 'purges'}`;
}
