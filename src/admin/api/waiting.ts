import { z } from 'zod';
import type { Ms } from '../../base/units.ts';
import type { OriginId } from '../../operator/commands.ts';
import type { OriginState } from '../../operator/model.ts';
import { Problem } from '../problem.ts';
import { type Condition, holds } from './condition.ts';
import { etagOf } from './conditions.ts';
import type { ApiContext } from './context.ts';
import { originBody } from './represent.ts';
import { span } from './values.ts';

/** Long polls: the reply comes when something is so, or when the time is over. */

export const WAIT_QUERY = {
  wait: z.enum(['drained', 'up', 'active', 'changed']).optional().describe('Replies when it is so.'),
  timeout: span('0s', '1h').optional().describe('For wait: how long. Default: 60 seconds.'),
};

export const DEFAULT_TIMEOUT: Ms = 60_000;

/** In seconds: whoever waited in vain asks again then. */
const RETRY_AFTER = '5';

/**
 * Throws a 409 that shows the origin when the time is over, so that `curl -f` and Ansible fail; a 410 when it is gone; a
 * 503 when the node stops before.
 */
export async function waitFor(
  { operator }: ApiContext,
  origin: OriginState,
  condition: Condition,
  timeout: Ms,
  signal: AbortSignal,
): Promise<OriginState> {
  if (holds(condition, origin)) return origin;
  const now = await operator.wait(idOf(origin), condition, timeout, { signal });
  if (now === undefined) throw new Problem('removed', `${origin.pool}/${origin.id} was removed, and is empty`);
  if (holds(condition, now)) return now;
  throwIfEnded(signal);
  const { effective, health, observed, traffic } = now;
  const unproven = observed.unproven ? ' (no good check since it was enabled)' : '';
  const got = `${effective}, health ${health}${unproven}, ${traffic.inFlight} in flight`;
  const detail = `expected ${condition} within ${timeout / 1000} s, got ${got}`;
  throw new Problem(`not-${condition}`, detail, {
    members: { origin: originBody(now) },
    headers: { 'Retry-After': RETRY_AFTER, ETag: etagOf(now) },
  });
}

/** Throws a 503 when a wait has not come to its end, but was ended. */
export function throwIfEnded(signal: AbortSignal): void {
  if (!signal.aborted) return;
  throw new Problem('closing', 'expected it to be so before the wait was ended; ask again', {
    headers: { 'Retry-After': RETRY_AFTER },
  });
}

/** Another version than this one; the same, when the time is over. */
export async function waitForChange(
  { operator }: ApiContext,
  origin: OriginState,
  timeout: Ms,
  signal: AbortSignal,
): Promise<OriginState> {
  const now = await operator.wait(idOf(origin), 'changed', timeout, { signal, version: origin.version });
  if (now === undefined) throw new Problem('removed', `${origin.pool}/${origin.id} was removed, and is empty`);
  return now;
}

export function idOf({ pool, id }: OriginId): OriginId {
  return { pool, id };
}
