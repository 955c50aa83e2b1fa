import { type ChildProcess, fork } from 'node:child_process';
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import type { HostPort } from '../../../src/base/address.ts';
import { residentMemory } from '../../support/memory.ts';
import { atTeardown } from '../../support/teardown.ts';
import type { FromBatchProcess } from './batch-process.ts';
import { isLinux, keepBusy } from './batch-scene.ts';
import { UdpClient } from './udp-client.ts';

const MIB = 1024 * 1024;

describe.skipIf(!isLinux)('an engine under load', { timeout: 60_000 }, () => {
  test('answers every one of 100,000 queries, and its memory stays as it is over a million', async () => {
    const { child, at } = await startProcess();
    await burst(at, 100_000);
    const before = residentMemory(child.pid as number);
    await burst(at, 900_000);
    expect(residentMemory(child.pid as number) - before).toBeLessThan(8 * MIB);
    expect(await countsOf(child)).toMatchObject({ queries: 1_000_000, replies: 1_000_000, unsent: 0, socketErrors: 0 });
  });

  test('misses of 100,000 queries at once those that its socket has no room for, and no others', async () => {
    const { child, at } = await startProcess();
    const client = await UdpClient.open();
    client.send('slow 300', at);
    const flood = createSocket('udp4');
    atTeardown(() => flood.close());
    const connected = once(flood, 'connect');
    flood.connect(at.port, at.host);
    await connected;
    for (let i = 0; i < 99_999; i++) flood.send('query');
    await new Promise((resolve) => flood.send('the last query', resolve));
    await client.next(0);
    let counts = await countsOf(child);
    while ((counts.queries as number) + missedBy(at.port) < 100_001) counts = await countsOf(child);
    expect((counts.queries as number) + missedBy(at.port)).toBe(100_001);
    expect(missedBy(at.port)).toBeGreaterThan(0);
    expect(counts.replies).toBe(counts.queries);
  });
});

/** So many queries, a few hundred under way at a time, are all answered. */
async function burst(at: HostPort, most: number): Promise<void> {
  const { ended } = await keepBusy(at, { most });
  await ended;
}

async function startProcess(): Promise<{ child: ChildProcess; at: HostPort }> {
  const child = fork(join(import.meta.dirname, 'batch-process.ts'));
  atTeardown(() => child.kill());
  const message = await say(child);
  return { child, at: { host: '127.0.0.1', port: message.type === 'listening' ? message.port : 0 } };
}

async function countsOf(child: ChildProcess): Promise<Readonly<Record<string, number>>> {
  child.send('counts');
  const message = await say(child);
  return message.type === 'counts' ? message.udp : {};
}

async function say(child: ChildProcess): Promise<FromBatchProcess> {
  return (await once(child, 'message'))[0];
}

/** What the system threw away, as the socket had no room for it: the last column of its line. */
function missedBy(port: number): number {
  const hex = port.toString(16).toUpperCase().padStart(4, '0');
  const line = readFileSync('/proc/net/udp', 'utf8')
    .split('\n')
    .find((each) => each.includes(` 00000000:${hex} `));
  return Number(line?.trim().split(/\s+/).at(-1));
}
