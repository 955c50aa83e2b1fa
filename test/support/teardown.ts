import { afterAll, onTestFinished } from 'vitest';

/**
 * What a test starts is ended with that test; what a `beforeAll` starts, with its file, the last one first. Callers
 * need not remember to, and a failed test leaves nothing behind. A program that is no test ends it all by `endAll`.
 */
export function atTeardown(close: () => unknown): void {
  try {
    onTestFinished(async () => {
      await close();
    });
  } catch {
    leftForFile.push(close); // No test is running: a beforeAll, or a benchmark.
  }
}

/** Module state, and so one list for each test file: vitest loads every file's modules afresh. */
const leftForFile: Array<() => unknown> = [];

export async function endAll(): Promise<void> {
  while (leftForFile.length > 0) await leftForFile.pop()?.();
}

if (process.env.VITEST === 'true') afterAll(endAll);
