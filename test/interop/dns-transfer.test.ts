import { beforeAll, expect, test } from 'vitest';
import { largeZone, serveTransfers, type TransferScene } from '../geodns/answer/transfer-scene.ts';
import { recordsOf } from '../geodns/zone/zones.ts';
import { dig } from '../support/dig.ts';
import { describeWithPeers } from '../support/peers.ts';

/** Zones that are transferred to the tools of BIND and of Knot, which check what they get. */

const HOSTS = 3000;
const SERIAL = 2_026_112_101;
const zone = largeZone(HOSTS, SERIAL);

/** As these tools write them. */
const RECORDS = recordsOf([...zone.recordSets()]).map((line) => line.replace(/^(\S+ \d+)/, '$1 IN'));

describeWithPeers(['dig', 'kdig'], 'a zone of several thousand records', () => {
  let scene: TransferScene;

  beforeAll(async () => {
    scene = await serveTransfers([zone]);
  });

  test.each(['dig', 'kdig'] as const)('is transferred to %s', async (program) => {
    const records = await dig(program, scene.at, 'axfr', 'example.com');
    expect(records).toHaveLength(3 + 3 * HOSTS);
    expect(records).toEqual([...RECORDS, RECORDS[0]]);
  });

  test.each([
    { theirs: SERIAL - 1, records: 3 + 3 * HOSTS },
    { theirs: SERIAL, records: 1 },
  ])('is transferred again to who has $theirs: $records records', async ({ theirs, records }) => {
    expect(await dig('dig', scene.at, `ixfr=${theirs}`, 'example.com')).toHaveLength(records);
    expect(await dig('kdig', scene.at, `ixfr=${theirs}`, 'example.com')).toHaveLength(records);
  });

  test.each(['dig', 'kdig'] as const)('is not there under another name: %s', async (program) => {
    expect(await dig(program, scene.at, 'axfr', 'host1.example.com')).toEqual([]);
    expect(await dig(program, scene.at, '+tcp', '+short', 'host1.example.com', 'A')).toEqual(['10.0.0.1']);
  });
});
