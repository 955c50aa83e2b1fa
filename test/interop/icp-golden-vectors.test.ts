import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, test } from 'vitest';
import { encodeQuery, OPCODES } from '../../src/sibling/icp/message.ts';
import { UdpClient } from '../sibling/udp-client.ts';
import { cachingDoor } from '../stories/cache-scene.ts';
import { freePorts, ownAddress } from '../support/free-ports.ts';
import { ADMIN, NodeAdmin } from '../support/node-admin.ts';
import { answer, startOrigin } from '../support/origin.ts';
import { type Portico, startPortico } from '../support/portico.ts';
import { fetchRaw } from '../support/raw-client.ts';

/** What Squid 5.7 answered to these packets a node answers as well, byte for byte, and from where it was asked. */

const HOST = 'www.site.test';
const SIBLING = '127.0.0.1';
const STRANGER = '127.0.0.9';
/** Not what packets to others would leave from. */
const ADDRESS = ownAddress(62);

let portico: Portico;
let port: number;

beforeAll(async () => {
  const origin = await startOrigin(({ target }) => {
    const kept = ['Cache-Control: public, max-age=1000', `Date: ${new Date().toUTCString()}`];
    return answer(target, { fields: kept });
  });
  [port = 0] = await freePorts(ADDRESS, 1);
  const siblings = { icp: `${ADDRESS}:${port}`, allow: [SIBLING] };
  portico = await startPortico({ ...cachingDoor(origin), ...ADMIN, siblings });
  await fetchRaw(portico.port(), '/cc/a', { host: HOST });
});

/** Takes nothing that comes from elsewhere than from where it asks. */
function clientAt(source: string): Promise<UdpClient> {
  return UdpClient.open({ host: ADDRESS, port }, source);
}

describe('a node answers', () => {
  const vectors: { name: string; query: string; reply: string }[] = JSON.parse(
    readFileSync(join(import.meta.dirname, '../data/icp/icp-golden-vectors.json'), 'utf8'),
  );
  test.each(vectors)('$name', async ({ name, query, reply }) => {
    const client = await clientAt(name.startsWith('denied') ? STRANGER : SIBLING);
    expect((await client.ask(Buffer.from(query, 'hex'))).toString('hex')).toBe(reply);
  });
});

test('a node that drains says of what it has not that nobody should count on it', async () => {
  const admin = await NodeAdmin.of(portico);
  await admin.ask('PUT /api/v1/node/state', { admin: 'drain', reason: 'kernel update' });
  const client = await clientAt(SIBLING);
  const opcodes = [];
  for (const path of ['/cc/a', '/none']) {
    opcodes.push((await client.ask(encodeQuery(1, `http://${HOST}${path}`) as Buffer))[0]);
  }
  expect(opcodes).toEqual([OPCODES.HIT, OPCODES.MISS_NOFETCH]);
});
