import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { expect, test } from 'vitest';
import { formatHostPort } from '../../src/base/address.ts';
import { freePlace } from '../support/relay.ts';
import { atTeardown } from '../support/teardown.ts';
import { within } from '../support/wait.ts';
import { openScene } from './sibling-scene.ts';

/** A sibling that takes purges by HTCP knows us by the address that they come from. */

test('purges by HTCP leave from the address that the last reload gave us', async () => {
  const taker = createSocket('udp4');
  taker.bind(0, '127.0.1.9');
  await once(taker, 'listening');
  atTeardown(() => taker.close());
  const htcp = `127.0.1.9:${taker.address().port}`;
  const stranger = { name: 'squid', icp: formatHostPort('127.0.1.9', 9), htcp, url: 'http://127.0.1.9:9' };

  const a = (await openScene({ names: ['a'] })).of('a');
  const purgedFrom = async (target: string) => {
    const packet = once(taker, 'message');
    const purge = a.purge(target);
    const [, { address }] = await within(packet, 'a purge by HTCP');
    await purge;
    return address;
  };
  await a.start({ strangers: [stranger] });
  expect(await purgedFrom('/1')).toBe(a.icp.host);
  a.icp = await freePlace('127.0.1.8');
  await a.reload({ strangers: [stranger] });
  expect(await purgedFrom('/2')).toBe('127.0.1.8');
});
