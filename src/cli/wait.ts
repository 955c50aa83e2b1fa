import { setTimeout as pause } from 'node:timers/promises';
import type { Ms } from '../base/units.ts';
import type { AdminClient } from './admin-client.ts';
import { type ExitStatus, Failure, type Surroundings } from './command.ts';
import { Progress } from './progress.ts';
import { type OriginReply, originOf, originPath } from './replies.ts';
import { visible } from './screen.ts';
import { nameOf, type Target } from './target.ts';
import { span } from './words.ts';

export interface Wait {
  readonly what: 'drained' | 'up';
  readonly limit: Ms;
  /** What was asked for: when it is something else, somebody has changed it since. */
  readonly admin: string;
}

/**
 * How long each poll may take. The reply comes at once when it is so; between, it tells how far it is: by the second to
 * who looks on, less often to a log.
 */
const SLICE = { terminal: 1_000, elsewhere: 5_000 };

/** A node that answers too soon is not asked without a pause. */
const LEAST_PAUSE: Ms = 200;

/**
 * Waits by long polls until it is so (0), the time is over (3), or somebody interrupts (130): then the origin stays as it was
 * set. Throws a `Failure` when the node cannot be asked any more, or somebody else changed the origin.
 */
export async function waitFor(
  client: AdminClient,
  target: Target,
  wait: Wait,
  { out, err }: Pick<Surroundings, 'out' | 'err'>,
): Promise<ExitStatus> {
  const name = nameOf(target);
  const interrupt = new AbortController();
  const onInterrupt = () => interrupt.abort();
  process.once('SIGINT', onInterrupt);
  const progress = new Progress(err, () => performance.now());
  const start = performance.now();
  try {
    for (;;) {
      const waited = performance.now() - start;
      const left = Math.ceil(Math.max(0, wait.limit - waited));
      const slice = Math.min(err.isTerminal ? SLICE.terminal : SLICE.elsewhere, left);
      const origin = await poll(client, target, wait.what, slice, interrupt.signal);
      const now = performance.now() - start;
      if (origin === 'so' || origin === 'gone') {
        progress.end();
        out.write(`${name}: ${origin === 'so' ? wait.what : 'removed'} after ${span(now)}\n`);
        return 0;
      }
      if (origin.admin !== wait.admin && origin.effective !== 'removing') throw new Failure(otherwise(name, origin));
      if (now >= wait.limit) {
        progress.end();
        err.write(
          `portico: ${name} is not ${wait.what} after ${span(wait.limit)}: ${stateOf(origin)}; ${staysAs(wait)}\n`,
        );
        return 3;
      }
      progress.show(`${name}: ${stateOf(origin)}`, `${span(now)} of ${span(wait.limit)}`);
      await pause(Math.max(0, LEAST_PAUSE - (now - waited)), undefined, { signal: interrupt.signal });
    }
  } catch (error) {
    progress.end();
    if (!interrupt.signal.aborted) throw error;
    err.write(`portico: interrupted while waiting for ${name}; ${staysAs(wait)}\n`);
    return 130;
  } finally {
    process.off('SIGINT', onInterrupt);
  }
}

/** `gone`: removed, and nothing is in flight (410). */
async function poll(
  client: AdminClient,
  { pool, origin }: Target,
  what: Wait['what'],
  slice: Ms,
  signal: AbortSignal,
): Promise<OriginReply | 'so' | 'gone'> {
  const path = `${originPath(pool, origin.id)}?wait=${what}&timeout=${slice}ms`;
  const reply = await client.ask(path, { takes: [409, 410], patience: slice, signal });
  if (reply.status === 410) return 'gone';
  return reply.status === 409 ? originOf(reply) : 'so';
}

function stateOf(origin: OriginReply): string {
  const flight = `${origin.inFlight} in flight`;
  return origin.admin === 'active' ? `${origin.effective}, health ${origin.health}` : `${origin.effective}, ${flight}`;
}

function staysAs({ admin }: Wait): string {
  return admin === 'active' ? 'it stays enabled' : `it stays set to ${admin}; portico enable puts it back`;
}

function otherwise(name: string, { admin, override }: OriginReply): string {
  const who = override ? ` by ${visible(override.by)}` : '';
  return `${name} was set to ${admin}${who} meanwhile`;
}
