import { expect, test } from 'vitest';
import type { PurgeOrder } from '../../src/cache/purge/order.ts';
import { SharedCache } from '../../src/cache/shared-cache.ts';
import { SiblingNode } from '../../src/control/siblings.ts';
import { type EventRecord, eventLevels } from '../../src/observe/event-forward.ts';
import { type SiblingSettings, siblingSettings } from '../../src/sibling/config.ts';
import { atTeardown } from '../support/teardown.ts';
import { tempDir } from '../support/temp.ts';

const MIB = 1024 * 1024;

/** A node whose one sibling is not there. */
async function aloneWith(peer: string) {
  const events: EventRecord[] = [];
  const log = eventLevels((event) => events.push(event));
  const plan = { memory: MIB, memoryObjectLimit: MIB / 4, objectLimit: MIB / 4, disk: undefined, purgeFrom: [] };
  const cache = await SharedCache.open({ plan, workers: 1, log, now: Date.now });
  atTeardown(() => cache.close());
  const node = new SiblingNode({
    file: 'portico.yaml',
    node: 'one',
    stateDir: await tempDir('siblings'),
    diskDirectory: undefined,
    workers: 1,
    cache,
    rulesOf: () => undefined,
    isOwnPort: () => false,
    isDraining: () => false,
    purgeUrl: () => false,
    fill: async () => undefined,
    log,
    now: Date.now,
  });
  atTeardown(() => node.close());
  const peers = [{ name: peer, icp: '127.0.0.31:9', url: 'http://127.0.0.31' }];
  const settings = siblingSettings.parse({ icp: '127.0.0.1:0', peers }) as SiblingSettings;
  await (await node.prepare(settings, () => 0)).commit();
  return { node, events };
}

test('a purge that cannot be told is one that no sibling acknowledges, and an error for people; it rejects nothing', async () => {
  const { node, events } = await aloneWith('two');
  const tooLong: PurgeOrder = { kind: 'tag', text: 'x'.repeat(MIB) };
  expect(await node.publish([tooLong], false)).toEqual([{ peer: 'two', outcome: 'not-acknowledged' }]);
  expect(events.filter(({ level }) => level === 'error')).toMatchObject([
    { event: 'siblings were not told of a purge', fields: { error: { message: 'purge too long' } } },
  ]);
});
