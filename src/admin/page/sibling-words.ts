import type { Ms } from '../../base/units.ts';
import type { LinkStatus } from '../../sibling/link/status.ts';
import type { SiblingState } from '../../sibling/state.ts';
import { healthOf, problemsOf } from '../sibling-problems.ts';
import { counted, duration } from './figures.ts';
import type { StateWords } from './states.ts';

/** In what state a sibling is, in a word or two. */
export function siblingWords(sibling: SiblingState): StateWords {
  const health = healthOf(sibling);
  if (health === 'dead') return { word: 'Dead', shape: 'cross', tone: 'bad' };
  if (health === 'slow') return { word: 'Too slow', shape: 'cross', tone: 'bad' };
  const { fetching } = sibling.account;
  if (fetching === 'paused') return { word: 'Paused', shape: 'cross', tone: 'bad' };
  if (fetching === 'trial') return { word: 'On trial', shape: 'half', tone: 'under-way' };
  if (health === 'unknown') return { word: 'Not asked yet', shape: 'ring', tone: 'quiet' };
  return { word: 'Alive', shape: 'disc', tone: 'good' };
}

/** What is wrong with it, as a sentence. */
export function siblingProblem(sibling: SiblingState, now: Ms): string | undefined {
  const text = problemsOf(sibling, now).join('; ');
  return text === '' ? undefined : `${text.charAt(0).toUpperCase()}${text.slice(1)}`;
}

/** How it stands with the link of two Portico nodes that is up; `undefined`: there is none. */
export function linkWords(link: LinkStatus | undefined, now: Ms): string | undefined {
  if (link?.linked === undefined) return undefined;
  const missing = [
    ...missingWords(link.ours.behind, 'of ours', 'there'),
    ...missingWords(link.theirs.behind, 'of its own', 'here'),
  ];
  const purges = missing.length === 0 ? 'every purge is applied on both sides' : missing.join(', ');
  return `Linked for ${duration(now - link.linked)} · ${purges}`;
}

function missingWords(behind: number | undefined, whose: string, where: string): readonly string[] {
  return behind === undefined || behind === 0 ? [] : [`${counted(behind, 'purge')} ${whose} not yet applied ${where}`];
}

/** Whether it is a Portico node, be it linked now or not; `undefined`: it is not known. */
export function kindWords({ link }: SiblingState): string | undefined {
  if (link?.standing === undefined) return undefined;
  return link.standing === 'up' || link.standing === 'down' ? 'Portico' : 'not Portico';
}
