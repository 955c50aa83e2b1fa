import type { Bytes } from '../base/units.ts';
import { LONGEST_SECRET, SHORTEST_SECRET } from './wire/hmac.ts';

/**
 * What nodes prove themselves by, as it stands in files of their own: the first line, without the white space around it. What is wrong
 * is told by an `Error` that says what was found, and never shows it.
 */

/** What of a password goes over the wire: RFC 2338 §5.3.10. */
export const PASSWORD: Bytes = 8;

/** The key of an HMAC, byte for byte: 32 to 64 of them. */
export function hmacSecretIn(content: Buffer): Uint8Array {
  const secret = firstLine(content);
  if (secret.length < SHORTEST_SECRET || secret.length > LONGEST_SECRET) {
    throw new Error(`expected a key of ${SHORTEST_SECRET} to ${LONGEST_SECRET} bytes, got ${secret.length}`);
  }
  return new Uint8Array(Buffer.from(secret, 'latin1'));
}

/**
 * A password of version 2. It may be longer than what is sent of it, as keepalived's may. Of another than ASCII no two programs would send the
 * same bytes.
 */
export function passwordIn(content: Buffer): string {
  const password = firstLine(content);
  if (password === '') throw new Error('expected a password, got an empty line');
  const other = [...password].filter((letter) => !/[ -~]/.test(letter)).length;
  if (other > 0) {
    throw new Error(`expected a password of ASCII, got ${other} of ${password.length} bytes that are none`);
  }
  return password;
}

/** A character is a byte of it. */
function firstLine(content: Buffer): string {
  const [line = ''] = content.toString('latin1').split('\n');
  return line.replace(/^[ \t]+|[ \t\r]+$/g, '');
}
