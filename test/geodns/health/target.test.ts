import { describe, expect, test } from 'vitest';
import { dnsSettings } from '../../../src/geodns/config.ts';
import { anyWell, type Finding, type Run, watchedDatacenter } from '../../../src/geodns/health/target.ts';

const WELL: Finding = { problem: undefined };
const BAD: Finding = { problem: 'connection refused' };

describe('what is asked', () => {
  function urlsOf(datacenter: object): readonly string[] | 'off' {
    const settings = dnsSettings.parse({ datacenters: { uk: datacenter } });
    if (settings === 'off' || settings.datacenters.uk === undefined) throw new Error('expected settings');
    const { check } = watchedDatacenter('uk', settings.datacenters.uk, undefined);
    return check === 'off' ? 'off' : check.urls;
  }

  test.each([
    {
      name: 'is the readiness of each of its addresses',
      settings: { addresses: ['198.51.100.10', '2001:db8::10'] },
      urls: ['https://198.51.100.10:8400/readyz', 'https://[2001:db8::10]:8400/readyz'],
    },
    {
      name: 'is one URL where that is said',
      settings: { addresses: ['198.51.100.10', '198.51.100.11'], check: { url: 'http://10.0.0.1:8080/ok?deep=1' } },
      urls: ['http://10.0.0.1:8080/ok?deep=1'],
    },
    { name: 'is nothing where that is said', settings: { addresses: ['198.51.100.10'], check: 'off' }, urls: 'off' },
  ])('$name', ({ settings, urls }) => {
    expect(urlsOf(settings)).toEqual(urls);
  });
});

describe('of several addresses', () => {
  /** What is found when: each is asked at once, and answers when it is told to. */
  function scene(count: number) {
    const answers = Array.from({ length: count }, () => Promise.withResolvers<Finding | undefined>());
    const ended: number[] = [];
    const runs = answers.map(({ promise, resolve }, index): [string, Run] => [
      `https://10.0.0.${index}:8400/readyz`,
      (signal) => {
        signal.addEventListener('abort', () => {
          ended.push(index);
          resolve(undefined);
        });
        return promise;
      },
    ]);
    const control = new AbortController();
    return { answers, ended, control, found: anyWell(runs)(control.signal) };
  }

  test('one that is well is enough, and the others are not waited for', async () => {
    const { answers, ended, found } = scene(3);
    answers[0]?.resolve(BAD);
    answers[2]?.resolve(WELL);
    expect(await found).toEqual(WELL);
    expect(ended).toContain(1);
  });

  test('all are told when none is well', async () => {
    const { answers, found } = scene(2);
    answers[1]?.resolve({ problem: 'expected status 200-299, got 503' });
    answers[0]?.resolve(BAD);
    expect(await found).toEqual({
      problem: '10.0.0.0:8400: connection refused; 10.0.0.1:8400: expected status 200-299, got 503',
    });
  });

  test('nothing is known when one could not be asked and no other is well', async () => {
    const { answers, found } = scene(2);
    answers[0]?.resolve(BAD);
    answers[1]?.resolve(undefined);
    expect(await found).toBeUndefined();
  });

  test('all end with the whole', async () => {
    const { control, ended, found } = scene(2);
    control.abort();
    expect(await found).toBeUndefined();
    expect(ended).toEqual([0, 1]);
  });

  test('one that is well at last counts for all', async () => {
    const { answers, found } = scene(2);
    answers[0]?.resolve(undefined);
    answers[1]?.resolve(WELL);
    expect(await found).toEqual(WELL);
  });

  test('a single one is told as it is', async () => {
    expect(await anyWell([['https://10.0.0.1/', async () => BAD]])(new AbortController().signal)).toBe(BAD);
  });
});
