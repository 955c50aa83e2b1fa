import { expect, test } from 'vitest';
import { TYPE } from '../../../src/geodns/wire/types.ts';
import { dnsQuery, parseDnsMessage } from '../../support/dns-message.ts';
import { frame, TcpClient } from '../server/tcp-client.ts';
import { until } from '../server/tcp-scene.ts';
import { largeZone, serveTransfers } from './transfer-scene.ts';

const AXFR = frame(dnsQuery({ id: 1, name: 'example.com.', type: TYPE.AXFR }));

test('a transfer goes on with the zone that it began with when another one is served', async () => {
  const [hosts, serial] = [10_000, 1];
  const scene = await serveTransfers([largeZone(hosts, serial)]);
  const client = await TcpClient.open(scene.at);
  client.send(AXFR);
  await client.next(0);
  expect(scene.counts.of('tcp')).toMatchObject({ transfers: 0 });
  scene.serve([largeZone(3, 2)]);
  const isOver = () =>
    scene.counts.of('tcp').transfers === 1 && client.all.length === scene.counts.of('tcp').transferMessages;
  await until(isOver, 'the end of the transfer');
  const records = client.all.flatMap((message) => parseDnsMessage(Buffer.from(message, 'latin1')).answers);
  expect(records).toHaveLength(3 + 3 * hosts);
  const serials = [records.at(0), records.at(-1)].map((soa) => parseInt(soa?.rdata.slice(-40, -32) as string, 16));
  expect(serials).toEqual([serial, serial]);

  const before = client.all.length;
  client.send(AXFR);
  const next = parseDnsMessage(Buffer.from(await client.next(before), 'latin1'));
  expect(next.answers).toHaveLength(3 + 3 * 3);
});

test('what is asked behind a transfer is answered behind it', async () => {
  const { at } = await serveTransfers([largeZone(100, 1)]);
  const client = await TcpClient.open(at);
  client.send(Buffer.concat([AXFR, frame(dnsQuery({ id: 2, name: 'host7.example.com.', type: TYPE.A }))]));
  const isLast = () => client.all.some((message) => message.startsWith('\0\x02'));
  await until(isLast, 'the answer to the question');
  const messages = client.all.map((message) => parseDnsMessage(Buffer.from(message, 'latin1')));
  expect(messages.map(({ id }) => id)).toEqual([...messages.slice(1).map(() => 1), 2]);
  expect(messages.at(-2)?.answers.at(-1)?.type).toBe(TYPE.SOA);
});
