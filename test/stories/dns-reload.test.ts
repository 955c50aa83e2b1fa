import { rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { DnsClient } from '../support/dns-client.ts';
import { freePorts } from '../support/free-ports.ts';
import { maxmindRecord, writeMmdb } from '../support/mmdb-writer.ts';
import { tempDir } from '../support/temp.ts';
import { Asking, EU, siteConfig, startSite, US } from './dns-scene.ts';

/** What is answered from is replaced, and who asks meanwhile does not notice. */

const ZONE = `$TTL 300
@ SOA ns1 hostmaster 1 3600 900 604800 60
@ NS ns1
ns1 A 127.0.0.1
www A 192.0.2.1
`;

/** A site whose zone is in a file that the test can write. */
async function siteWithFile() {
  const file = join(await tempDir(), 'example.org');
  await writeFile(file, ZONE);
  const config = (more: object = {}) => siteConfig({ dns: { zones: [{ name: 'example.org', file }], ...more } });
  return { file, config, site: await startSite(config()) };
}

describe('a zone file that was changed', () => {
  test('is served after the reload', async () => {
    const { file, config, site } = await siteWithFile();
    expect(await site.addresses('www.example.org.')).toEqual(['192.0.2.1']);
    await writeFile(file, ZONE.replace('192.0.2.1', '192.0.2.2'));
    expect(await site.addresses('www.example.org.')).toEqual(['192.0.2.1']);
    expect(await site.node.reload(config())).toMatchObject({ message: 'reloaded' });
    expect(await site.addresses('www.example.org.')).toEqual(['192.0.2.2']);
  });

  test('is served with a warning when its serial is what it was, or before', async () => {
    const { file, config, site } = await siteWithFile();
    await writeFile(file, ZONE.replace('192.0.2.1', '192.0.2.2'));
    expect(await site.node.reload(config())).toMatchObject({ message: 'reloaded' });
    expect(site.node.portico.events.all.filter(({ message }) => message === 'configuration')).toContainEqual(
      expect.objectContaining({
        level: 'warn',
        warning: `${file}:2: serial 1 as before, but the content is another: secondaries keep what they have`,
      }),
    );
    expect(await site.addresses('www.example.org.')).toEqual(['192.0.2.2']);
  });

  test('is refused with file and line when it is bad, and the old one serves on', async () => {
    const { file, config, site } = await siteWithFile();
    await writeFile(file, `${ZONE}mail MX first mail\nwww2 A 192.0.2.3\n`);
    const asking = await Asking.start(site.client, 'www.example.org.');
    const refused = await site.node.reload(config());
    expect(refused).toMatchObject({ message: 'reload refused' });
    const problem = `${file}:6: MX: expected a number from 0 to 65535, got "first"`;
    expect(refused.problems).toEqual([problem]);
    await asking.more(10);
    expect(Object.keys(await asking.end())).toEqual(['192.0.2.1']);
    expect(await site.ask('www2.example.org.')).toMatchObject({ rcode: 3 });
    expect((await site.status()).zones).toMatchObject([{ name: 'example.org', file, serial: 1, problems: [problem] }]);

    await writeFile(file, `${ZONE}www2 A 192.0.2.3\n`);
    expect(await site.node.reload(config())).toMatchObject({ message: 'reloaded' });
    expect(await site.addresses('www2.example.org.')).toEqual(['192.0.2.3']);
    expect((await site.status()).zones).toMatchObject([{ problems: [] }]);
  });
});

describe('a stream of questions', () => {
  test('is answered without a gap, whatever is reloaded', { timeout: 40_000 }, async () => {
    const { file, config, site } = await siteWithFile();
    const asking = await Asking.start(site.client, 'www.example.org.');
    const expected: string[] = ['192.0.2.1'];
    for (let round = 2; round <= 6; round++) {
      const address = `192.0.2.${round}`;
      await writeFile(file, ZONE.replace('192.0.2.1', address));
      expect(await site.node.reload(config())).toMatchObject({ message: 'reloaded' });
      expect(await site.addresses('www.example.org.')).toEqual([address]);
      expected.push(address);
      await asking.more(20);
    }
    expect(Object.keys(await asking.end())).toEqual(expected);
  });

  test('goes on while addresses come and go, and by the other engine', { timeout: 40_000 }, async () => {
    const [port] = (await freePorts('127.0.0.1', 1)) as [number];
    const { config, site } = await siteWithFile();
    const asking = await Asking.start(site.client, 'www.example.org.');
    const listen = ['127.0.0.1:0', `127.0.0.1:${port}`];
    expect(await site.node.reload(config({ listen, engine: 'plain' }))).toMatchObject({ message: 'reloaded' });
    const other = await DnsClient.open({ host: '127.0.0.1', port });
    expect(await other.ask({ name: 'www.example.org.' })).toMatchObject({ rcode: 0 });
    await asking.more(20);
    expect(await site.node.reload(config())).toMatchObject({ message: 'reloaded' });
    await asking.more(20);
    expect(Object.keys(await asking.end())).toEqual(['192.0.2.1']);
    await expect(other.ask({ name: 'www.example.org.' }, 200)).rejects.toThrow('no answer');
  });
});

describe('a geo database that is replaced', () => {
  const database = (location: readonly [number, number]) =>
    writeMmdb({ nets: [['81.2.69.0/24', maxmindRecord({ country: 'GB', location })]], type: 'GeoLite2-City' });

  test('changes what is answered, of itself, and no question is lost over it', { timeout: 40_000 }, async () => {
    const file = join(await tempDir(), 'city.mmdb');
    const inPlace = async (content: Uint8Array) => {
      await writeFile(`${file}.new`, content);
      await rename(`${file}.new`, file);
    };
    await inPlace(database([40.7, -74]));
    const site = await startSite(siteConfig({ dns: { geo_database: file } }));
    const fromThere = async () => {
      const { answers } = await site.client.ask({ name: 'www.example.com.', subnet: '81.2.69.0/24' });
      return Buffer.from(answers[0]?.rdata ?? '', 'hex').join('.');
    };
    expect(await fromThere()).toBe(US);
    const asking = await Asking.start(site.client);

    const replaced = site.event('geo database replaced');
    await inPlace(database([51.5, -0.1]));
    await replaced;
    while ((await fromThere()) !== EU);
    expect(Object.keys(await asking.end())).toEqual([US]);
  });
});
