import { expect, test } from 'vitest';
import { Seldom } from '../../../src/geodns/server/seldom.ts';
import { type EventRecord, eventLevels } from '../../../src/observe/event-forward.ts';

test('each event is told once in a while, with how many it stands for', () => {
  const told: EventRecord[] = [];
  let now = 0;
  const seldom = new Seldom(
    eventLevels((event) => told.push(event)),
    1_000,
    () => now,
  );
  for (let i = 0; i < 5; i++) seldom.warn('a reply was not sent', { i });
  seldom.error('another thing');
  now = 1_000;
  for (let i = 5; i < 8; i++) seldom.warn('a reply was not sent', { i });
  expect(told).toMatchObject([
    { level: 'warn', event: 'a reply was not sent', fields: { i: 0 } },
    { level: 'error', event: 'another thing' },
    { level: 'warn', event: 'a reply was not sent', fields: { i: 5, untold: 4 } },
  ]);
});
