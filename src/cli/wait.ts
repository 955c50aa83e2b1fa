import { setTimeout as pause } from 'node:timers/promises';
import type { Ms } from '../base/units.ts';
import type { AdminClient } from './admin-client.ts';
import { type ExitStatus, Failure, type Surroundings } from './command.ts';
import { interruptible } from './interruptible.ts';
import type { Progress } from './progress.ts';
import { type OriginReply, originOf, originPath } from './replies.ts';
import { visible } from './screen.ts';
import { nameOf, type Target } from './target.ts';
import { span } from './words.ts';

export interface Wait {
  readonly what: 'drained' | 'up';
  /** When it began, as `performance.now()` has it; several waits may share one time. */
  readonly start: Ms;
  readonly limit: Ms;
  /** What was asked for: when it is something else, somebody has changed it since. */
  readonly admin: string;
}

/** A node that answers too soon is not asked without a pause. */
const LEAST_PAUSE: Ms = 200;

/**
 * Waits by long polls until it is so (0), the time is over (3), or somebody interrupts (130): then the origin stays as
 * it was set. Throws a `Failure` when the node cannot be asked any more, or somebody else changed the origin.
 */
export async function waitFor(
  client: AdminClient,
  target: Target,
  wait: Wait,
  { out, err }: Pick<Surroundings, 'out' | 'err'>,
): Promise<ExitStatus> {
  const name = nameOf(target);
  return interruptible(err, { what: ` for ${name}`, left: staysAs(wait) }, async (progress, signal) => {
    const last = await follow(client, target, wait, progress, signal);
    progress.end();
    if (typeof last === 'string') {
      out.write(`${name}: ${last === 'so' ? wait.what : 'removed'} after ${span(performance.now() - wait.start)}\n`);
      return 0;
    }
    const inVain = `${name} is not ${wait.what} after ${span(wait.limit)}: ${stateOf(last)}`;
    err.write(`portico: ${inVain}; ${staysAs(wait)}\n`);
    return 3;
  });
}

/** How it ended, or the origin as it is when the time is over. */
async function follow(
  client: AdminClient,
  target: Target,
  wait: Wait,
  progress: Progress,
  signal: AbortSignal,
): Promise<Polled> {
  const name = nameOf(target);
  for (;;) {
    const asked = performance.now();
    const left = Math.ceil(Math.max(0, wait.limit - (asked - wait.start)));
    const origin = await poll(client, target, wait.what, Math.min(progress.interval, left), signal);
    if (typeof origin === 'string') return origin;
    if (origin.admin !== wait.admin && origin.effective !== 'removing') throw new Failure(otherwise(name, origin));
    const now = performance.now();
    if (now - wait.start >= wait.limit) return origin;
    progress.show(`${name}: ${stateOf(origin)}`, `${span(now - wait.start)} of ${span(wait.limit)}`);
    await pause(Math.max(0, LEAST_PAUSE - (now - asked)), undefined, { signal });
  }
}

/** `gone`: removed, and nothing is in flight (410). An origin: not yet so. */
type Polled = OriginReply | 'so' | 'gone';

async function poll(
  client: AdminClient,
  { pool, origin }: Target,
  what: Wait['what'],
  slice: Ms,
  signal: AbortSignal,
): Promise<Polled> {
  const path = `${originPath(pool, origin.id)}?wait=${what}&timeout=${slice}ms`;
  const reply = await client.ask(path, { takes: [409, 410], patience: slice, signal });
  if (reply.status === 410) return 'gone';
  return reply.status === 409 ? originOf(reply) : 'so';
}

function stateOf(origin: OriginReply): string {
  const { admin, effective, health, inFlight, problem } = origin;
  if (admin !== 'active') return visible(`${effective}, ${inFlight} in flight`);
  return visible(`${effective}, health ${health}${problem ? ` (${problem})` : ''}`);
}

function staysAs({ admin }: Wait): string {
  return admin === 'active' ? 'it stays enabled' : `it stays set to ${admin}; portico enable puts it back`;
}

function otherwise(name: string, { admin, override }: OriginReply): string {
  const who = override ? ` by ${visible(override.by)}` : '';
  return `${name} was set to ${visible(admin)}${who} meanwhile`;
}
