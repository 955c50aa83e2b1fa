import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { appendFileSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { BanJournal, JOURNAL_FILE, parseJournal } from '../../../src/cache/purge/journal.ts';
import type { Ban } from '../../../src/cache/purge/order.ts';
import { atTeardown } from '../../support/teardown.ts';
import { tempDir } from '../../support/temp.ts';
import { within } from '../../support/wait.ts';

const A: Ban = { order: { kind: 'url', text: 'https://www.example.com/\n"é' }, soft: false, sequence: 11 };
const B: Ban = { order: { kind: 'tag', text: 'b' }, soft: true, sequence: 12 };
const ALL: Ban = { order: { kind: 'all' }, soft: false, sequence: 13 };

async function open() {
  const directory = await tempDir('journal');
  const file = join(directory, JOURNAL_FILE);
  return { directory, file, journal: new BanJournal(directory), read: () => readFileSync(file, 'utf8') };
}

describe('a journal', () => {
  test('has nothing to tell at the first start', async () => {
    const { journal } = await open();
    expect(journal.restore(1000)).toEqual({ bans: [], sequence: 1_000_001, problem: undefined });
  });

  test('tells what was appended, in order', async () => {
    const { journal } = await open();
    journal.restore(0);
    expect(journal.append([A, B])).toBeUndefined();
    expect(journal.append([ALL])).toBeUndefined();
    expect(journal.restore(0)).toMatchObject({ bans: [A, B, ALL], problem: undefined });
    expect(journal.restore(0)).toMatchObject({ bans: [A, B, ALL], problem: undefined });
  });

  test('has no number given out twice, not even when the clock was set back', async () => {
    const { journal } = await open();
    const first = journal.restore(2_000_000_000_000);
    expect(first.sequence).toBeGreaterThan(2_000_000_000_000_000);
    const second = journal.restore(5);
    expect(second.sequence).toBeGreaterThan(first.sequence + 2 ** 32);
    expect(Number.isSafeInteger(second.sequence)).toBe(true);
    const third = journal.restore(3_000_000_000_000);
    expect(third.sequence).toBe(3_000_000_000_000_001);
  });

  test('is written anew with what still matters', async () => {
    const { journal, read } = await open();
    for (let i = 0; i < 100; i++) journal.append([A]);
    expect(journal.rewrite([B], 50)).toBeUndefined();
    expect(read().trim().split('\n')).toHaveLength(2);
    expect(journal.restore(0).bans).toEqual([B]);
  });

  test('keeps what it has when it cannot be written anew', async () => {
    const { journal, file } = await open();
    journal.append([A]);
    mkdirSync(`${file}.new`);
    expect(journal.rewrite([], 50)).toBeInstanceOf(Error);
    expect(journal.restore(0)).toMatchObject({ bans: [A], problem: expect.any(Error) });
  });

  test('tells that there is no space', async () => {
    const { journal, file } = await open();
    symlinkSync('/dev/full', file);
    expect(journal.append([A])).toMatchObject({ code: 'ENOSPC' });
  });

  test('that cannot be read makes everything count as purged that is as old', async () => {
    const { journal, file } = await open();
    mkdirSync(file);
    const { bans, sequence, problem } = journal.restore(1000);
    expect(problem).toMatchObject({ code: 'EISDIR' });
    expect(bans).toEqual([{ order: { kind: 'all' }, soft: false, sequence: sequence - 1 }]);
  });
});

describe('a torn end', () => {
  test('is left out, wherever it is torn, and what comes after it is read', async () => {
    const { journal, file, read } = await open();
    journal.append([A, B]);
    const whole = read();
    journal.append([ALL]);
    const last = read().slice(whole.length);
    for (let length = 0; length < last.length; length++) {
      writeFileSync(file, whole + last.slice(0, length));
      expect(journal.restore(0).bans).toEqual([A, B]);
      expect(journal.append([ALL])).toBeUndefined();
      expect(journal.restore(0).bans).toEqual([A, B, ALL]);
    }
  });
});

describe('damage', () => {
  test('in the middle makes everything count as purged that is older than what follows', async () => {
    const { journal, file, read } = await open();
    journal.append([A]);
    journal.append([B]);
    journal.append([{ ...ALL, soft: true }]);
    writeFileSync(file, read().replace('"tag","b"', '"tag","c"'));
    expect(journal.restore(0).bans).toEqual([A, ALL, { ...ALL, soft: true }]);
  });

  test('at the end, of a line that is whole, makes everything count as purged', async () => {
    const { journal, file } = await open();
    journal.append([A]);
    appendFileSync(file, 'what is this?\n');
    const { bans, sequence } = journal.restore(0);
    expect(bans).toEqual([A, { ...ALL, sequence: sequence - 1 }]);
  });

  test.each(['\n\n\n', 'no end', ''])('is not what %j is', (text) => {
    expect(parseJournal(text)).toEqual({ bans: [], last: 0, damaged: false });
  });
});

describe('a process that is killed while it purges', () => {
  test('leaves every purge that it had told to be done', async () => {
    const { directory, journal } = await open();
    const done: number[] = [];
    for (let round = 0; round < 6; round++) {
      const script = new URL('./purging-process.ts', import.meta.url).pathname;
      const child = spawn(process.execPath, [script, directory], { stdio: ['ignore', 'pipe', 'inherit'] });
      atTeardown(() => child.kill('SIGKILL'));
      let told = '';
      child.stdout.setEncoding('latin1').on('data', (text: string) => {
        told += text;
        if (told.length > 20_000 + round * 3777) child.kill('SIGKILL');
      });
      await within(once(child, 'close'), 'the process to end');
      const numbers = told.split('\n').slice(0, -1).map(Number);
      expect(numbers.length).toBeGreaterThan(1000);
      expect(Math.min(...numbers)).toBeGreaterThan(done.at(-1) ?? 0);
      done.push(...numbers);
    }
    const { bans, problem } = journal.restore(0);
    expect(problem).toBeUndefined();
    const remembered = new Set(bans.map(({ sequence }) => sequence));
    expect(done.filter((sequence) => !remembered.has(sequence))).toEqual([]);
  });
});
