import { expect, test } from 'vitest';
import { answer, type OriginRequest } from '../support/origin.ts';
import { type Member, type Siblings, startSiblings, toldBy } from './sibling-scene.ts';

/** A node that was away, or starts while it is cut off, serves nothing of its disk that was purged elsewhere meanwhile. */

const VALIDATED = 'what is on disk is validated until siblings are caught up with';
const TRUSTED = 'siblings are caught up with, what is on disk is trusted';

const SCENE = { script, cache: { disk: { size: '64MiB' } }, siblings: { timeout: '100ms' } };

type Signal = 'SIGTERM' | 'SIGKILL';

let siblings: Siblings;
/** Counted up when something is purged: what it is about is another then. */
let version = 1;
let isDown = false;

function script(request: OriginRequest): Buffer | AsyncIterable<string> {
  if (isDown) return reset(request);
  const { target } = request;
  const now = target.startsWith('/kept') ? 1 : version;
  const fields = ['Cache-Control: max-age=3600', `ETag: "${now}"`, `Surrogate-Key: ${target.split('/')[1]}`];
  if (request.values('if-none-match').includes(`"${now}"`)) {
    return Buffer.from(`HTTP/1.1 304 Not Modified\r\n${fields.join('\r\n')}\r\n\r\n`);
  }
  return answer(bodyOf(target, now), { fields });
}

// biome-ignore lint/correctness/useYield: it ends before it has said anything
async function* reset({ connection }: OriginRequest): AsyncGenerator<string> {
  connection.reset();
}

function bodyOf(target: string, of: number): string {
  return `<v${of} of ${target}>`;
}

const PURGED = ['/url/1', '/prefix/1', '/tag/1', '/soft/1'];
const KEPT = ['/kept/1', '/kept/2'];

/** As it is at `of`; and what the node says of its cache. */
async function expectAll(member: Member, targets: readonly string[], of: number): Promise<string[]> {
  const replies = await Promise.all(targets.map((target) => member.ask(target)));
  expect(replies.map(({ body }) => body)).toEqual(targets.map((target) => bodyOf(target, of)));
  return replies.map(toldBy);
}

/** All is stored at these, and on their disks, as it is now. */
async function storedAt(...members: readonly Member[]): Promise<void> {
  for (const member of members) {
    await expectAll(member, PURGED, version);
    await expectAll(member, KEPT, 1);
    const bodies = [...PURGED.map((target) => bodyOf(target, version)), ...KEPT.map((target) => bodyOf(target, 1))];
    await member.onDisk(...bodies);
  }
}

async function purgeAll(member: Member): Promise<void> {
  version += 1;
  await Promise.all([
    member.purge('/url/1'),
    member.purge('/prefix/*'),
    member.purge('/', 'Surrogate-Key: tag'),
    member.purge('/soft/1', 'X-Purge-Soft: 1'),
  ]);
}

test.each(['SIGTERM', 'SIGKILL'] as const)('a node that was ended by %s', async (signal) => {
  version = 1;
  siblings = await startSiblings(SCENE);
  const [a, b] = siblings.members as [Member, Member];
  await storedAt(b);
  await awayMeanwhile(a, b, signal);
  await storedAt(b);
  await startedCutOff(a, b, signal);
});

/** It has caught up before it serves anybody. */
async function awayMeanwhile(a: Member, b: Member, signal: Signal): Promise<void> {
  if (signal === 'SIGKILL') await b.kill();
  else await b.portico.stop();
  await purgeAll(a);
  const asked = siblings.origin.requests.length;
  await b.start();
  expect(b.said(VALIDATED)).toEqual([]);
  await expectAll(b, PURGED, 2);
  await b.portico.events.waitFor('disk cache is indexed');
  await expectAll(b, KEPT, 1);
  expect(siblings.origin.requests.length - asked).toBe(PURGED.length);
}

/** It asks the origin before it serves what is on disk. */
async function startedCutOff(a: Member, b: Member, signal: Signal): Promise<void> {
  siblings.part('a', 'b');
  await purgeAll(a);
  await b.restart(signal);
  expect(b.said(VALIDATED)).toMatchObject([{ siblings: [expect.stringContaining(a.seenAt)] }]);
  await b.portico.events.waitFor('disk cache is indexed');

  isDown = true;
  for (const target of [...PURGED, ...KEPT]) expect((await b.ask(target)).status).toBe(502);
  isDown = false;
  const asked = siblings.origin.requests.length;
  await expectAll(b, PURGED, 3);
  expect(await expectAll(b, ['/kept/1'], 1)).toEqual([expect.stringContaining('fwd-status=304')]);
  const conditional = siblings.origin.requests.slice(asked).filter((each) => each.values('if-none-match').length > 0);
  expect(conditional).toHaveLength(PURGED.length + 1);

  await siblings.join('a', 'b');
  await b.portico.events.waitFor(TRUSTED, { limit: 12_000 });
  const before = siblings.origin.requests.length;
  expect(await expectAll(b, KEPT, 1)).toEqual(['hit', 'hit']);
  expect(siblings.origin.requests.length).toBe(before);
  await expectAll(b, PURGED, 3);
}

test('nor does it take it from a third that was not told either', async () => {
  version = 1;
  siblings = await startSiblings({ ...SCENE, names: ['a', 'b', 'c'] });
  const [a, b, c] = siblings.members as [Member, Member, Member];
  await storedAt(b, c);
  siblings.part('a', 'b');
  siblings.part('a', 'c');
  await purgeAll(a);
  await b.restart('SIGKILL');
  await b.linked('c');
  await b.portico.events.waitFor('disk cache is indexed');
  // It runs, and cannot know.
  await expectAll(c, PURGED, 1);
  const asked = siblings.origin.requests.length;
  await expectAll(b, PURGED, 2);
  await expectAll(b, KEPT, 1);
  expect(siblings.origin.requests.length - asked).toBe(PURGED.length + KEPT.length);
});
