import { afterAll, onTestFinished } from 'vitest';

/**
 * What a test starts is ended with that test; what a `beforeAll` starts, with its file, the last one first. Callers
 * need not remember to, and a failed test leaves nothing behind.
 */
export function atTeardown(close: () => unknown): void {
  try {
    onTestFinished(async () => {
      await close();
    });
  } catch {
    leftForFile.push(close); // No test is running: a beforeAll.
  }
}

/** Module state, and so one list for each test file: vitest loads every file's modules afresh. */
const leftForFile: Array<() => unknown> = [];

afterAll(async () => {
  while (leftForFile.length > 0) await leftForFile.pop()?.();
});
