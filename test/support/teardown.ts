import { AsyncLocalStorage } from 'node:async_hooks';
import { afterAll, onTestFinished, type TestContext } from 'vitest';

/**
 * What a test starts is ended with that test; what a `beforeAll` starts, with its file, the last one first. Callers
 * need not remember to, and a failed test leaves nothing behind. A program that is no test ends it all by `endAll`.
 */
export function atTeardown(close: () => unknown): void {
  const told = owner.getStore();
  if (told === 'file') {
    leftForFile.push(close);
    return;
  }
  try {
    (told ?? onTestFinished)(async () => {
      await close();
    });
  } catch {
    leftForFile.push(close); // No test is running: a beforeAll, or a benchmark.
  }
}

/** What is started by this within a test is left to those after it, and ended with the file. */
export function leaveToFile<T>(start: () => T): T {
  return owner.run('file', start);
}

/** For `test.concurrent`: what each of the tests starts is ended with that one, whoever else runs by then. */
export function amongOthers(body: () => Promise<void>): (context: TestContext) => Promise<void> {
  return (context) => owner.run(context.onTestFinished, body);
}

const owner = new AsyncLocalStorage<'file' | TestContext['onTestFinished']>();

/** Module state, and so one list for each test file: vitest loads every file's modules afresh. */
const leftForFile: Array<() => unknown> = [];

export async function endAll(): Promise<void> {
  while (leftForFile.length > 0) await leftForFile.pop()?.();
}

if (process.env.VITEST === 'true') afterAll(endAll);
