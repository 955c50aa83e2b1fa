import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { describe, expect, test } from 'vitest';
import { chooseEngine, type EngineWish } from '../../../src/geodns/server/choose-engine.ts';
import { DnsCounts } from '../../../src/geodns/server/counts.ts';
import { type EventRecord, eventLevels } from '../../../src/observe/event-forward.ts';
import { atTeardown } from '../../support/teardown.ts';
import { batchLoop, isLinux } from './batch-scene.ts';
import { ScriptedResponder } from './scripted-responder.ts';
import { UdpClient } from './udp-client.ts';

const FALLS_BACK = 'dns takes UDP packets one by one: the engine for many at once cannot be had here';

async function choose(wish: Omit<EngineWish, 'log'>) {
  const events: EventRecord[] = [];
  const log = eventLevels((event) => events.push(event));
  const chosen = await chooseEngine({ log, ...wish });
  const engine = chosen.make({
    listen: [{ host: '127.0.0.1', port: 0 }],
    responder: new ScriptedResponder(),
    counts: new DnsCounts(),
    log,
  });
  atTeardown(() => engine.close());
  await engine.listen();
  const client = await UdpClient.open();
  const at = engine.addresses[0];
  if (at !== undefined) expect((await client.ask('a', at)).text).toBe('a');
  return { ...chosen, events: events.map(({ event }) => event), engine: engine.constructor.name };
}

describe('the engine for UDP', () => {
  test.skipIf(!isLinux).each(['auto', 'batch'] as const)(
    'is the batching one on Linux, if %s is wanted',
    async (wanted) => {
      const found = await choose({ wanted, openLoop: batchLoop });
      expect(found).toMatchObject({ kind: 'batch', reason: undefined, engine: 'BatchEngine', events: [] });
    },
  );

  test('is the plain one if that is wanted', async () => {
    const found = await choose({ wanted: 'plain', openLoop: () => Promise.reject(new Error('not to be asked')) });
    expect(found).toMatchObject({ kind: 'plain', reason: undefined, engine: 'DgramEngine', events: [] });
  });

  test('is the plain one where the other cannot be had, and the log says so', async () => {
    const found = await choose({ wanted: 'batch', openLoop: () => Promise.reject(new Error('recvmmsg is refused')) });
    expect(found).toMatchObject({ kind: 'plain', engine: 'DgramEngine', events: [FALLS_BACK] });
    expect(found.reason).toBe('recvmmsg is refused');
  });
});

describe.skipIf(!isLinux)('a process that is started', () => {
  const run = promisify(execFile);
  const program = join(import.meta.dirname, 'choosing-process.ts');

  test('as ever has the batching engine, and shows no warning', async () => {
    const { stdout, stderr } = await run(process.execPath, [program]);
    expect(JSON.parse(stdout)).toEqual({ kind: 'batch', events: [] });
    expect(stderr).toBe('');
  });

  test.each([
    { flags: ['--no-experimental-ffi'], reason: '--no-experimental-ffi' },
    { flags: ['--permission', '--allow-fs-read=*'], reason: '--allow-ffi' },
  ])('with $flags has the plain one, and knows why', async ({ flags, reason }) => {
    const { stdout } = await run(process.execPath, [...flags, program]);
    const found = JSON.parse(stdout);
    expect(found).toMatchObject({ kind: 'plain', events: [`warn: ${FALLS_BACK}`] });
    expect(found.reason).toContain(reason);
  });
});
