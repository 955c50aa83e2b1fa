import { expect, test } from 'vitest';
import type { LogEvent } from '../support/event-log.ts';
import { type Ailing, answerers, healthScene } from './health-scene.ts';

/** Every origin of a pool fails, and as many are ejected as may be: who comes gets an answer, if a bad one. */

test('one whose ejection is over holds nobody up: no request ends in the queue', { timeout: 30_000 }, async () => {
  const outlier = { failures: 3, eject_for: '300ms', max_eject_for: '300ms' };
  const timeouts = { first_byte: '800ms' };
  const pool = { outlier, timeouts, queue: { timeout: '200ms' }, retries: { budget: '100%' } };
  const { portico, ailing } = await healthScene(2, { pool });
  const [hung, refusing] = ailing as [Ailing, Ailing];
  hung.requests = 'silent';
  refusing.requests = 'reset';
  // Each time on trial, it keeps its one request for longer than anybody may wait in the queue.
  const isFailedTrial = ({ message, why }: LogEvent) => message === 'origin ejected' && /on trial/.test(String(why));
  const trials = () => portico.events.all.filter(isFailedTrial).length;
  while (trials() < 3) await answerers(portico, 10);
  const errors = new Set(portico.accessLog.all.map(({ error }) => error));
  expect(errors).not.toContain('queue_timeout');
  expect(errors).toContain('http_response_timeout');
});
