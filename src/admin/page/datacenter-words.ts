import type { Ms } from '../../base/units.ts';
import type { DatacenterState } from '../api/dns-port.ts';
import { clock, duration } from './figures.ts';
import type { StateWords } from './states.ts';

/** In what state a datacenter is, in a word or two. */
export function datacenterWords({ effective, word }: DatacenterState): StateWords {
  switch (effective) {
    case 'serving':
      return { word: 'In service', shape: 'disc', tone: 'good' };
    case 'drain':
      return { word: 'Draining', shape: 'bars', tone: 'hand' };
    case 'down':
      return word?.admin === 'down'
        ? { word: 'Forced down', shape: 'cross', tone: 'hand' }
        : { word: 'Down', shape: 'cross', tone: 'bad' };
  }
}

/** What is wrong with it, whatever an operator says of it. */
export function datacenterProblem({ own, observed }: DatacenterState, now: Ms): string | undefined {
  const { health, since, problem } = observed;
  const found = problem === undefined ? '' : `: ${problem}`;
  if (health === 'down') return `${own ? 'Not ready' : 'Checks fail'} since ${clock(since, now)}${found}`;
  return problem === undefined ? undefined : `The last check failed${found}`;
}

/** What is seen of it beside its problem, when it was looked at, and what that may become; `undefined`: nothing more. */
export function healthWords({ own, observed }: DatacenterState, now: Ms): string | undefined {
  const { health, since, last, due, draining } = observed;
  const parts = health === 'down' ? [] : [seenWords(health, own, duration(now - since))];
  if (last !== undefined) parts.push(`checked ${duration(now - last.at)} ago`);
  if (due !== undefined && due > now) {
    parts.push(`${health === 'down' ? 'back' : 'out'} in ${duration(due - now)} at the earliest`);
  }
  if (draining) parts.push('this node drains');
  const text = parts.join(' · ');
  return text === '' ? undefined : `${text.charAt(0).toUpperCase()}${text.slice(1)}`;
}

function seenWords(health: 'up' | 'checking' | 'unknown', own: boolean, time: string): string {
  switch (health) {
    case 'up':
      return own ? `This node is ready for ${time}` : `Up for ${time}`;
    case 'checking':
      return 'Nothing is seen of it yet: it counts as up';
    case 'unknown':
      return 'Nobody checks it: it counts as up';
  }
}

/** `51.5° N, 0.1° W`. */
export function locationWords([north, east]: readonly [number, number]): string {
  return `${degrees(north, 'N', 'S')}, ${degrees(east, 'E', 'W')}`;
}

function degrees(value: number, above: string, below: string): string {
  return `${Math.abs(value)}°\u202f${value < 0 ? below : above}`;
}
