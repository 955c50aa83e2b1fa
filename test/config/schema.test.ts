// biome-ignore-all lint/suspicious/noTemplateCurlyInString: variables are what may stand there
import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { z } from 'zod';
import { jsonSchema } from '../../src/config/schema.ts';
import { settingsOf } from './schema-walk.ts';

const schema = jsonSchema();
const validator = z.fromJSONSchema(schema as Parameters<typeof z.fromJSONSchema>[0]);

describe('the JSON Schema', () => {
  test('that is shipped is current (otherwise: npm run schema)', () => {
    const shipped = readFileSync(new URL('../../config/portico.schema.json', import.meta.url), 'utf8');
    expect(JSON.parse(shipped)).toEqual(schema);
  });

  test('describes every setting', () => {
    const bare = [...settingsOf(schema)].filter(([, { description }]) => description === undefined);
    expect(bare.map(([path]) => path)).toEqual([]);
  });

  test('has defaults as they are written in a file', () => {
    const settings = new Map(settingsOf(schema));
    expect(settings.get('listeners[].timeouts.head')?.default).toBe('10s');
    expect(settings.get('listeners[].limits.head')?.default).toBe('32KiB');
    expect(settings.get('pools.*.retries.budget')?.default).toBe('20%');
    expect(settings.get('node.via')?.default).toBe(true);
    expect(settings.get('sites[].cache.default_ttl')?.default).toBe('off');
    expect(settings.get('cache.purge_from')?.default).toEqual(['127.0.0.1/32']);
  });

  test('says nothing of the machine it was made on', () => {
    expect(new Map(settingsOf(schema)).get('node.name')?.default).toBeUndefined();
  });

  test.each([
    { name: 'an unknown key', change: { lisstener: 1 } },
    { name: 'a time without a unit', change: { node: { stop_timeout: 30 } } },
    { name: 'an unknown word', change: { logs: { level: 'loud' } } },
    { name: 'a number out of range', change: { node: { workers: 0 } } },
    { name: 'an address without a port', change: { listeners: [{ address: '0.0.0.0', protocol: 'http' }] } },
    { name: 'a listener without a protocol', change: { listeners: [{ address: '0.0.0.0:80' }] } },
    { name: 'no sites', change: { sites: [] } },
    { name: 'a coding that there is not', change: { sites: [{ ...SITE, compress: ['lzma'] }] } },
    { name: 'a disk tier without a size', change: { cache: { disk: { directory: 'cache' } } } },
    { name: 'an origin with a path', change: { pools: { app: { origins: ['http://a/b'] } } } },
  ])('underlines $name', ({ change }) => {
    expect(validator.safeParse({ ...LEAST, ...change }).success).toBe(false);
  });

  test.each([
    { name: 'the least', change: {} },
    { name: 'a variable for any value', change: { node: { workers: '${N}', via: '${VIA}', stop_timeout: '${T}s' } } },
    { name: 'a section with nothing in it', change: { node: null, logs: { access: null } } },
    { name: 'a zero without a unit', change: { node: { stop_timeout: 0 } } },
    { name: 'either of two forms', change: { logs: { access: 'off' }, node: { workers: 'auto' }, cache: 'off' } },
    {
      name: 'all forms of a cache',
      change: { cache: null, sites: [{ ...SITE, cache: { ttl: '1h', ignore_query: ['utm_*'] }, compress: 'off' }] },
    },
    {
      name: 'IPv6',
      change: { trusted_proxies: ['2001:db8::/32'], listeners: [{ address: '[::]:80', protocol: 'http' }] },
    },
  ])('lets pass $name', ({ change }) => {
    expect(validator.safeParse({ ...LEAST, ...change }).error).toBeUndefined();
  });
});

const SITE = { hosts: ['default'], pool: 'app' };

const LEAST = {
  listeners: [{ address: '127.0.0.1:8080', protocol: 'http' }],
  sites: [SITE],
  pools: { app: { origins: ['http://127.0.0.1:8081'] } },
};
