import type { Ms } from '../../base/units.ts';
import type { OriginState, PoolState } from '../../operator/model.ts';
import { clock, duration } from './figures.ts';
import type { ShapeName } from './shapes.ts';

/**
 * What the colour of a state says, beside its word and its shape: `good`, it serves; `bad`, something is wrong;
 * `hand`, somebody wants it so; `under-way`, it will be something else soon; `quiet`, it is not needed now.
 */
export type Tone = 'good' | 'bad' | 'hand' | 'under-way' | 'quiet';

export interface StateWords {
  readonly word: string;
  readonly shape: ShapeName;
  readonly tone: Tone;
}

/** In what state an origin is, in a word or two. */
export function stateOf(origin: OriginState): StateWords {
  switch (origin.effective) {
    case 'active':
      return { word: 'Active', shape: 'disc', tone: 'good' };
    case 'warming':
      return { word: `Warming ${Math.round(origin.observed.warmth * 100)}\u202f%`, shape: 'half', tone: 'under-way' };
    case 'draining':
      return { word: 'Draining', shape: 'down', tone: 'under-way' };
    case 'drained':
      return { word: 'Drained', shape: 'tray', tone: 'hand' };
    case 'maint':
      return { word: 'Maintenance', shape: 'bars', tone: 'hand' };
    case 'stopped':
      return { word: 'Stopped', shape: 'square', tone: 'hand' };
    case 'removing':
      return { word: 'Removing', shape: 'minus', tone: 'under-way' };
    case 'standby':
      return { word: 'Standby', shape: 'ring', tone: 'quiet' };
    case 'spare':
      return { word: 'Spare', shape: 'ring', tone: 'quiet' };
    case 'down':
      return outOfHealth(origin);
  }
}

function outOfHealth({ health, observed }: OriginState): StateWords {
  if (health === 'forced_down') return { word: 'Forced down', shape: 'cross', tone: 'hand' };
  if (health === 'checking') return { word: 'Checking', shape: 'dashed', tone: 'under-way' };
  if (health !== 'down' && observed.ejectedUntil !== undefined) return { word: 'Ejected', shape: 'cross', tone: 'bad' };
  return { word: 'Down', shape: 'cross', tone: 'bad' };
}

/** Whether requests are sent there, or would be if there was need of it. */
export function isUsable({ effective }: OriginState): boolean {
  return effective === 'active' || effective === 'warming' || effective === 'standby' || effective === 'spare';
}

/** What the health of an origin is, where that is more than its state says. */
export function healthProblem({ health, observed, admin }: OriginState, now: Ms): string | undefined {
  const { problem, ejectedUntil, since } = observed;
  const found = problem === undefined ? '' : `: ${problem}`;
  if (ejectedUntil !== undefined && health !== 'down') {
    return ejectedUntil > now
      ? `Requests failed there: it is out for ${duration(ejectedUntil - now)} more${found}`
      : `Requests failed there: it is on trial${found}`;
  }
  if (observed.trial === true) return `Requests failed there: it is on trial${found}`;
  if (health === 'down') return `Checks fail since ${clock(since, now)}${found}`;
  if (health === 'checking' && admin === 'active') return `No check was good yet${found}`;
  return undefined;
}

/** How far it is with an origin that is being emptied. */
export interface DrainWords {
  readonly text: string;
  readonly isDone: boolean;
}

/**
 * Nothing in flight is final when nobody is sent there any more. While it drains, clients that stick to the origin may
 * come back.
 */
export function drainWords(origin: OriginState, pool: PoolState, now: Ms): DrainWords | undefined {
  const { drain, traffic, admin } = origin;
  if (drain === undefined) return undefined;
  const { inFlight, upgraded, stickyRecent } = traffic;
  if (drain.drained) {
    const mayComeBack = admin === 'drain' && pool.sticky !== undefined;
    if (!mayComeBack) return { text: 'Drained: safe to stop', isDone: true };
    const text = 'Nothing in flight, but clients that stick to it may come back: maintenance keeps them away too';
    return { text, isDone: false };
  }
  const parts = [`${inFlight} in flight`];
  if (upgraded > 0) parts.push(`${upgraded} of them upgraded connections`);
  if (admin === 'drain' && stickyRecent > 0) parts.push(`${stickyRecent} clients stick to it`);
  const { deadline, onDeadline } = drain;
  if (deadline !== undefined) {
    const then = onDeadline === 'cut' ? 'then cut' : 'then still waited for';
    parts.push(deadline > now ? `${duration(deadline - now)} left, ${then}` : 'the deadline is over');
  }
  return { text: parts.join(' · '), isDone: false };
}
