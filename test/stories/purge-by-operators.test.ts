import { beforeAll, describe, expect, test } from 'vitest';
import { OperatedNode } from '../support/operated-node.ts';
import { answer, type ScriptedOrigin, startOrigin } from '../support/origin.ts';
import { fetchRaw } from '../support/raw-client.ts';
import { statusOf } from './cache-scene.ts';
import { frontDoor } from './front-door.ts';

/** Purges by the admin API and the command line: what they are for is served by no worker when they are answered. */

let node: OperatedNode;
let origin: ScriptedOrigin;
/** Counted up with each deployment of the origin: bodies tell which one they are of. */
let version = 1;

beforeAll(async () => {
  origin = await startOrigin(({ target }) =>
    answer(`v${version} ${target}`, {
      fields: [
        'Cache-Control: max-age=3600, stale-while-revalidate=60',
        'Vary: Accept-Language',
        `Surrogate-Key: all-of-it tag-${target.split('/')[1]}`,
      ],
    }),
  );
  node = await OperatedNode.start({ ...frontDoor({ origins: [origin.url] }), cache: { memory: '64MiB' } });
});

const LANGUAGES = ['de', 'en'];

function ask(target: string, language = 'en', host?: string) {
  const head = [`Accept-Language: ${language}`];
  return fetchRaw(node.portico.port(), target, { head, ...(host !== undefined && { host }) });
}

/** Fetched in all variants, and then in the memory of both workers. */
async function fill(...targets: readonly string[]): Promise<void> {
  for (const target of targets) {
    for (const language of LANGUAGES) {
      await ask(target, language);
      const hits = await Promise.all(Array.from({ length: 12 }, () => ask(target, language)));
      expect(new Set(hits.map(statusOf))).toEqual(new Set(['hit']));
    }
  }
}

/** Of which versions a target is, in all variants and by all workers. */
async function versionsOf(target: string): Promise<Set<string>> {
  const asked = LANGUAGES.flatMap((language) => Array.from({ length: 12 }, () => ask(target, language)));
  return new Set((await Promise.all(asked)).map(({ body }) => body.split(' ')[0] as string));
}

const only = (each: number) => new Set([`v${each}`]);
const SITE = 'http://www.example.com';

describe.each([
  { way: 'the API', by: 'api' },
  { way: 'the command line', by: 'cli' },
])('by $way', ({ by }) => {
  const byApi = async (body: object) => {
    const reply = await node.ask('POST /cache/purge', { as: 'ops', body: { ...body, reason: 'a test' } });
    expect(reply.status).toBe(200);
  };
  const byCommand = async (...args: string[]) => {
    expect(await node.command('purge', ...args)).toMatchObject({ status: 0, stdout: expect.stringMatching(/^purged/) });
  };

  test.each([
    {
      what: 'URLs, with all variants',
      gone: ['/u/one', '/u/two'],
      stays: ['/u/three', '/u/one/more'],
      body: { urls: [`${SITE}/u/one`, `${SITE}/u/two`] },
      args: [`${SITE}/u/one`, `${SITE}/u/two`],
    },
    {
      what: 'a prefix',
      gone: ['/p/one', '/p/one/more'],
      stays: ['/p/two', '/q/p/one'],
      body: { prefixes: [`${SITE}/p/one`] },
      args: ['--prefix', `${SITE}/p/one`],
    },
    { what: 'a tag', gone: ['/a/1', '/a/2'], stays: ['/b/1'], body: { tags: ['tag-a'] }, args: ['--tag', 'tag-a'] },
    { what: 'everything', gone: ['/a/1', '/b/1'], stays: [], body: { all: true }, args: ['--all'] },
  ])('$what', async ({ gone, stays, body, args }) => {
    await byApi({ all: true });
    await fill(...gone, ...stays);
    const old = version++;
    for (const target of [...gone, ...stays]) expect(await versionsOf(target)).toEqual(only(old));
    if (by === 'api') await byApi(body);
    else await byCommand(...args);
    for (const target of gone) expect(await versionsOf(target)).toEqual(only(version));
    for (const target of stays) expect(await versionsOf(target)).toEqual(only(old));
    const { records } = (await node.ask('GET /audit?limit=1000')).json;
    expect(records.at(-1)).toMatchObject({ actor: 'ops', source: by, action: 'cache.purge', target: 'cache' });
  });

  test('softly: it is stale, and fetched anew', async () => {
    await fill('/soft');
    const old = version++;
    if (by === 'api') await byApi({ urls: [`${SITE}/soft`], soft: true });
    else await byCommand('--soft', `${SITE}/soft`);
    const first = await ask('/soft', 'en');
    expect([`v${old}`, `v${version}`]).toContain(first.body.split(' ')[0]);
    expect(statusOf(first)).not.toBe('hit');
    await origin.arrivals.waitFor(({ target }) => target === '/soft', { from: origin.arrivals.all.length - 1 });
    while ((await ask('/soft', 'en')).body !== `v${version} /soft`);
  });
});

test('while clients ask all the time, none gets what is older than an acknowledged purge', async () => {
  let acknowledged = version;
  let isOver = false;
  let outdated = 0;
  const clients = Array.from({ length: 6 }, async () => {
    while (!isOver) {
      const least = acknowledged;
      const { body } = await ask('/busy');
      if (Number(/^v(\d+)/.exec(body)?.[1]) < least) outdated += 1;
    }
  });
  for (let round = 0; round < 25; round++) {
    version += 1;
    const body = round % 2 === 0 ? { urls: [`${SITE}/busy`] } : { tags: ['all-of-it'] };
    expect((await node.ask('POST /cache/purge', { body })).status).toBe(200);
    acknowledged = version;
  }
  isOver = true;
  await Promise.all(clients);
  expect(outdated).toBe(0);
});

test('a dry run, and what cannot be purged, change nothing', async () => {
  await fill('/kept');
  const old = version++;
  const tries = [
    { path: '/cache/purge?dryRun=1', body: { all: true, reason: 'x' }, status: 200 },
    { path: '/cache/purge', body: { all: true }, status: 422 },
    { path: '/cache/purge', body: { urls: [`${SITE}/kept`, 'kept'] }, status: 422 },
    { path: '/cache/purge', body: {}, status: 422 },
  ];
  for (const { path, body, status } of tries) {
    expect((await node.ask(`POST ${path}`, { as: 'ops', body })).status).toBe(status);
  }
  expect((await node.ask('POST /cache/purge', { as: 'viewer', body: { urls: [`${SITE}/kept`] } })).status).toBe(403);
  expect((await node.command('purge')).status).toBe(2);
  expect(await versionsOf('/kept')).toEqual(only(old));
});
