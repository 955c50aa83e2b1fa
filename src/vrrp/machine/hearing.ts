import { parseAddress } from '../../base/address.ts';
import type { Ms } from '../../base/units.ts';
import type { Advert } from '../model.ts';
import type { Heard, InstanceState } from './state.ts';
import type { Turn } from './turn.ts';

/** What an advertisement leaves behind, whatever the role. */
export function hear(turn: Turn, { source, priority, interval }: Advert): void {
  turn.set({ heard: { source, priority, interval, at: turn.now } });
}

/** The timers of v3 go by what the active router says; in v2 it says what we do, or is not heard at all. */
export function learn(turn: Turn, { interval }: Advert): void {
  turn.set({ activeInterval: turn.rules.version === 3 ? interval : turn.rules.interval });
}

/** Whether it has not missed more than one advertisement. */
export function isAlive({ at, interval }: Heard, now: Ms): boolean {
  return now - at < 2 * interval;
}

/** Whether it wins between equals: the greater primary address, as a number in network order (RFC 9568 §6.4.3). */
export function isGreater(source: string, { source: own }: InstanceState): boolean {
  const [theirs, ours] = [parseAddress(source), parseAddress(own)];
  if (theirs === undefined || ours === undefined) return false;
  if (typeof theirs === 'number' || typeof ours === 'number') return theirs > ours;
  const at = theirs.findIndex((word, index) => word !== ours[index]);
  return at >= 0 && (theirs[at] as number) > (ours[at] as number);
}
