import { z } from 'zod';
import { expected } from '../../../base/setting.ts';
import type { Ms } from '../../../base/units.ts';
import type { OperatorEvent } from '../../../operator/commands.ts';
import type { ReplyStream } from '../../mount.ts';
import type { ApiContext } from '../context.ts';
import { eventsSchema } from '../node-schemas.ts';
import { eventBody } from '../represent.ts';
import { type AnyRoute, route } from '../route.ts';
import { span } from '../values.ts';

/**
 * What happens, as it happens: as an event stream (https://html.spec.whatwg.org/#server-sent-events), or by long polls
 * for who accepts JSON. A cursor is `RUN-NUMBER`, as numbers begin anew when the node does: one of a former run means
 * all that is known of this one. A number alone is of this run.
 */

const CURSOR = expected('the next of a former reply, or the number of an event');

const cursor = z
  .string(CURSOR)
  .regex(/^([0-9a-z]+-)?\d{1,15}$/, CURSOR)
  .optional()
  .describe('Those after this one. Absent: those that come from now on.');

export const EVENTS_ROUTE: AnyRoute = route({
  method: 'GET',
  path: '/events',
  id: 'events',
  summary: 'Changes, health and the progress of drains: an event stream; with Accept: application/json a long poll',
  role: 'read',
  params: z.strictObject({}),
  query: z.strictObject({
    since: cursor,
    timeout: span('0s', '1h').default(30_000).describe('Of a long poll. Default: 30 seconds.'),
  }),
  replies: { 200: { description: 'What happened.', schema: eventsSchema, stream: 'text/event-stream' } },
  problems: [],
  async handle({ query, request }, context) {
    const { headers, signal } = request;
    const last = headers['last-event-id'];
    const after = afterOf(typeof last === 'string' && last !== '' ? last : query.since, context.run);
    if (headers.accept?.includes('application/json') === true) {
      return { status: 200, body: await poll(context, after, query.timeout, signal) };
    }
    return {
      status: 200,
      headers: { 'Content-Type': 'text/event-stream; charset=utf-8' },
      stream: (out) => stream(context, after, out, signal),
    };
  },
});

/** The number after which events are wanted; `undefined`: from now on. */
function afterOf(text: string | undefined, run: string): number | undefined {
  const match = /^(?:([0-9a-z]+)-)?(\d{1,15})$/.exec(text ?? '');
  if (match === null) return undefined;
  return match[1] === undefined || match[1] === run ? Number(match[2]) : 0;
}

/** In one reply. */
const BATCH = 1000;

async function poll(context: ApiContext, after: number | undefined, timeout: Ms, signal: AbortSignal) {
  const events: OperatorEvent[] = [];
  const { promise: something, resolve } = Promise.withResolvers<void>();
  const { stop, last } = follow(context, after, (event) => {
    if (events.length < BATCH) events.push(event);
    resolve();
  });
  const timer = setTimeout(resolve, timeout);
  signal.addEventListener('abort', () => resolve(), { once: true });
  if (signal.aborted) resolve();
  await something;
  clearTimeout(timer);
  stop();
  const number = events.at(-1)?.number ?? after ?? last;
  return { events: events.map(eventBody), next: `${context.run}-${number}` };
}

async function stream(context: ApiContext, after: number | undefined, out: ReplyStream, signal: AbortSignal) {
  const { promise: over, resolve } = Promise.withResolvers<void>();
  const write = (text: string) => {
    if (!out.write(text)) resolve();
  };
  // A browser whose connection broke comes again after this many milliseconds.
  write('retry: 2000\n\n');
  const { stop } = follow(context, after, (event) => {
    const { number, type } = event;
    write(`id: ${context.run}-${number}\nevent: ${type}\ndata: ${JSON.stringify(eventBody(event))}\n\n`);
  });
  const heartbeat = setInterval(() => write(': still here\n\n'), context.heartbeat);
  signal.addEventListener('abort', () => resolve(), { once: true });
  if (signal.aborted) resolve();
  await over;
  clearInterval(heartbeat);
  stop();
}

/** Those that are known come before this returns. `last`: the number of the last of them. */
function follow(
  { operator }: ApiContext,
  after: number | undefined,
  onEvent: (event: OperatorEvent) => void,
): { readonly stop: () => void; readonly last: number } {
  let last = 0;
  let isPast = true;
  const stop = operator.events(after ?? 0, (event) => {
    if (isPast) last = event.number;
    if (after !== undefined || !isPast) onEvent(event);
  });
  isPast = false;
  return { stop, last };
}
