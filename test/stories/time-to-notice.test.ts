import { expect, test } from 'vitest';
import type { Ms } from '../../src/base/units.ts';
import { LONG, tell } from '../endurance/form.ts';
import { connectRaw } from '../support/raw-client.ts';
import { type Ailing, CHECK_PATH, healthScene, type Scene } from './health-scene.ts';

/**
 * How long an origin that fails still gets requests, and what clients see of it. Fifty requests a second, whatever
 * becomes of those before, two workers, two origins. PORTICO_TELL=1 tells the figures; with PORTICO_ENDURANCE=long they are those of the
 * default settings, which README has. What must hold is only that it comes to an end, and who is sooner.
 */

const OFTEN = LONG ? { path: CHECK_PATH } : { path: CHECK_PATH, interval: '200ms' };
const TIMEOUTS = LONG ? {} : { timeouts: { first_byte: '500ms' } };
/** Longer than any of them takes. */
const LIMIT: Ms = LONG ? 60_000 : 9000;

const refuse = (ill: Ailing) => ill.origin.close();
const hang = (ill: Ailing) => {
  ill.manner = 'silent';
};
const answer500 = (ill: Ailing) => {
  ill.requests = '500';
};

test.each([
  { failure: 'refused connections', checks: 'off', fail: refuse },
  { failure: '500 to requests', checks: 'off', fail: answer500 },
  { failure: 'silence', checks: OFTEN, fail: hang },
  { failure: 'silence', checks: 'off', fail: hang },
])(
  'requests to one of two origins end after: $failure (checks: $checks)',
  async ({ failure, checks, fail }) => {
    const scene = await healthScene(2, { pool: { health_check: checks, ...TIMEOUTS } });
    const noticed = await notice(scene, fail);
    tell(`${failure}, checks ${checks === 'off' ? 'off' : 'on'}`, noticed);
    // What is refused goes elsewhere; of what is answered by 500, no more reach clients than were sent there.
    if (failure === 'refused connections') expect(noticed.failed).toBe(0);
    expect(noticed.failed).toBeLessThanOrEqual(noticed.chosen);
    expect(noticed.chosenLater).toBe(0);
  },
  LIMIT * 3,
);

interface Noticed {
  /** From the failure to the last request that came there; `undefined`: none came. */
  readonly lastRequest: Ms | undefined;
  /** To the event which says that none is sent there any more. */
  readonly told: Ms;
  /** How often it was chosen after it had failed. */
  readonly chosen: number;
  /** And how often after that was told. When a request *arrives* says less: one that was under way may come a moment later. */
  readonly chosenLater: number;
  /** Of all requests that were under way or came until then, how many had no 200; and the slowest. */
  readonly asked: number;
  readonly failed: number;
  readonly slowest: Ms;
}

async function notice({ portico, admin, ailing }: Scene, fail: (ill: Ailing) => unknown): Promise<Noticed> {
  const [ill] = ailing as [Ailing, Ailing];
  await admin.poolWhere(({ origins }) => origins.every(({ effective }) => effective === 'active'));
  const replies: { readonly status: number; readonly time: Ms; readonly at: Ms }[] = [];
  const asked: Promise<void>[] = [];
  const client = async () => {
    const begun = performance.now();
    const { status } = await ask(portico.port());
    const at = performance.now();
    replies.push({ status, time: at - begun, at });
  };
  const load = setInterval(() => asked.push(client()), 20);
  while (replies.length < 10) await new Promise(setImmediate);
  const { elected } = await admin.origin(ill.name);
  const failedAt = performance.now();
  await fail(ill);
  const isOut = ({ message }: { readonly message: string }) => /^origin (ejected|down)$/.test(message);
  await portico.events.waitFor(isOut, { limit: LIMIT });
  const told = performance.now() - failedAt;
  const chosen = (await admin.origin(ill.name)).elected - elected;
  clearInterval(load);
  await Promise.all(asked);
  const chosenLater = (await admin.origin(ill.name)).elected - elected - chosen;
  const since = replies.filter(({ at }) => at >= failedAt);
  const { lastAsked } = ill;
  return {
    lastRequest: lastAsked === undefined || lastAsked < failedAt ? undefined : Math.round(lastAsked - failedAt),
    told: Math.round(told),
    chosen,
    chosenLater,
    asked: since.length,
    failed: since.filter(({ status }) => status !== 200).length,
    slowest: Math.round(Math.max(...since.map(({ time }) => time))),
  };
}

async function ask(port: number) {
  const client = await connectRaw(port);
  await client.send('GET / HTTP/1.1\r\nHost: www.example.com\r\nConnection: close\r\n\r\n');
  const response = await client.response('GET', LIMIT);
  client.close();
  return response;
}
