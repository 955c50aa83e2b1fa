import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, constants, openSync } from 'node:fs';
import { join } from 'node:path';
import type { Readable } from 'node:stream';
import { text } from 'node:stream/consumers';
import { describe, expect, test } from 'vitest';
import { StandardError } from '../../src/observe/event-destination.ts';
import { atTeardown } from '../support/teardown.ts';
import { tempDir } from '../support/temp.ts';
import { within } from '../support/wait.ts';

type Output = 'pipe' | number;

/** Runs TypeScript in a process of its own, whose standard streams are what is to be tested. */
function run(script: string, [stdout, stderr]: readonly [Output, Output]) {
  const child = spawn(process.execPath, ['--input-type=module-typescript', '--eval', script], {
    cwd: join(import.meta.dirname, '../..'),
    stdio: ['ignore', stdout, stderr],
  });
  atTeardown(() => child.kill('SIGKILL'));
  return { child, output: async (name: 'stdout' | 'stderr') => text(child[name] as Readable) };
}

/** A named pipe with room for 64 KiB that nobody reads. (Node's own "pipes" are sockets.) */
async function stuckPipe(): Promise<number> {
  const { reader, writer } = await openPipe();
  atTeardown(() => closeSync(reader));
  return writer;
}

/** A named pipe whose reader is gone. */
async function brokenPipe(): Promise<number> {
  const { reader, writer } = await openPipe();
  closeSync(reader);
  return writer;
}

async function openPipe() {
  const path = join(await tempDir(), 'pipe');
  execFileSync('mkfifo', [path]);
  const reader = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK);
  const writer = openSync(path, constants.O_WRONLY);
  atTeardown(() => closeSync(writer));
  return { reader, writer };
}

const ACCESS_LOG = `
  import { readFile } from 'node:fs/promises';
  import { LineWriter } from './src/observe/line-writer.ts';
  const writers = Array.from({ length: 8 }, () => new LineWriter('-', () => {}));
  for (const writer of writers) for (let i = 0; i < 5000; i++) writer.write('x'.repeat(199) + '\\n');
  setTimeout(async () => {
    process.stderr.write(String((await readFile('package.json')).length > 0));
    await Promise.all(writers.map((writer) => writer.close()));
    process.exit(0);
  }, 300);
`;

describe.runIf(process.platform === 'linux')('standard output that nobody reads', () => {
  test.each(['pipe', 'socket'])('stops neither file access nor the exit: %s', async (kind) => {
    const { child, output } = run(ACCESS_LOG, [kind === 'pipe' ? await stuckPipe() : 'pipe', 'pipe']);
    const exit = once(child, 'exit');
    expect(await output('stderr')).toBe('true');
    expect(await within(exit, 'the exit', 8000)).toEqual([0, null]);
  });
});

describe('standard output', () => {
  test('gets every line', async () => {
    const { output } = run(
      `import { LineWriter } from './src/observe/line-writer.ts';
       const writer = new LineWriter('-', () => {});
       for (let i = 0; i < 50_000; i++) writer.write(i + '\\n');
       await writer.close();`,
      ['pipe', 'pipe'],
    );
    const lines = (await output('stdout')).split('\n');
    expect(lines).toEqual([...Array.from({ length: 50_000 }, (_, i) => String(i)), '']);
  });
});

const EVENTS = `
  import { createEventLog } from './src/observe/event-log.ts';
  const log = createEventLog({ level: 'info' });
`;

describe('events on standard error', () => {
  test('are out before the process is', async () => {
    const { output } = run(`${EVENTS} log.error('last words'); process.exit(1);`, ['pipe', 'pipe']);
    expect(JSON.parse(await output('stderr'))).toMatchObject({ level: 'error', msg: 'last words' });
  });

  test.each(['pipe', 'socket'])('do not stop the process when nobody reads them: %s', async (kind) => {
    const { child, output } = run(
      `${EVENTS} for (let i = 0; i < 20_000; i++) log.info('x'.repeat(100)); process.stdout.write('alive');`,
      ['pipe', kind === 'pipe' ? await stuckPipe() : 'pipe'],
    );
    const exit = once(child, 'exit');
    expect(await output('stdout')).toBe('alive');
    expect(await within(exit, 'the exit')).toEqual([0, null]);
  });

  test('do not stop the process when their reader is gone', async () => {
    const { output } = run(`${EVENTS} log.info('to nobody'); process.stdout.write('alive');`, [
      'pipe',
      await brokenPipe(),
    ]);
    expect(await output('stdout')).toBe('alive');
  });
});

describe('the style of events', () => {
  test.each([
    { terminal: false, noColor: '', style: 'json' },
    { terminal: false, noColor: '1', style: 'json' },
    { terminal: true, noColor: '', style: 'colours' },
    { terminal: true, noColor: '1', style: 'plain' },
  ])('is $style for terminal $terminal and NO_COLOR=$noColor', ({ terminal, noColor, style }) => {
    expect(new StandardError(terminal, noColor).style).toBe(style);
  });
});
