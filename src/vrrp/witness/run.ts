import { randomBytes } from 'node:crypto';
import type { Run } from './message.ts';

/** For a process that starts. */
export function newRun(): Run {
  return randomBytes(8).readBigUInt64BE() | 1n;
}
