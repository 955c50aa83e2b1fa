import { expect } from 'vitest';
import type { LogEvent } from '../support/event-log.ts';
import type { Portico } from '../support/portico.ts';
import { tell } from './form.ts';

/** What makes Portico check the memory of its cache when it stops. */
export const CHECKED = { PORTICO_CACHE_CHECK: '1' } as const;

/**
 * Stops a Portico that is at rest: it has to end well, with a memory in which all fits together and nobody holds
 * anything. `foreseen`: errors that its log may have.
 */
export async function expectNothingHeld(portico: Portico, foreseen: readonly string[] = []): Promise<LogEvent> {
  expect(await portico.stop(20_000)).toBe(0);
  const wanted = ['cache memory checked', 'cache memory is damaged'];
  const checked = portico.events.all.find(({ message }) => wanted.includes(message));
  if (checked === undefined) throw new Error('the memory was not checked');
  expect(checked).toMatchObject({ message: 'cache memory checked', pinned: 0, led: 0 });
  const isTrouble = ({ level, message }: LogEvent) => level === 'error' && !foreseen.includes(message);
  expect(portico.events.all.filter(isTrouble)).toEqual([]);
  const { entries, objects, onDisk, evictions, lockWaits } = checked;
  tell('memory', { entries, objects, onDisk, evictions, lockWaits });
  return checked;
}
