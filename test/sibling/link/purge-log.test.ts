import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { appendFileSync, existsSync, mkdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import type { PurgeOrder } from '../../../src/cache/purge/order.ts';
import { PurgeLog, type PurgeLogOptions } from '../../../src/sibling/link/purge-log.ts';
import { PURGE_LOG_FILE } from '../../../src/sibling/link/purge-log-file.ts';
import { recordedLog } from '../../cache/disk/scene.ts';
import { atTeardown } from '../../support/teardown.ts';
import { tempDir } from '../../support/temp.ts';
import { within } from '../../support/wait.ts';
import { ALL, url } from './scene.ts';

const TAG: PurgeOrder = { kind: 'tag', text: 'é\n"🂡' };

async function begin(options: Partial<PurgeLogOptions> = {}) {
  const directory = await tempDir('purges');
  const file = join(directory, PURGE_LOG_FILE);
  const { log, events } = recordedLog();
  const open = () => {
    const purges = new PurgeLog({ directory, log, now: () => 1_000_000, ...options });
    atTeardown(() => purges.close());
    return purges;
  };
  return { directory, file, open, events, read: () => readFileSync(file, 'utf8') };
}

/** All that follows a number. */
function rest(log: PurgeLog, number: number): unknown[] {
  const found: unknown[] = [];
  for (let purge = log.after(number); purge !== undefined; purge = log.after(++number)) {
    if (purge === 'folded') return ['folded'];
    found.push([purge.number, purge.soft, ...purge.orders]);
  }
  return found;
}

/** Where somebody is who has applied all of it. */
function here(log: PurgeLog) {
  const last = log.after(log.head - 1);
  return { instance: log.instance, number: log.head, check: typeof last === 'object' ? last.check : 0 };
}

describe('a purge log', () => {
  test('numbers purges from 1, and has them after the next start', async () => {
    const { open } = await begin();
    const log = open();
    expect([log.append([url('a'), ALL], false), log.append([TAG], true)]).toEqual([1, 2]);
    for (const each of [log, open(), open()]) {
      expect(each.head).toBe(2);
      expect(rest(each, 0)).toEqual([
        [1, false, url('a'), ALL],
        [2, true, TAG],
      ]);
      expect(rest(each, 1)).toHaveLength(1);
      expect(each.instance).toBe(log.instance);
    }
    expect(log.instance).toMatch(/^[0-9a-f]{32}$/);
  });

  test('takes several numbers for what is too much for one', async () => {
    const { open } = await begin();
    const log = open();
    const orders = Array.from({ length: 1000 }, (_, i) => url(`${i}${'x'.repeat(1000)}`));
    expect(log.append(orders, false)).toBe(4);
    expect(open().head).toBe(4);
  });

  test('knows who is a Portico node, after the next start as well', async () => {
    const { open } = await begin();
    const log = open();
    log.know('10.0.0.1:3130');
    log.append([ALL], false);
    log.know('[fe80::1%eth0]:3130');
    for (const each of [log, open()]) {
      expect(['10.0.0.1:3130', '[fe80::1%eth0]:3130', '10.0.0.1:3131'].map((peer) => each.knows(peer))).toEqual([
        true,
        true,
        false,
      ]);
    }
  });
});

describe('who resumes', () => {
  test('from where it is gets the rest', async () => {
    const { open } = await begin();
    const log = open();
    const before = here(log);
    log.append([url('a')], false);
    const position = here(log);
    log.append([url('b')], false);
    for (const each of [log, open()]) {
      expect(each.resume(before)).toEqual({ position: before, missed: undefined });
      expect(each.resume(position)).toEqual({ position, missed: undefined });
    }
  });

  test('from another log, or from what this one has not, has missed something', async () => {
    const { open } = await begin();
    const log = open();
    log.append([url('a')], false);
    const { instance, number, check } = here(log);
    const position = here(log);
    expect(log.resume({ instance: 'f'.repeat(32), number, check })).toEqual({ position, missed: 'instance' });
    expect(log.resume({ instance, number: 2, check })).toEqual({ position, missed: 'lost' });
    expect(log.resume({ instance, number, check: check ^ 1 })).toEqual({ position, missed: 'lost' });
    expect(log.resume({ instance, number: 0, check: 1 })).toEqual({ position, missed: 'lost' });
  });

  test('from a number that was given out once more, after the disk had lost it, has missed something', async () => {
    let clock = 1_000_000;
    const { open, file, read } = await begin({ now: () => clock++ });
    const log = open();
    const before = read();
    log.append([url('a')], false);
    const told = here(log);
    writeFileSync(file, before);
    const next = open();
    next.append([url('a')], false);
    expect(next.head).toBe(1);
    expect(next.resume(told).missed).toBe('lost');
  });

  test('from some time ago gets what was purged since then, and what little was before', async () => {
    let clock = 0;
    const { open } = await begin({ now: () => clock });
    const log = open();
    for (clock = 10_000_000; clock < 10_600_000; clock += 100_000) log.append([url(String(clock))], false);
    const from = (ago: number) => log.resume({ ago }).position.number;
    expect([0, 39_000, 41_000, 241_000, 1e9].map(from)).toEqual([6, 6, 5, 3, 0]);
  });
});

describe('of more than is kept', () => {
  test.each([
    { name: 'purges', options: { most: 100 }, text: 'x' },
    { name: 'bytes', options: { largest: 20_000 }, text: 'x'.repeat(170) },
  ])('$name, the oldest are folded, and the file with them', async ({ options, text }) => {
    const { open, read } = await begin(options);
    const log = open();
    log.know('10.0.0.1:3130');
    const positions = Array.from({ length: 400 }, (_, i) => {
      log.append([url(`${text}${i}`)], false);
      return here(log);
    });
    expect(read().length).toBeLessThan(30_000);
    expect(log.size).toBeLessThanOrEqual(100);
    for (const each of [log, open()]) {
      expect(each.head).toBe(400);
      expect(each.after(5)).toBe('folded');
      const missed = positions.map((position) => each.resume(position).missed);
      expect(missed.slice(0, 290)).toEqual(Array(290).fill('folded'));
      expect(missed.slice(-50)).toEqual(Array(50).fill(undefined));
      // The last one that was folded is one from which nothing is missed.
      expect(missed.lastIndexOf('folded')).toBe(400 - each.size - 2);
      expect(each.knows('10.0.0.1:3130')).toBe(true);
    }
    expect(open().append([ALL], false)).toBe(401);
  });

  test('those of some time ago may have been among them', async () => {
    let clock = 0;
    const { open } = await begin({ now: () => clock, most: 4 });
    const log = open();
    for (clock = 10_000_000; clock < 10_600_000; clock += 100_000) log.append([url('a')], false);
    expect(log.resume({ ago: 1e9 })).toMatchObject({ missed: 'folded', position: { number: 6 } });
    expect(log.resume({ ago: 41_000 })).toMatchObject({ missed: undefined, position: { number: 5 } });
  });
});

describe('a file', () => {
  test('with a torn end is read up to there, wherever it is torn', async () => {
    const { open, file, read } = await begin();
    const log = open();
    log.append([url('a')], false);
    const whole = read();
    log.append([url('b')], true);
    const last = read().slice(whole.length);
    for (let length = 0; length < last.length; length++) {
      writeFileSync(file, whole + last.slice(0, length));
      const next = open();
      expect([next.instance, next.head]).toEqual([log.instance, 1]);
      next.append([url('c')], false);
      expect(rest(open(), 0)).toEqual([
        [1, false, url('a')],
        [2, false, url('c')],
      ]);
    }
  });

  test.each([
    { name: 'a changed letter', damage: (text: string) => text.replace('"a"', '"z"') },
    { name: 'a line less', damage: (text: string) => text.replace(/.*"a".*\n/, '') },
    { name: 'something else at its end', damage: (text: string) => `${text}what is this?\n` },
    { name: 'nothing', damage: () => '' },
    { name: 'garbage', damage: () => '\0\n\n' },
  ])('with $name is another log', async ({ damage }) => {
    const { open, file, read, events } = await begin();
    const log = open();
    for (const text of ['a', 'b']) log.append([url(text)], false);
    writeFileSync(file, damage(read()));
    const next = open();
    expect(next.instance).not.toBe(log.instance);
    expect(next.head).toBe(0);
    expect(events).toMatchObject([{ level: 'error', event: 'purge log is damaged: siblings will purge everything' }]);
    expect(open().instance).toBe(next.instance);
  });

  test('that cannot be written any more is removed, so that the next start has another log', async () => {
    const { open, file, events } = await begin();
    const log = open();
    log.append([url('a')], false);
    log.close();
    rmSync(file);
    symlinkSync('/dev/full', file);
    expect(log.append([url('b')], false)).toBe(2);
    expect(rest(log, 0)).toHaveLength(2);
    expect(existsSync(file)).toBe(false);
    log.append([url('c')], false);
    expect(events).toMatchObject([{ event: 'purge log cannot be written', fields: { error: { code: 'ENOSPC' } } }]);
    expect(open().instance).not.toBe(log.instance);
  });

  test('that cannot be made is done without', async () => {
    const { open, file, events } = await begin();
    mkdirSync(file);
    appendFileSync(join(file, 'x'), '');
    const log = open();
    expect(log.append([url('b')], false)).toBe(1);
    expect(events.map(({ level }) => level)).toEqual(['error', 'error']);
  });
});

describe('a process that is killed while it purges', () => {
  test('leaves every purge that it had told of', async () => {
    const { directory, open } = await begin();
    let told = 0;
    for (let round = 0; round < 4; round++) {
      const script = new URL('./purging-process.ts', import.meta.url).pathname;
      const child = spawn(process.execPath, [script, directory], { stdio: ['ignore', 'pipe', 'inherit'] });
      atTeardown(() => child.kill('SIGKILL'));
      let text = '';
      child.stdout.setEncoding('latin1').on('data', (more: string) => {
        text += more;
        if (text.length > 5_000 + round * 3777) child.kill('SIGKILL');
      });
      await within(once(child, 'close'), 'the process to end', 15_000);
      const numbers = text.split('\n').slice(0, -1).map(Number);
      expect(numbers.length).toBeGreaterThan(500);
      expect(numbers[0]).toBeGreaterThan(told);
      told = numbers.at(-1) as number;
      const log = open();
      expect(log.head).toBeGreaterThanOrEqual(told);
      expect(rest(log, told - 1)[0]).toEqual([told, false, url(`https://www.example.com/${told}`)]);
    }
  });
});
