import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
// @ts-expect-error: plain JavaScript, for it runs on a Node that is too old for all the rest
import install from '../../bin/install.cjs';

const { isInstalled } = install as { isInstalled(root: string): boolean };

type Packages = Readonly<Record<string, { readonly version: string; readonly optional?: boolean }>>;

let root: string;
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'portico-install-'));
  mkdirSync(join(root, 'node_modules'));
});
afterEach(() => rmSync(root, { recursive: true }));

const wanted: Packages = {
  '': { version: '0.1.0' },
  'node_modules/a': { version: '1.0.0' },
  'node_modules/b-for-another-platform': { version: '1.0.0', optional: true },
};

describe('the packages', () => {
  test.each([
    { name: 'are there when each is, in its version', found: { 'node_modules/a': { version: '1.0.0' } }, there: true },
    {
      name: 'are not when the lock file asks for another',
      found: { 'node_modules/a': { version: '0.9.0' } },
      there: false,
    },
    { name: 'are not when one is missing', found: {}, there: false },
    { name: 'are not when npm did not come to its end', found: undefined, there: false },
  ])('$name', ({ found, there }) => {
    write('package-lock.json', wanted);
    if (found !== undefined) write('node_modules/.package-lock.json', found);
    expect(isInstalled(root)).toBe(there);
  });
});

function write(file: string, packages: Packages): void {
  writeFileSync(join(root, file), JSON.stringify({ lockfileVersion: 3, packages }));
}
