import { createHash, randomBytes } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { makeDirectory, writeSecret } from '../../base/secret-file.ts';

/** What DNS cookies are made with (RFC 9018 §5): 16 bytes each. */
export interface CookieSecrets {
  readonly current: Uint8Array;
  /** Cookies that were made with it are taken as well, while nodes change from one to the other. */
  readonly other?: Uint8Array;
}

/** Of the one that is made here, in `state_dir`. */
const FILE = 'dns-cookie.secret';

const LENGTH = 16;

/**
 * Of a file: its first line is the secret, its second the former one. 32 hexadecimal digits are the 16 bytes themselves, so
 * that name servers of other kinds can have the same; of any other text it is a digest. Throws an error for the operator.
 */
export function readCookieSecrets(file: string): CookieSecrets {
  const [first = '', second = ''] = readFileSync(file, 'utf8')
    .split('\n')
    .map((line) => line.trim());
  if (first === '') throw new Error(`${file}: expected a secret on its first line, got nothing`);
  return { current: secretOf(first), ...(second !== '' && { other: secretOf(second) }) };
}

/**
 * The one in `stateDir`, made when there is none, so that cookies outlive a restart. Throws an error for the operator when it can
 * be neither read nor kept.
 */
export function ensureCookieSecrets(stateDir: string): CookieSecrets {
  const file = join(stateDir, FILE);
  try {
    return readCookieSecrets(file);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
  }
  try {
    makeDirectory(stateDir);
    writeSecret(file, `${randomBytes(LENGTH).toString('hex')}\n`);
    return readCookieSecrets(file);
  } catch (cause) {
    const { code, message } = cause as NodeJS.ErrnoException;
    throw new Error(`cannot keep the secret of DNS cookies in state_dir ${stateDir}: ${code ?? message}`, { cause });
  }
}

function secretOf(line: string): Uint8Array {
  if (/^[0-9a-fA-F]{32}$/.test(line)) return new Uint8Array(Buffer.from(line, 'hex'));
  return new Uint8Array(createHash('sha256').update(line).digest().subarray(0, LENGTH));
}
