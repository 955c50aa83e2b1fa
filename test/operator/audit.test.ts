import { appendFileSync, chmodSync, existsSync, mkdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import type { EventLog } from '../../src/observe/event-forward.ts';
import { AUDIT_FILE, AuditLog } from '../../src/operator/audit.ts';
import { redacted } from '../../src/operator/redacted.ts';
import { tempDir } from '../support/temp.ts';

const ENTRY = { actor: 'alice', source: 'api', action: 'origin.change', target: 'app/a', reason: 'deploy' };

async function open(largest?: number) {
  const directory = await tempDir('audit');
  const said: string[] = [];
  const say = (event: string) => void said.push(event);
  const log: EventLog = { error: say, warn: say, info: say, debug: say };
  const start = () => new AuditLog({ directory, log, now: () => 1_780_000_000_123, ...(largest && { largest }) });
  return { file: join(directory, AUDIT_FILE), start, said };
}

describe('the audit log', () => {
  test('is a line of JSON for each record, with a time that people can read', async () => {
    const { file, start, said } = await open();
    const audit = start();
    audit.add({ ...ENTRY, before: { admin: 'active' }, after: { admin: 'drain' } });
    audit.add({ ...ENTRY, refused: 'last-active-origin' });
    const lines = readFileSync(file, 'utf8').trimEnd().split('\n');
    expect(lines).toHaveLength(2);
    expect(JSON.parse(lines[0] as string)).toEqual({
      number: 1,
      time: '2026-05-28T20:26:40.123Z',
      ...ENTRY,
      before: { admin: 'active' },
      after: { admin: 'drain' },
    });
    expect(said).toEqual(['operation done', 'operation refused']);
    expect(statSync(file).mode & 0o777).toBe(0o600);
  });

  test('is read again at a start, and its numbers go on', async () => {
    const { start } = await open();
    const audit = start();
    for (let i = 0; i < 5; i++) audit.add(ENTRY);
    const again = start();
    expect(again.after(3, 100)).toEqual(audit.after(3, 100));
    expect(again.add(ENTRY).number).toBe(6);
    expect(again.after(0, 2).map(({ number }) => number)).toEqual([1, 2]);
    expect(again.after(0, 0)).toEqual([]);
  });

  test('is put aside when it is large, and both files are read', async () => {
    const { file, start } = await open(2000);
    const audit = start();
    for (let i = 0; i < 30; i++) audit.add(ENTRY);
    expect(statSync(file).size).toBeLessThanOrEqual(2000);
    expect(statSync(`${file}.1`).size).toBeLessThanOrEqual(2000);
    const numbers = start()
      .after(0, 1000)
      .map(({ number }) => number);
    expect(numbers.length).toBeGreaterThan(15);
    expect(numbers).toEqual(numbers.map((_, index) => 31 - numbers.length + index));
  });

  test('has the last thousand at hand', async () => {
    const { start } = await open();
    const audit = start();
    for (let i = 0; i < 2500; i++) audit.add(ENTRY);
    expect(audit.after(0, 5000).length).toBeGreaterThanOrEqual(1000);
    expect(start().after(0, 5000)).toHaveLength(1000);
    expect(start().after(0, 5000).at(-1)?.number).toBe(2500);
  });

  test('keeps a record whole after a torn one, and one on a line', async () => {
    const { file, start } = await open();
    start().add(ENTRY);
    appendFileSync(file, '{"number":2,"ti');
    const audit = start();
    audit.add({ ...ENTRY, reason: 'two\nlines' });
    audit.add(ENTRY);
    expect(
      start()
        .after(0, 9)
        .map(({ number, reason }) => [number, reason]),
    ).toEqual([
      [1, 'deploy'],
      [2, 'two\nlines'],
      [3, 'deploy'],
    ]);
  });

  test('that cannot be written is told once, and again when it could be meanwhile', async () => {
    const { file, start, said } = await open();
    mkdirSync(file);
    const audit = start();
    audit.add(ENTRY);
    audit.add(ENTRY);
    rmSync(file, { recursive: true });
    audit.add(ENTRY);
    rmSync(file);
    mkdirSync(file);
    audit.add(ENTRY);
    expect(said.filter((event) => event === 'audit log cannot be written')).toHaveLength(2);
    expect(audit.after(0, 9)).toHaveLength(4);
  });

  test('stays readable for its owner only when somebody had opened it', async () => {
    const { file, start } = await open(300);
    const audit = start();
    audit.add(ENTRY);
    chmodSync(file, 0o644);
    for (let i = 0; i < 5; i++) audit.add(ENTRY);
    expect(existsSync(`${file}.1`)).toBe(true);
    expect(statSync(file).mode & 0o777).toBe(0o600);
  });
});

describe('what is written down', () => {
  test.each([
    { name: 'a password', value: { password: 'x' }, is: { password: '***' } },
    { name: 'deep inside', value: { a: [{ apiToken: 'x', set: 1 }] }, is: { a: [{ apiToken: '***', set: 1 }] } },
    { name: 'a url with a user', value: 'see http://u:p@h/x', is: 'see http://***@h/x' },
    { name: 'a url without one', value: 'http://h/x@y', is: 'http://h/x@y' },
    { name: 'a page', value: { page: 'x'.repeat(5000) }, is: { page: '5000 characters' } },
    { name: 'none', value: { password: undefined, n: null }, is: { password: undefined, n: null } },
  ])('$name', ({ value, is }) => {
    expect(redacted(value)).toEqual(is);
  });

  test('has an end', () => {
    const circle: Record<string, unknown> = {};
    circle.self = circle;
    expect(JSON.stringify(redacted(circle)).length).toBeLessThan(200);
  });
});
