import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, readFile, rename, rm } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { promisify } from 'node:util';

/**
 * An npm package without its dependencies. http-cache-tests asks for the whole of npm 6 to be installed beside it, for
 * its scripts alone, and that has no place among our development dependencies: it would put its own `npm` first in the path.
 */
export interface Package {
  readonly name: string;
  readonly version: string;
  /** As the registry and lock files have it. */
  readonly integrity: `sha512-${string}`;
}

const CACHE = resolve(import.meta.dirname, '../../node_modules/.cache');
const run = promisify(execFile);

/** Where it is unpacked. It is fetched but once, by npm, so that npm's own settings (mirror, proxy, cache) hold. Nothing of it is run. */
export async function fetchPackage(wanted: Package): Promise<string> {
  const home = join(CACHE, `${wanted.name}-${wanted.version}`);
  if (existsSync(home)) return home;
  await mkdir(CACHE, { recursive: true });
  // Beside its home: renaming makes it appear there whole or not at all.
  const workplace = await mkdtemp(join(CACHE, 'fetching-'));
  try {
    const tarball = await pack(wanted, workplace);
    await check(tarball, wanted);
    await run('tar', ['-xzf', tarball, '-C', workplace]);
    await rename(join(workplace, 'package'), home).catch(unlessThere(home));
    return home;
  } finally {
    await rm(workplace, { recursive: true, force: true });
  }
}

async function pack({ name, version }: Package, into: string): Promise<string> {
  const argv = [
    'pack',
    `${name}@${version}`,
    '--pack-destination',
    into,
    '--ignore-scripts',
    '--silent',
    '--prefer-offline',
  ];
  try {
    const { stdout } = await run('npm', argv, { timeout: 60_000, cwd: into });
    return join(into, stdout.trim().split('\n').at(-1) ?? '');
  } catch (error) {
    throw new Error(`npm cannot fetch ${name}@${version}, which the tests of conformance need`, { cause: error });
  }
}

async function check(tarball: string, { name, version, integrity }: Package): Promise<void> {
  const found = `sha512-${createHash('sha512')
    .update(await readFile(tarball))
    .digest('base64')}`;
  if (found !== integrity) throw new Error(`${name}@${version} is ${found}, and should be ${integrity}`);
}

/** Another run may have been faster. */
function unlessThere(home: string): (error: unknown) => void {
  return (error) => {
    if (!existsSync(home)) throw error;
  };
}
