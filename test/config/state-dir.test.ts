import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { readStateDir } from '../../src/config/state-dir.ts';
import { tempDir } from '../support/temp.ts';

/** A variable, as files name it. */
const VARIABLE = `\${PLACE}`;

async function read(text: string, env: Readonly<Record<string, string>> = {}) {
  const dir = await tempDir();
  const file = join(dir, 'portico.yaml');
  await writeFile(file, text);
  const found = readStateDir(file, env);
  return found.ok ? { ...found, path: found.path.replace(dir, 'DIR') } : found;
}

describe('the state directory', () => {
  test.each([
    { text: '', path: 'DIR/state' },
    { text: 'node:', path: 'DIR/state' },
    { text: 'node: { name: us-1 }', path: 'DIR/state' },
    { text: 'node: { state_dir: here }', path: 'DIR/here' },
    { text: 'node: { state_dir: /var/lib/portico }', path: '/var/lib/portico' },
    { text: `node: { state_dir: "${VARIABLE}/state" }`, path: '/srv/state' },
    { text: 'node: { state_dir: here, colour: red }\nlisteners: 1', path: 'DIR/here' },
  ])('of $text is $path', async ({ text, path }) => {
    expect(await read(text, { PLACE: '/srv' })).toEqual({ ok: true, path });
  });

  test.each([
    { text: 'node: [', reason: 'is no YAML' },
    { text: 'node: { state_dir: 1 }', reason: 'has no node.state_dir that could be understood' },
    { text: `node: { state_dir: "${VARIABLE}" }`, reason: `${VARIABLE} is not set in the environment` },
  ])('of $text cannot be told', async ({ text, reason }) => {
    expect(await read(text)).toEqual({ ok: false, reason });
  });

  test('of no file cannot be told', () => {
    expect(readStateDir('/nowhere/portico.yaml')).toEqual({ ok: false, reason: 'no such file' });
  });
});
