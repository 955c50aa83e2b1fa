import { randomUUID, timingSafeEqual } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { makeDirectory, writeSecret } from '../../base/secret-file.ts';

/**
 * The nonce of the page, a UUID as Apache has it: one for all pools, as programs take that of the last link for any. It
 * is kept, so that a page that somebody has open goes on over a restart.
 */
export function keptNonce(stateDir: string): string {
  const file = join(stateDir, 'balancer-manager-nonce');
  const kept = existsSync(file) ? readFileSync(file, 'utf8').trim() : '';
  if (FORM.test(kept)) return kept;
  const nonce = randomUUID();
  makeDirectory(stateDir);
  writeSecret(file, `${nonce}\n`);
  return nonce;
}

const FORM = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;

export function isSameNonce(given: string, expected: string): boolean {
  const [one, other] = [Buffer.from(given), Buffer.from(expected)];
  return one.length === other.length && timingSafeEqual(one, other);
}
