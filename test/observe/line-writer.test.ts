import { execFileSync } from 'node:child_process';
import { constants, openSync, readFileSync, renameSync, rmdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { mkdir, readFile, rename } from 'node:fs/promises';
import { Socket } from 'node:net';
import { join } from 'node:path';
import { Worker } from 'node:worker_threads';
import { describe, expect, test, vi } from 'vitest';
import { LineWriter } from '../../src/observe/line-writer.ts';
import { atTeardown } from '../support/teardown.ts';
import { tempDir } from '../support/temp.ts';
import { within } from '../support/wait.ts';

describe('lines into a file', () => {
  test('appear soon, however few they are', async () => {
    const file = join(await tempDir(), 'a.log');
    writerOf(file).writer.write('one\n');
    await vi.waitFor(() => expect(readFileSync(file, 'latin1')).toBe('one\n'));
  });

  test('are appended to what is there', async () => {
    const file = join(await tempDir(), 'a.log');
    writeFileSync(file, 'before\n');
    const { writer } = writerOf(file);
    writer.write('after\n');
    await writer.close();
    expect(readFileSync(file, 'latin1')).toBe('before\nafter\n');
  });

  test('can be read by owner and group alone', async () => {
    const file = join(await tempDir(), 'a.log');
    const mask = process.umask(0o022);
    writerOf(file);
    process.umask(mask);
    expect(statSync(file).mode & 0o777).toBe(0o640);
  });

  test('are whole and complete at the end, a line longer than a block too', async () => {
    const file = join(await tempDir(), 'a.log');
    const { writer, problems } = writerOf(file);
    const lines = Array.from({ length: 5000 }, (_, i) => `${i} ${'x'.repeat(i % 1000 === 999 ? 200_000 : i % 300)}\n`);
    for (const line of lines) writer.write(line);
    await writer.close();
    expect(readFileSync(file, 'latin1')).toBe(lines.join(''));
    expect(problems).toEqual([]);
  });

  test('of several threads are not mixed', async () => {
    const file = join(await tempDir(), 'a.log');
    await writeFromThreads(file, 4, 10_000);
    expectWhole(await readFile(file, 'latin1'), 4, 10_000);
  });

  test('are not taken any more after the end', async () => {
    const file = join(await tempDir(), 'a.log');
    const { writer } = writerOf(file);
    await writer.close();
    writer.write('late\n');
    writer.reopen();
    await writer.close();
    expect(readFileSync(file, 'latin1')).toBe('');
  });
});

describe('reopening', () => {
  test('loses no line and leaves their order, under writes', async () => {
    const directory = await tempDir();
    const file = join(directory, 'a.log');
    const { writer, problems } = writerOf(file);
    let count = 0;
    for (let round = 0; round < 20; round++) {
      for (let i = 0; i < 2000; i++) writer.write(`${count++} ${'x'.repeat(200)}\n`);
      await rename(file, join(directory, `a.log.${round}`));
      for (let i = 0; i < 100; i++) writer.write(`${count++}\n`);
      writer.reopen();
    }
    await writer.close();
    const files = [...Array.from({ length: 20 }, (_, round) => join(directory, `a.log.${round}`)), file];
    const lines = files.flatMap((name) => readFileSync(name, 'latin1').split('\n').slice(0, -1));
    expect(lines.length).toBe(count);
    expect(lines.every((line, i) => Number.parseInt(line, 10) === i)).toBe(true);
    expect(problems).toEqual([]);
  });

  test('closes the old file', async () => {
    const file = join(await tempDir(), 'a.log');
    const { writer } = writerOf(file);
    renameSync(file, `${file}.1`);
    expect(openFiles(`${file}.1`)).toBe(1);
    writer.reopen();
    await vi.waitFor(() => expect(openFiles(`${file}.1`)).toBe(0));
  });

  test('goes on in the old file when the directory is gone, and tells', async () => {
    const directory = await tempDir();
    const file = join(directory, 'logs', 'a.log');
    await mkdir(join(directory, 'logs'));
    const { writer, problems } = writerOf(file);
    await rename(join(directory, 'logs'), join(directory, 'old'));
    writer.write('one\n');
    writer.reopen();
    writer.write('two\n');
    expect(problems).toMatchObject([{ event: 'access log cannot be reopened', error: { code: 'ENOENT' } }]);

    await mkdir(join(directory, 'logs'));
    writer.reopen();
    writer.write('three\n');
    await writer.close();
    expect(readFileSync(join(directory, 'old', 'a.log'), 'latin1')).toBe('one\ntwo\n');
    expect(readFileSync(file, 'latin1')).toBe('three\n');
    expect(problems).toHaveLength(1);
  });

  test('makes a file that could not be opened before, and so does time', async () => {
    const directory = await tempDir();
    const file = join(directory, 'logs', 'a.log');
    const [reopened, patient] = [writerOf(file), writerOf(file)];
    expect(reopened.problems).toMatchObject([{ event: 'access log cannot be written', error: { code: 'ENOENT' } }]);
    await mkdir(join(directory, 'logs'));
    reopened.writer.reopen();
    reopened.writer.write('one\n');
    await reopened.writer.close();
    expect(readFileSync(file, 'latin1')).toBe('one\n');
    rmSync(file);
    await vi.waitFor(() => statSync(file), { timeout: 4000 });
    patient.writer.write('two\n');
    await patient.writer.close();
    expect(readFileSync(file, 'latin1')).toBe('two\n');
  });
});

describe.runIf(process.platform === 'linux')('a device that is full', () => {
  test('loses lines, counts each of them, and throws nothing', async () => {
    const { writer, problems, firstProblem } = writerOf('/dev/full');
    for (let i = 0; i < 100; i++) writer.write(`${i}\n`);
    await within(firstProblem, 'a problem');
    expect(problems).toMatchObject([{ event: 'access log cannot be written', error: { code: 'ENOSPC' } }]);
    for (let i = 0; i < 200_000; i++) writer.write(`${'x'.repeat(99)}\n`);
    await writer.close();
    expect(lostLines(problems)).toBe(200_100);
  });
});

const FULL_DISK = smallDisk();

describe.skipIf(FULL_DISK === undefined)('a disk that fills up (needs root and tmpfs)', () => {
  test('gets every line, whole, when there is space again', async () => {
    const disk = FULL_DISK as string;
    const file = join(disk, 'a.log');
    const { writer, problems, firstProblem } = writerOf(file);
    writeFileSync(join(disk, 'other'), Buffer.alloc(200 * 1024));
    const lines = Array.from({ length: 1000 }, (_, i) => `${i} ${'x'.repeat(i % 300)}\n`);
    for (const line of lines) writer.write(line);
    await within(firstProblem, 'a problem');
    expect(problems).toMatchObject([{ event: 'access log cannot be written', error: { code: 'ENOSPC' } }]);
    expect(readFileSync(file).length).toBeGreaterThan(0); // the disk filled up in the middle of a block
    rmSync(join(disk, 'other'));
    await vi.waitFor(() => expect(readFileSync(file, 'latin1')).toBe(lines.join('')), { timeout: 4000 });
    await writer.close();
    expect(lostLines(problems)).toBe(0);
  });
});

describe.runIf(process.platform === 'linux')('a pipe', () => {
  test('that nobody reads costs a bounded memory and no time, and every line is read or counted', async () => {
    const pipe = await pipeOf();
    const reader = pipe.open();
    const { writer, problems, firstProblem } = writerOf(pipe.path);
    const line = `${'x'.repeat(199)}\n`;
    const count = 100_000;
    for (let i = 0; i < count; i++) {
      writer.write(line);
      if (i % 1000 === 0) await new Promise(setImmediate);
    }
    await within(firstProblem, 'a problem');
    expect(problems).toMatchObject([{ event: 'access log lost lines, its reader is too slow' }]);

    const text = readAll(reader, () => writer.close());
    const lines = (await text).split('\n');
    expect(lines.pop()).toBe('');
    expect(new Set(lines)).toEqual(new Set([line.trim()]));
    expect(lines.length + lostLines(problems)).toBe(count);
    expect(lines.length * line.length).toBeLessThan(9 * 1024 * 1024);
  });

  test('that nobody reads delays the end by a limit alone', async () => {
    const pipe = await pipeOf();
    const reader = pipe.open();
    const { writer, problems } = writerOf(pipe.path);
    for (let i = 0; i < 2000; i++) writer.write(`${'x'.repeat(199)}\n`);
    await within(writer.close(), 'the end');
    reader.destroy();
    expect(lostLines(problems)).toBeGreaterThan(0);
  });

  test('keeps the lines of several threads apart', async () => {
    const pipe = await pipeOf();
    const text = await readAll(pipe.open(), () => writeFromThreads(pipe.path, 4, 2500));
    expectWhole(text, 4, 2500);
  });

  test('without a reader is told instead of waited for', async () => {
    const pipe = await pipeOf();
    expect(writerOf(pipe.path).problems).toMatchObject([{ error: { code: 'ENXIO' } }]);
  });

  test('whose reader is gone is told, and the rest is lost', async () => {
    const pipe = await pipeOf();
    const reader = pipe.open();
    const { writer, problems, firstProblem } = writerOf(pipe.path);
    reader.destroy();
    writer.write('x\n');
    await within(firstProblem, 'a problem');
    await writer.close();
    expect(problems).toMatchObject([{ error: { code: 'EPIPE' } }, { lost_lines: 1 }]);
  });
});

interface Problem {
  readonly event: string;
  readonly lost_lines?: number;
  readonly error?: NodeJS.ErrnoException;
}

function writerOf(file: string) {
  const problems: Problem[] = [];
  const { promise: firstProblem, resolve } = Promise.withResolvers<void>();
  const writer = new LineWriter(file, (event, fields) => {
    problems.push({ event, ...fields });
    resolve();
  });
  atTeardown(() => writer.close());
  return { writer, problems, firstProblem };
}

function lostLines(problems: readonly Problem[]): number {
  return problems.reduce((sum, { lost_lines = 0 }) => sum + lost_lines, 0);
}

/** How many descriptors of this process are open on a file. */
function openFiles(path: string): number {
  const found = execFileSync('find', ['-L', `/proc/${process.pid}/fd`, '-maxdepth', '1', '-samefile', path], {
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'ignore'],
  });
  return found.split('\n').length - 1;
}

