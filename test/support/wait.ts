import type { Ms } from '../../src/base/units.ts';

/** Long enough for a busy machine, and shorter than vitest's own limit, so that it is this that says what was missing. */
export const PATIENCE: Ms = 4000;

/** `promise`, or an error that says what was waited for. `what` may be a function, to tell the state at that time. */
export async function within<T>(promise: Promise<T>, what: string | (() => string), limit: Ms = PATIENCE): Promise<T> {
  const { promise: late, reject } = Promise.withResolvers<never>();
  const timer = setTimeout(
    () => reject(new Error(`waited ${limit} ms for ${typeof what === 'string' ? what : what()}`)),
    limit,
  );
  try {
    return await Promise.race([promise, late]);
  } finally {
    clearTimeout(timer);
  }
}

/** Lets what is in flight on loopback sockets be read by its receiver before the next step is sent. */
export async function turn(): Promise<void> {
  for (let i = 0; i < 3; i++) await new Promise(setImmediate);
}
