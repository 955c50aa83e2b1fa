import { existsSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { fetchPackage } from './package.ts';

/**
 * The public tests of HTTP caches, http-cache-tests: an origin that plays scripts, and a client that sends them and
 * looks at what comes back. There are two: the package on npm, which has not changed for years, and its repository.
 */
export interface Suite {
  readonly name: 'npm' | 'newest';
  readonly directory: string;
  /** The origin's program, in the directory. */
  readonly origin: string;
  /** The module that runs the tests, those that list them, and the one that has the suite's own verdict. */
  readonly runner: string;
  readonly tests: readonly string[];
  readonly verdicts: string;
}

/** The package is the only one that npm has, and is fetched at its first use. */
const PACKAGE = {
  name: 'http-cache-tests',
  version: '0.4.5',
  integrity: 'sha512-DjuwN9nUZXLTW+wav1LRESCZNVxl8SshwOy4z1pxuWbWt5/ay6sM9QQ1lebBaDO6P1IMBoK6mdf+PuVP/QNL8A==',
} as const;

export async function packagedSuite(): Promise<Suite> {
  return {
    name: 'npm',
    directory: await fetchPackage(PACKAGE),
    origin: 'server/server.mjs',
    runner: 'client/runner.mjs',
    tests: ['tests/index.mjs', 'tests/surrogate-control.mjs'],
    verdicts: 'lib/display.mjs',
  };
}

/** A checkout of github.com/http-tests/cache-tests; its folders `test-engine` and `tests` will do. */
export function suiteAt(directory: string): Suite {
  const suite: Suite = {
    name: 'newest',
    directory: resolve(directory),
    origin: 'test-engine/server/server.mjs',
    runner: 'test-engine/client/runner.mjs',
    tests: ['tests/index.mjs'],
    verdicts: 'test-engine/lib/results.mjs',
  };
  const missing = [suite.origin, ...suite.tests].filter((file) => !existsSync(join(suite.directory, file)));
  if (missing.length > 0) throw new Error(`no http-cache-tests in ${suite.directory}: there is no ${missing[0]}`);
  return suite;
}