async function writeFromThreads(file: string, threads: number, lines: number): Promise<void> {
  const script = new URL('./line-writing-thread.ts', import.meta.url);
  const ends = Array.from({ length: threads }, (_, thread) => {
    const worker = new Worker(script, { workerData: { thread, lines, file } });
    return new Promise((resolve, reject) => worker.once('exit', resolve).once('error', reject));
  });
  await Promise.all(ends);
}

/** Each line of each thread once, in its thread's order, as it was written. */
function expectWhole(text: string, threads: number, lines: number): void {
  const next = Array.from({ length: threads }, () => 0);
  for (const line of text.split('\n').slice(0, -1)) {
    const thread = Number(line[0]);
    const i = next[thread] as number;
    if (line !== `${thread} ${i} ${'x'.repeat((i * 37) % 700)}.`)
      expect(line.slice(0, 80)).toBe(`line ${i} of ${thread}`);
    next[thread] = i + 1;
  }
  expect(next).toEqual(Array.from({ length: threads }, () => lines));
}

async function pipeOf() {
  const path = join(await tempDir(), 'pipe');
  execFileSync('mkfifo', [path]);
  return {
    path,
    /** A reader that reads nothing yet. */
    open(): Socket {
      const fd = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK);
      const reader = new Socket({ fd, readable: true, writable: false });
      reader.pause();
      atTeardown(() => reader.destroy());
      return reader;
    },
  };
}

/** What is read until all writers, begun by now or by `write`, have closed. The pipe is full most of the time. */
async function readAll(reader: Socket, write: () => Promise<unknown>): Promise<string> {
  let text = '';
  reader.setEncoding('latin1').on('data', (chunk) => {
    text += chunk;
    reader.pause();
    setTimeout(() => reader.resume(), 1);
  });
  const end = new Promise((resolve) => reader.once('end', resolve));
  reader.resume();
  await write();
  await within(end, 'the end of the pipe');
  return text;
}

/** A file system of 256 KiB; `undefined` where we may not have one. */
function smallDisk(): string | undefined {
  if (process.platform !== 'linux' || process.getuid?.() !== 0) return undefined;
  const directory = execFileSync('mktemp', ['-d'], { encoding: 'utf8' }).trim();
  atTeardown(() => rmdirSync(directory));
  try {
    execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=256k', 'none', directory], { stdio: 'ignore' });
  } catch {
    return undefined;
  }
  atTeardown(() => execFileSync('umount', ['-l', directory]));
  return directory;
}
