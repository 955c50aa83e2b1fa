import { describe, expect, test } from 'vitest';
import type { AccessEntry } from '../../src/observe/access-entry.ts';
import { Generation } from '../../src/proxy/generation.ts';
import { Handler } from '../../src/proxy/handle.ts';
import type { ListenerPlan, ProxyPlan } from '../../src/proxy/plan.ts';
import { type TrafficCounter, UNCOUNTED } from '../../src/proxy/traffic.ts';
import { OriginTable } from '../../src/workers/origin-table.ts';
import { answer, type Script, type ScriptedOrigin, startOrigin } from '../support/origin.ts';
import { fieldOf } from '../support/raw-client.ts';
import { atTeardown } from '../support/teardown.ts';
import { within } from '../support/wait.ts';
import { type Asked, CollectedExchange } from './caching/collected-exchange.ts';
import { Rig } from './caching/rig.ts';
import { ScriptedSiblings } from './caching/scripted-siblings.ts';
import { planned } from './planned.ts';

/** A generation that has siblings: one of them on a real connection, and an origin likewise. */

const FRESH = ['Cache-Control: max-age=60'];
const STORED = answer('whole', { fields: [...FRESH, 'Age: 5'] });
const MISS = answer('not here', { status: '504 Gateway Timeout' });

describe('a fetch from a sibling', () => {
  test('is in absolute form and tells the way here, also where Via is not told', async () => {
    const { ask, peer, origin } = await open(() => STORED);
    const { exchange, entry } = await ask('/a?b', ['User-Agent', 'curl', 'X-Forwarded-For', '203.0.113.9']);
    expect([exchange.status, exchange.content.toString(), exchange.field('age')]).toEqual([200, 'whole', '5']);
    const request = peer.requests[0];
    expect(request?.connection.received.toString().split('\r\n')[0]).toBe('GET http://www.example.com/a?b HTTP/1.1');
    expect(
      ['host', 'cache-control', 'cdn-loop', 'x-forwarded-for', 'via'].map((name) => request && fieldOf(request, name)),
    ).toEqual(['www.example.com', 'only-if-cached', 'edge-1', '192.0.2.1', undefined]);
    expect(entry).toMatchObject({ sibling: 'edge-2', origin: undefined, attempts: 0, pool: 'app', fromSibling: false });
    expect(entry.firstByte).toBeGreaterThanOrEqual(0);
    expect(origin.requests).toHaveLength(0);
  });

  test('is no attempt at an origin, and nothing is counted of one', async () => {
    const { ask, counted } = await open(() => STORED);
    await ask('/a');
    expect(counted).toEqual(['entered', 'ended']);
  });

  test('that does not have it any more leaves its connection for the next', async () => {
    const { ask, peer, siblings, origin } = await open(({ target }) => (target.endsWith('/a') ? MISS : STORED));
    const first = await ask('/a');
    expect([first.exchange.content.toString(), first.entry.sibling, first.entry.attempts]).toEqual([
      'origin',
      undefined,
      1,
    ]);
    expect((await ask('/b')).entry.sibling).toBe('edge-2');
    expect([peer.connections.length, origin.requests.length]).toEqual([1, 1]);
    expect(siblings.outcomes).toEqual([
      [0, 'false-hit'],
      [0, 'hit'],
    ]);
  });

  test('whose peer is not there goes to the origins', async () => {
    const { ask, peer, siblings } = await open(() => STORED);
    await peer.close();
    expect((await ask('/a')).exchange.content.toString()).toBe('origin');
    expect(siblings.outcomes).toEqual([[0, 'failed']]);
  });
});

describe('a reload', () => {
  test('keeps the connections to a sibling that it does not change', async () => {
    const { ask, peer, reload } = await open(() => STORED);
    await ask('/a');
    reload({});
    await ask('/b');
    expect(peer.connections).toHaveLength(1);
  });

  test('ends those to one that is no more, and asks nobody', async () => {
    const { ask, peer, origin, reload } = await open(() => STORED);
    await ask('/a');
    reload({ peers: [] });
    await within(peer.connections[0]?.closed as Promise<void>, 'the connection to be closed');
    await ask('/b');
    expect(origin.requests).toHaveLength(1);
  });
});

test('what siblings fetch is counted by their address, and not as traffic of clients', async () => {
  const { ask, counted, siblings, reload } = await open(() => STORED);
  await ask('/a');
  counted.length = 0;
  reload({ allow: ['192.0.2.1'] });
  const wish = ['Cache-Control', 'only-if-cached'];
  expect((await ask('/a', wish)).entry).toMatchObject({ fromSibling: true, status: 200 });
  expect((await ask('/b', wish)).entry).toMatchObject({ fromSibling: true, status: 504 });
  expect(counted).toEqual([]);
  expect(siblings.servings).toEqual([
    ['192.0.2.1', true, 5],
    ['192.0.2.1', false, 0],
  ]);
});

interface Changes {
  readonly allow?: readonly string[];
  readonly peers?: readonly [];
}

async function open(script: Script) {
  const peer = await startOrigin(script);
  const origin = await startOrigin(() => answer('origin', { fields: FRESH }));
  const rig = await Rig.open({ answer: () => {} });
  const siblings = new ScriptedSiblings();
  const counted: string[] = [];
  const traffic = recorded(counted);
  const counters = new OriginTable(OriginTable.allocate(1), 1, 0);
  const made = (changes: Changes, previous?: Generation) =>
    new Generation(planOf(origin, peer, changes), counters, previous, traffic, siblings);
  const entries: AccessEntry[] = [];
  const handler = new Handler(
    made({}),
    (entry) => entries.push(entry),
    () => rig.cacheAt(0),
  );
  atTeardown(async () => {
    handler.generation.close();
    await rig.close();
  });
  const ask = async (target: string, fields: Asked['fields'] = []) => {
    const exchange = new CollectedExchange({ method: 'GET', target, fields }, Date.now());
    handler.take(exchange, PLAIN);
    await rig.over({ exchange } as Parameters<Rig['over']>[0]);
    return { exchange, entry: entries.at(-1) as AccessEntry };
  };
  const reload = (changes: Changes) => handler.switchTo(made(changes, handler.generation));
  return { ask, reload, peer, origin, siblings, counted };
}

const PLAIN = { redirectPort: undefined } as ListenerPlan;

function planOf(origin: ScriptedOrigin, { url }: ScriptedOrigin, changes: Changes): ProxyPlan {
  const peers = [{ name: 'edge-2', icp: '127.0.0.1:3130', url, tls: { verify: true } }];
  const written = {
    node: { name: 'edge-1', via: false },
    pools: { app: { origins: [origin.url] } },
    siblings: { timeout: 2000, allow: [], peers, ...changes },
  };
  return planned(written, { ports: [80] }).plan;
}

/** Notes by name what is counted. */
function recorded(counted: string[]): TrafficCounter {
  const noted = Object.keys(UNCOUNTED).map((name) => [name, () => counted.push(name)]);
  return Object.fromEntries(noted) as TrafficCounter;
}
