import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { atTeardown } from './teardown.ts';

/** A directory of one's own, removed when the test (or the file, from `beforeAll`) has ended. */
export async function tempDir(name = 'portico'): Promise<string> {
  const directory = await mkdtemp(join(tmpdir(), `${name}-test-`));
  atTeardown(() => rm(directory, { recursive: true, force: true }));
  return directory;
}
