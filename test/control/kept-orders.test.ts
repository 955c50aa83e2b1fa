import { existsSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { KEPT_ORDERS, KeptOrdersFile } from '../../src/control/kept-orders.ts';
import type { Maintenance } from '../../src/vrrp/model.ts';
import { tempDir } from '../support/temp.ts';

const RELEASE: Maintenance = { kind: 'release', by: 'alice', why: 'no trust' };
const HANDOVER: Maintenance = { kind: 'handover', by: 'bob', why: '' };
const RELEASED = JSON.stringify({ maintenance: RELEASE });

async function opened(content?: string) {
  const directory = join(await tempDir(), 'state');
  const path = join(directory, KEPT_ORDERS);
  if (content !== undefined) {
    mkdirSync(directory);
    writeFileSync(path, content);
  }
  const told: object[] = [];
  const ignore = () => {};
  const log = {
    debug: ignore,
    info: ignore,
    warn: ignore,
    error: (_: string, fields?: object) => told.push(fields ?? {}),
  };
  return { directory, path, told, file: new KeptOrdersFile(directory, log) };
}

describe('what operators said of floating addresses', () => {
  test('is read as it was written, by this user alone, with nothing beside it', async () => {
    const { directory, path, file, told } = await opened();
    expect(file.read()).toEqual({});
    const kept = {
      front: { maintenance: RELEASE },
      back: { maintenance: HANDOVER },
      other: { maintenance: undefined },
    };
    expect(file.write(kept)).toBeUndefined();
    expect(file.read()).toEqual({ front: { maintenance: RELEASE }, back: { maintenance: HANDOVER } });
    expect([readdirSync(directory), statSync(path).mode & 0o777, told]).toEqual([[KEPT_ORDERS], 0o600, []]);
  });

  test('is not written once more when the file says so already', async () => {
    const { path, file } = await opened();
    file.write({ front: { maintenance: RELEASE }, back: { maintenance: HANDOVER } });
    const { ino } = statSync(path);
    file.write({
      back: { maintenance: HANDOVER },
      front: { maintenance: { why: 'no trust', by: 'alice', kind: 'release' } },
    });
    expect(statSync(path).ino).toBe(ino);
  });

  test('that cannot be written is an error, and what was there is there', async () => {
    const { directory, path, file, told } = await opened();
    mkdirSync(path, { recursive: true });
    expect(file.write({ front: { maintenance: RELEASE } })).toMatchObject({ code: 'EISDIR' });
    expect(readdirSync(directory)).toEqual([KEPT_ORDERS]);
    expect([file.read(), told]).toMatchObject([{}, [{ file: path, reason: expect.stringContaining('EISDIR') }]]);
  });

  test.each([
    { content: '', reason: 'it is no JSON', left: {} },
    { content: `{"front":${RELEASED.slice(0, 20)}`, reason: 'it is no JSON', left: {} },
    { content: 'null', reason: 'expected a map of instances', left: {} },
    { content: '[]', reason: 'expected a map of instances', left: {} },
    { content: '{"front":null}', reason: 'what it says of front makes no sense', left: {} },
    { content: '{"front":{"maintenance":null}}', reason: 'what it says of front makes no sense', left: {} },
    {
      content: '{"front":{"maintenance":{"kind":"away","by":"bob","why":""}}}',
      reason: 'what it says of front makes no sense',
      left: {},
    },
    {
      content: `{"front":{"maintenance":"release"},"back":${RELEASED}}`,
      reason: 'what it says of front makes no sense',
      left: { back: { maintenance: RELEASE } },
    },
  ])(
    'in a damaged file is lost but for what is sound, told, and put aside: $content',
    async ({ content, reason, left }) => {
      const { path, file, told } = await opened(content);
      expect(file.read()).toEqual(left);
      expect(told).toEqual([{ file: path, reason, copy: `${path}.damaged` }]);
      expect(readFileSync(`${path}.damaged`, 'utf8')).toBe(content);
      expect(file.read()).toEqual(left);
      expect([told.length, existsSync(path)]).toEqual([1, true]);
    },
  );
});
