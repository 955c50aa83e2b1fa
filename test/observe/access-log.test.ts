import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { AccessLog, checkAccessLog } from '../../src/observe/access-log.ts';
import { accessLogSettings } from '../../src/observe/config.ts';
import { tempDir } from '../support/temp.ts';
import { entryOf } from './entry.ts';

describe('the access log', () => {
  test.each([
    { format: 'json', expected: /^\{"time":.*\}\n$/ },
    { format: 'combined', expected: /^203\.0\.113\.7 - - \[.*\n$/ },
    { format: 'squid', expected: /^\d+\.\d{3} .* HIER_DIRECT\/app2 -\n$/ },
  ])('has a line for an exchange: $format', async ({ format, expected }) => {
    expect(await written({ format }, [entryOf()])).toMatch(expected);
  });

  test.each([
    { name: 'a network of monitors', different: { client: '10.0.1.3' }, logged: false },
    { name: 'an address of a sibling', different: { client: '2001:db8::5' }, logged: false },
    { name: 'an IPv4 client on an IPv6 socket', different: { client: '::ffff:10.0.1.3' }, logged: false },
    { name: 'a visitor behind a proxy in that network', different: { peer: '10.0.1.3' }, logged: true },
    { name: 'a client that is no address', different: { client: 'unknown' }, logged: true },
    { name: 'a path prefix', different: { target: '/ping?from=monitor' }, logged: false },
    { name: 'a path that only contains it', different: { target: '/x/ping' }, logged: true },
    { name: 'anybody else', different: {}, logged: true },
  ])('logs $name: $logged', async ({ different, logged }) => {
    const lists = { skip_from: ['10.0.1.0/24', '2001:db8::5'], skip_paths: ['/ping', '/healthz'] };
    expect((await written(lists, [entryOf(different)])) !== '').toBe(logged);
  });
});

describe('the check before a configuration is taken', () => {
  test('says why a file cannot be opened', async () => {
    const file = join(await tempDir(), 'missing', 'a.log');
    expect(() => checkAccessLog(accessLogSettings.parse({ file }))).toThrow(
      expect.objectContaining({ code: 'ENOENT' }),
    );
  });

  test('takes a file that can be written, and standard output', async () => {
    const file = join(await tempDir(), 'a.log');
    checkAccessLog(accessLogSettings.parse({ file }));
    checkAccessLog(accessLogSettings.parse({}));
    expect(existsSync(file)).toBe(true);
  });
});

async function written(settings: object, entries: ReturnType<typeof entryOf>[]): Promise<string> {
  const file = join(await tempDir(), 'a.log');
  const log = new AccessLog(accessLogSettings.parse({ file, ...settings }), (event) => {
    throw new Error(event);
  });
  for (const entry of entries) log.write(entry);
  await log.close();
  return readFileSync(file, 'latin1');
}
