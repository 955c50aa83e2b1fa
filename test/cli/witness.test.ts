import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { encode } from '../../src/vrrp/witness/message.ts';
import { MEMORY_IS_TOLD, residentMemory } from '../support/memory.ts';
import { tempDir } from '../support/temp.ts';
import { KEY, REQUEST } from '../vrrp/witness/messages.ts';
import { randomFrom } from '../vrrp/witness/simulation.ts';
import { Sender } from '../vrrp/witness/sockets.ts';
import { portico, type RunningCommand, startCommand } from './command-runs.ts';

describe('portico witness', () => {
  test('answers who has its key, tells of others, and ends on TERM', async () => {
    const { witness, port } = await start();
    const sender = await Sender.open({ host: '127.0.0.1', port });
    const { challenge } = await sender.ask(REQUEST);
    expect((await sender.ask({ ...REQUEST, number: 2n, challenge })).kind).toBe('quiet');
    await sender.send(encode(REQUEST, Buffer.from('the key of somebody else')));
    await witness.says('"last":"key"');
    witness.signal('SIGTERM');
    const { status, stdout, stderr } = await witness.ended();
    expect({ status, stdout }).toEqual({ status: 0, stdout: '' });
    const events = stderr
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line));
    expect(events.map(({ level, msg }) => [level, msg])).toEqual([
      ['info', 'witness listens'],
      ['warn', 'packets were dropped'],
      ['info', 'witness stopped'],
    ]);
    expect(events.at(-1).packets).toMatchObject({ challenge: 1, quiet: 1, key: 1 });
  });

  test.skipIf(!MEMORY_IS_TOLD)('goes on whatever is sent, and does not grow', { timeout: 60_000 }, async () => {
    const { witness, port } = await start();
    const sender = await Sender.open({ host: '127.0.0.1', port });
    await flood(sender, 60_000, 1);
    const before = residentMemory(witness.pid);
    await flood(sender, 120_000, 2);
    expect(residentMemory(witness.pid) - before).toBeLessThan(16 * 1024 * 1024);
    witness.signal('SIGTERM');
    const { stderr } = await witness.ended();
    const { told, ...packets } = JSON.parse(stderr.trim().split('\n').at(-1) as string).packets;
    expect(told).toBe(1800);
    const { size, magic, version, key, ...others } = packets;
    expect(size + magic + version + key).toBe(180_000);
    expect(Object.values(others).some((count) => count !== 0)).toBe(false);
    expect(stderr.split('\n').length).toBeLessThan(8);
  });

  test.each([
    { name: 'no address', args: ['--key-file', 'key'], status: 2, said: /--listen ADDRESS:PORT is missing/ },
    { name: 'no key', args: ['--listen', '127.0.0.1:0'], status: 2, said: /--key-file FILE is missing/ },
    {
      name: 'a name',
      args: ['--listen', 'here:1', '--key-file', 'key'],
      status: 2,
      said: /expected ADDRESS:PORT, got "here:1"/,
    },
    {
      name: 'no file',
      args: ['--listen', '127.0.0.1:0', '--key-file', 'none'],
      status: 1,
      said: /^portico: none: cannot be read: ENOENT\n$/,
    },
    {
      name: 'a short key',
      args: ['--listen', '127.0.0.1:0', '--key-file', 'short'],
      status: 1,
      said: /^portico: short: expected a key of 16 bytes or more, got 5\n$/,
    },
    {
      name: 'an address of others',
      args: ['--listen', '192.0.2.1:1', '--key-file', 'key'],
      status: 1,
      said: /this machine has no address 192\.0\.2\.1\n$/,
    },
  ])('refuses $name', async ({ args, status, said }) => {
    const { cwd } = await directory();
    const ended = await portico(['witness', ...args], { cwd });
    expect(ended.status).toBe(status);
    expect(ended.stderr).toMatch(said);
  });
});

describe('two of portico witness', () => {
  test('do not listen on one port: the second one says so', async () => {
    const { witness, port } = await start();
    const { cwd } = await directory();
    const ended = await portico(['witness', '--listen', `127.0.0.1:${port}`, '--key-file', 'key'], { cwd });
    expect(ended.status).toBe(1);
    expect(ended.stderr).toContain(`another program listens on 127.0.0.1:${port} already\n`);
    witness.signal('SIGTERM');
    await witness.ended();
  });
});

async function directory(): Promise<{ readonly cwd: string }> {
  const cwd = await tempDir();
  await writeFile(join(cwd, 'key'), `${KEY}\n`);
  await writeFile(join(cwd, 'short'), 'short\n');
  return { cwd };
}

async function start(): Promise<{ readonly witness: RunningCommand; readonly port: number }> {
  const witness = startCommand(['witness', '--listen', '127.0.0.1:0', '--key-file', 'key'], await directory());
  await witness.says('witness listens');
  return { witness, port: Number(/"address":"127\.0\.0\.1:(\d+)"/.exec(witness.said)?.[1]) };
}

/** Random bytes, some that begin as a message does, and messages of which a bit is wrong. */
async function flood(sender: Sender, count: number, seed: number): Promise<void> {
  const random = randomFrom(seed);
  const valid = encode({ ...REQUEST, kind: 'hello' }, KEY);
  for (let i = 0; i < count; i++) {
    const packet = i % 3 === 0 ? Buffer.from(valid) : randomBytes(Math.floor(random() * 500), random);
    const at = Math.floor(random() * packet.length);
    if (i % 3 === 0) packet[at] = (packet[at] as number) ^ (1 << Math.floor(random() * 8));
    if (i % 3 === 1) packet.set([0x50, 0x57, 1, 1].slice(0, packet.length));
    const sent = sender.send(packet);
    if (i % 100 !== 99) continue;
    // As much as a socket keeps while its process is busy: so that all of it is read.
    await sent;
    await sender.ask({ ...REQUEST, kind: 'hello' });
  }
}

function randomBytes(length: number, random: () => number): Buffer {
  const bytes = Buffer.alloc(length);
  for (let at = 0; at + 4 <= length; at += 4) bytes.writeUInt32LE(random() * 2 ** 32, at);
  return bytes;
}
