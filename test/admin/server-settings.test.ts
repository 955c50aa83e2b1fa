import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { type AdminSettings, adminSettings, isLoopback } from '../../src/admin/config.ts';
import { adminServerSettings } from '../../src/admin/server-settings.ts';
import { type EventRecord, eventLevels } from '../../src/observe/event-forward.ts';
import { tempDir } from '../support/temp.ts';

describe('the settings of the admin server', () => {
  test.each([
    { listen: '127.0.0.1:8400', asked: undefined },
    { listen: '127.9.9.9:0', asked: undefined },
    { listen: '[::1]:8400', asked: undefined },
    { listen: '0.0.0.0:8400', asked: ['admin.test'] },
    { listen: '[::]:8400', asked: ['admin.test'] },
    { listen: '10.0.0.1:8400', asked: ['admin.test', '10.0.0.1'] },
  ])('have, by tls: auto at $listen, a certificate of our making for $asked', async ({ listen, asked }) => {
    const { names, settings } = await read({ listen });
    expect(names).toEqual(asked);
    expect(settings.certificate?.certPem).toBe(asked && 'made.pem');
  });

  test('have the certificate that is named, also on loopback', async () => {
    const { settings } = await read({ tls: { cert: 'a.pem', key: 'a.key' } });
    expect(settings.certificate).toEqual({ certPem: 'a.pem', keyPem: 'a.key' });
  });

  test('have none by tls: off', async () => {
    expect((await read({ listen: '0.0.0.0:1', tls: 'off' })).settings.certificate).toBeUndefined();
  });

  test('say once where the first password is, and not what it is', async () => {
    const { log, stateDir } = await read({});
    const file = `${stateDir}/admin-password`;
    expect(log).toEqual([{ level: 'info', event: 'made a first password for the user admin', fields: { file } }]);
    expect(JSON.stringify(log)).not.toContain(readFileSync(file, 'utf8').trim());
    expect((await read({}, stateDir)).log).toEqual([]);
  });
});

test('what is reached from this machine alone', () => {
  expect(['127.0.0.1:1', '[::1]:1', '0.0.0.0:1', '[::]:1', '10.0.0.1:1'].map(isLoopback)).toEqual([
    true,
    true,
    false,
    false,
    false,
  ]);
});

async function read(change: Partial<AdminSettings>, stateDir?: string) {
  const directory = stateDir ?? (await tempDir());
  const log: EventRecord[] = [];
  let names: readonly string[] | undefined;
  const defaults = adminSettings.parse({ host_names: ['admin.test'] }) as AdminSettings;
  const settings = await adminServerSettings(
    { ...defaults, ...change },
    {
      stateDir: directory,
      log: eventLevels((event) => log.push(event)),
      selfSigned: (asked) => {
        names = asked;
        return { cert: 'made.pem', key: 'made.key' };
      },
      readCertificate: ({ cert, key }) => ({ certPem: cert, keyPem: key }),
    },
  );
  return { settings, names, log, stateDir: directory };
}
