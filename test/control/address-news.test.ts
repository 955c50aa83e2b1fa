import { describe, expect, test } from 'vitest';
import { AddressNews } from '../../src/control/address-news.ts';
import { type InstanceNews, newsInWords } from '../../src/vrrp/agent/news.ts';

const AT = 1_700_000_000_000;

const TWO: InstanceNews = { kind: 'alarm', alarm: { kind: 'two-actives', source: '192.0.2.2', theirs: 100, ours: 50 } };
const ACTIVE: InstanceNews = {
  kind: 'role',
  from: 'backup',
  to: 'active',
  reason: { kind: 'farewell', source: '192.0.2.2' },
};

function scene() {
  const told: (readonly [string, object])[] = [];
  const posted: object[] = [];
  const news = new AddressNews({
    operator: { tell: (type, detail) => void told.push([type, detail]) },
    post: (body) => void posted.push(body),
  });
  const take = (what: InstanceNews, at = AT, instance = 'front') =>
    news.take({ instance, at, news: what, words: newsInWords(what) });
  return { news, take, told, posted };
}

describe('what happens to addresses', () => {
  test('is told to who follows events, and to the webhook', () => {
    const { take, told, posted } = scene();
    take(ACTIVE);
    take(TWO);
    const because = '192.0.2.2 said goodbye (priority 0)';
    const says = 'two nodes were active (source 192.0.2.2, theirs 100, ours 50)';
    expect(told).toEqual([
      ['vrrp-role', { instance: 'front', from: 'backup', to: 'active', because }],
      ['vrrp-alarm', { instance: 'front', alarm: 'two-actives', says }],
    ]);
    const time = '2023-11-14T22:13:20.000Z';
    expect(posted).toEqual([
      { event: 'role', time, instance: 'front', from: 'backup', to: 'active', reason: 'farewell', because },
      { event: 'alarm', time, instance: 'front', alarm: 'two-actives', says },
    ]);
  });

  test('is told of advertisements that were dropped, as of an alarm', () => {
    const { take, told } = scene();
    take({ kind: 'dropped', reason: 'checksum', source: undefined, count: 4 });
    expect(told).toEqual([
      [
        'vrrp-alarm',
        {
          instance: 'front',
          alarm: 'adverts-dropped',
          says: 'advertisements of this instance are dropped: both nodes may become active (reason checksum, count 4)',
        },
      ],
    ]);
  });

  test('has the end of its process and the next one, too', () => {
    const { news, told, posted } = scene();
    news.agent('the VRRP agent ended with SIGKILL', AT);
    news.agent(undefined, AT);
    expect(told).toEqual([
      ['vrrp-agent', { ready: false, says: 'the VRRP agent ended with SIGKILL' }],
      ['vrrp-agent', { ready: true }],
    ]);
    expect(posted).toMatchObject([
      { event: 'agent', ready: false },
      { event: 'agent', ready: true },
    ]);
  });
});

describe('an alarm', () => {
  test('is counted each time, and told once a minute while it is the same', () => {
    const { take, told, news } = scene();
    for (let second = 0; second < 120; second++) take(TWO, AT + second * 1000);
    expect(told).toHaveLength(2);
    expect(news.alarms('front')['two-actives']).toBe(120);
  });

  test.each([
    { name: 'of another instance', more: 0, instance: 'back', count: 2 },
    { name: 'that says something else a second later', more: 1000, instance: 'front', count: 2 },
    { name: 'that says something else at once', more: 10, instance: 'front', count: 1 },
  ])('$name is told: $count', ({ more, instance, count }) => {
    const { take, told } = scene();
    take(TWO);
    take(
      { kind: 'alarm', alarm: { kind: 'two-actives', source: '192.0.2.3', theirs: 1, ours: 5 } },
      AT + more,
      instance,
    );
    expect(told).toHaveLength(count);
  });

  test('begins at nought for all kinds, and is forgotten with its instance', () => {
    const { take, news } = scene();
    expect(new Set(Object.values(news.alarms('front')))).toEqual(new Set([0]));
    take(TWO);
    news.keep(['back']);
    expect(news.alarms('front')['two-actives']).toBe(0);
  });
});
