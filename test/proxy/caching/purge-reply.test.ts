import { expect, test } from 'vitest';
import type { Cache } from '../../../src/cache/cache.ts';
import type { PurgeOrder } from '../../../src/cache/purge/order.ts';
import { purgeReply } from '../../../src/proxy/caching/purge-reply.ts';
import { RULES } from '../../cache/shared.ts';
import { CollectedExchange } from './collected-exchange.ts';

const URLS = ['http', 'https'].map((scheme) => ({ kind: 'url', text: `${scheme}://www.example.com/a` }));
const PREFIXES = ['http', 'https'].map((scheme) => ({ kind: 'prefix', text: `${scheme}://www.example.com/a` }));

test.each([
  { name: 'a URL', target: '/a', orders: URLS },
  { name: 'a prefix', target: '/a*', orders: PREFIXES },
  { name: 'a URL softly', target: '/a', fields: ['Fastly-Soft-Purge', '1'], orders: URLS, soft: true },
  { name: 'tags', target: '/', fields: ['Surrogate-Key', 'red'], orders: [{ kind: 'tag', text: 'red' }] },
  { name: 'everything', target: '/', fields: ['X-Purge-All', '1'], orders: [{ kind: 'all' }] },
])('purges $name, and says so', async ({ target, fields = [], orders, soft = false }) => {
  const { reply, asked } = await purge({ target, fields });
  expect(asked).toEqual([{ orders, soft }]);
  expect(reply).toEqual({ status: 200, body: { purged: orders, soft } });
});

test('purges nothing for a request that it does not understand, and says what is wrong', async () => {
  const { reply, asked } = await purge({ target: '/', fields: ['X-Purge-All', 'perhaps'] });
  expect(asked).toEqual([]);
  expect(reply).toMatchObject({ status: 400, body: { error: expect.stringContaining('X-Purge-All') } });
});

test('says when a purge would not outlive a restart', async () => {
  const { reply } = await purge({ target: '/a' }, () => ({ sequence: 1, problem: new Error('disk full') }));
  expect(reply).toMatchObject({ status: 200, body: { warning: 'not remembered beyond a restart: disk full' } });
});

test('does not say that it is done when it is not', async () => {
  const { reply } = await purge({ target: '/a' }, () => {
    throw new Error('the purge on seat 1 does not end');
  });
  expect(reply).toEqual({ status: 503, body: { error: 'the purge on seat 1 does not end' } });
});

async function purge(
  { target, fields = [] }: { readonly target: string; readonly fields?: readonly string[] },
  outcome: () => ReturnType<Cache['purge']> = () => ({ sequence: 1, problem: undefined }),
) {
  const asked: { orders: readonly PurgeOrder[]; soft: boolean }[] = [];
  const cache: Pick<Cache, 'purge'> = {
    purge: (orders, soft) => {
      asked.push({ orders, soft });
      return outcome();
    },
  };
  const { head } = new CollectedExchange({ method: 'PURGE', target, fields }, 0);
  const { status, body, fields: sent } = await purgeReply(head, RULES, cache as Cache, undefined);
  expect(sent).toContain('no-store');
  expect(sent[sent.indexOf('content-length') + 1]).toBe(String(body?.length));
  return { asked, reply: { status, body: JSON.parse(String(body)) } };
}
