import { appendFileSync, mkdirSync, readFileSync, rmSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import type { Entry } from '../../src/operator/kept.ts';
import { OVERRIDE_FILE, OverrideFile, parseOverrides } from '../../src/operator/override-file.ts';
import { Overrides } from '../../src/operator/overrides.ts';
import { tempDir } from '../support/temp.ts';

const WAS = { url: 'http://app1.test', weight: 1, role: 'primary', set: 0 } as const;

function said(id: string, reason = 'é\n"'): Entry {
  const value = { values: { admin: 'drain' }, by: 'alice', source: 'api', reason, since: 1, was: WAS } as const;
  return { kind: 'override', pool: 'app', id, value };
}

async function open() {
  const directory = await tempDir('operator');
  const path = join(directory, OVERRIDE_FILE);
  return { directory, path, file: new OverrideFile(directory), read: () => readFileSync(path, 'utf8') };
}

describe('the file', () => {
  test('has nothing to tell at the first start, and is not made for nothing', async () => {
    const { file, directory } = await open();
    expect(file.read()).toEqual({ entries: [], damaged: 0, found: false, problem: undefined });
    expect(new Overrides(directory).restore()).toEqual([]);
    expect(new OverrideFile(directory).read().found).toBe(false);
  });

  test('tells what was added to it, in order, and is for its owner only', async () => {
    const { file, path } = await open();
    const all = [said('a'), said('b'), said('c')];
    expect(file.append(all.slice(0, 2), () => all.slice(0, 2))).toBeUndefined();
    expect(file.append(all.slice(2), () => all)).toBeUndefined();
    expect(file.read()).toMatchObject({ entries: all, damaged: 0 });
    expect(statSync(path).mode & 0o777).toBe(0o600);
  });

  test('keeps what is said at once on one line, whole or not at all', async () => {
    const { file, path, read } = await open();
    const both = [said('a'), said('b')];
    file.append(both, () => both);
    const text = read();
    expect(text.split('\n')).toHaveLength(2);
    for (let length = 0; length < text.length; length++) {
      writeFileSync(path, text.slice(0, length));
      expect(new OverrideFile(join(path, '..')).read()).toMatchObject({ entries: [], damaged: 0 });
    }
  });

  test('is for its owner only also when it was not', async () => {
    const { directory, path } = await open();
    writeFileSync(path, '', { mode: 0o644 });
    writeFileSync(`${path}.new`, '', { mode: 0o666 });
    new Overrides(directory).restore();
    expect(statSync(path).mode & 0o777).toBe(0o600);
  });

  test('is made again, with all that holds, when somebody took it away', async () => {
    const { directory, path } = await open();
    const overrides = new Overrides(directory);
    overrides.restore();
    overrides.write([said('a')]);
    rmSync(path);
    overrides.write([said('b')]);
    rmSync(directory, { recursive: true });
    overrides.write([said('c')]);
    expect(new OverrideFile(directory).read().entries).toEqual([said('a'), said('b'), said('c')]);
  });

  test('is made again when somebody wrote into it', async () => {
    const { directory, path } = await open();
    const overrides = new Overrides(directory);
    overrides.restore();
    overrides.write([said('a')]);
    appendFileSync(path, 'without an end');
    overrides.write([said('b')]);
    expect(new OverrideFile(directory).read()).toMatchObject({ entries: [said('a'), said('b')], damaged: 0 });
  });

  test('is made smaller at a start, and when it has grown', async () => {
    const { directory, path } = await open();
    const overrides = new Overrides(directory);
    overrides.restore();
    let largest = 0;
    for (let i = 0; i < 3000; i++) {
      overrides.write([said('a', `${i} ${'x'.repeat(400)}`)]);
      largest = Math.max(largest, statSync(path).size);
    }
    expect(largest).toBeGreaterThan(200_000);
    expect(largest).toBeLessThan(300_000);
    const again = new Overrides(directory);
    expect(again.restore()).toEqual([]);
    expect([...again.kept.values()]).toEqual([said('a', `2999 ${'x'.repeat(400)}`)]);
    expect(statSync(path).size).toBeLessThan(1000);
  });
});

describe('trouble', () => {
  test('no space: it is told, and the file is as it was', async () => {
    const { directory, path } = await open();
    symlinkSync('/dev/full', path);
    const file = new OverrideFile(directory);
    expect(file.append([said('a')], () => [said('a')])).toMatchObject({ code: 'ENOSPC' });
  });

  test('a file that cannot be read, or written: it is told, and nothing is in force that is not kept', async () => {
    const { directory, path } = await open();
    mkdirSync(path);
    const overrides = new Overrides(directory);
    expect(overrides.restore()).toMatchObject([{ event: 'what operators had changed cannot be read', file: path }]);
    expect(overrides.write([said('a')])).toBeInstanceOf(Error);
    expect(overrides.kept.size).toBe(0);
  });

  test('a torn end is dropped, and what comes after it is read', async () => {
    const { directory, path, file, read } = await open();
    file.append([said('a')], () => [said('a')]);
    const whole = read();
    file.append([said('b')], () => [said('a'), said('b')]);
    const last = read().slice(whole.length);
    for (let length = 0; length < last.length; length += 7) {
      writeFileSync(path, whole + last.slice(0, length));
      const overrides = new Overrides(directory);
      expect(overrides.restore()).toEqual([]);
      overrides.write([said('c')]);
      expect(new OverrideFile(directory).read()).toMatchObject({ entries: [said('a'), said('c')], damaged: 0 });
    }
  });

  test('a torn end is not added to where the file could not be written anew at the start', async () => {
    const { directory, path, file } = await open();
    file.append([said('a')], () => [said('a')]);
    appendFileSync(path, 'torn');
    mkdirSync(`${path}.new`);
    const overrides = new Overrides(directory);
    expect(overrides.restore()).toMatchObject([{ event: 'what operators change cannot be kept' }]);
    expect(overrides.write([said('b')])).toBeInstanceOf(Error);
    rmSync(`${path}.new`, { recursive: true });
    expect(overrides.write([said('b')])).toBeUndefined();
    expect(new OverrideFile(directory).read()).toMatchObject({ entries: [said('a'), said('b')], damaged: 0 });
  });

  test('a damaged line elsewhere is told, the rest is used, and the file is kept for a look', async () => {
    const { directory, path, file, read } = await open();
    for (const id of ['a', 'b', 'c']) file.append([said(id)], () => []);
    const damaged = read().replace('"id":"b"', '"id":"x"');
    writeFileSync(path, damaged);
    const overrides = new Overrides(directory);
    expect(overrides.restore()).toEqual([
      { event: 'some of what operators had changed is lost', file: path, damaged: 1, copy: `${path}.damaged` },
    ]);
    expect([...overrides.kept.values()]).toEqual([said('a'), said('c')]);
    expect(readFileSync(`${path}.damaged`, 'utf8')).toBe(damaged);
    expect(new Overrides(directory).restore()).toEqual([]);
  });

  test('what a later version wrote is not taken for something else', () => {
    const line = (json: string, sum: string) => `${sum} ${json}\n`;
    expect(parseOverrides(line('[{"kind":"unheard of"}]', 'c3a3e0e5'))).toMatchObject({ entries: [] });
    expect(parseOverrides('\n')).toEqual({ entries: [], damaged: 1 });
  });

  test('an end that could not be written is written with the next change', async () => {
    const { directory, path } = await open();
    const overrides = new Overrides(directory);
    overrides.restore();
    overrides.write([said('a'), said('b')]);
    const before = readFileSync(path);
    rmSync(path);
    mkdirSync(path);
    expect(overrides.drop([said('a')])).toBeInstanceOf(Error);
    expect([...overrides.kept.values()]).toEqual([said('b')]);
    rmSync(path, { recursive: true });
    writeFileSync(path, before);
    overrides.write([said('c')]);
    expect(new OverrideFile(directory).read().entries).toEqual([said('b'), said('c')]);
  });
});
