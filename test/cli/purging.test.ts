import { expect, test } from 'vitest';
import { portico } from './command-runs.ts';
import { ScriptedNode } from './scripted-node.ts';

const URL_ONE = 'http://www.example.com/a.css';
const URL_TWO = 'https://www.example.com/b.css';

test.each([
  { args: [URL_ONE], body: { urls: [URL_ONE], soft: false }, told: 'purged: 1 URL' },
  { args: [URL_ONE, URL_TWO], body: { urls: [URL_ONE, URL_TWO], soft: false }, told: 'purged: 2 URLs' },
  {
    args: ['--prefix', `${URL_ONE}/`, '--soft'],
    body: { prefixes: [`${URL_ONE}/`], soft: true },
    told: `purged softly: what begins with ${URL_ONE}/`,
  },
  { args: ['--tag', 'a'], body: { tags: ['a'], soft: false }, told: 'purged: what has tag a' },
  {
    args: ['--tag', 'a', '--tag=b', '--reason', 'new prices'],
    body: { tags: ['a', 'b'], soft: false, reason: 'new prices' },
    told: 'purged: what has tag a or b',
  },
  {
    args: [URL_ONE, '--tag', 'a'],
    body: { urls: [URL_ONE], tags: ['a'], soft: false },
    told: 'purged: 1 URL, what has tag a',
  },
  { args: ['--all'], body: { all: true, soft: false }, told: 'purged: everything' },
])('purge $args', async ({ args, body, told }) => {
  const node = await ScriptedNode.start();
  expect(await portico(['purge', ...args, '--admin', node.url])).toEqual({
    status: 0,
    stdout: `${told}\n`,
    stderr: '',
  });
  expect(node.received).toMatchObject([{ method: 'POST', url: '/api/v1/cache/purge', body }]);
});

test('purge tells what became of it at each sibling, and warns of those that have not purged it', async () => {
  const node = await ScriptedNode.start({
    purged: [
      { peer: 'us-2', outcome: 'acknowledged' },
      { peer: 'us-3', outcome: 'not-reached' },
      { peer: 'us-4', outcome: 'not-acknowledged' },
      { peer: 'squid', outcome: 'not-told' },
      { peer: 'us-5', outcome: 'put\x1b[2J off' },
    ],
  });
  expect(await portico(['purge', URL_ONE, '--admin', node.url])).toEqual({
    status: 0,
    stdout: [
      'purged: 1 URL',
      'us-2: acknowledged',
      'squid: not told, as it takes no such purge',
      'us-5: put\u{fffd}[2J off',
      '',
    ].join('\n'),
    stderr: [
      'portico: us-3 was not reached: it purges when it comes back',
      'portico: us-4 has not acknowledged it in time, and may serve it still',
      '',
    ].join('\n'),
  });
});

test.each([
  { args: [], said: 'expected URLs, --prefix, --tag or --all' },
  { args: ['--all', '--tag', 'a'], said: 'expected --all alone, got something else beside it' },
  { args: ['/a.css'], said: 'expected a URL such as http://www.example.com/a.css, got "/a.css"' },
  { args: ['--prefix', ''], said: 'expected a URL such as http://www.example.com/a.css, got ""' },
  { args: ['--tag', ''], said: '--tag: expected a tag, got nothing' },
])('purge $args is refused before anybody is asked', async ({ args, said }) => {
  const node = await ScriptedNode.start();
  const { status, stderr } = await portico(['purge', ...args, '--admin', node.url]);
  expect({ status, first: stderr.split('\n')[0] }).toEqual({ status: 2, first: `portico: ${said}` });
  expect(node.received).toEqual([]);
});
