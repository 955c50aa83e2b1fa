import type { Bytes } from '../../base/units.ts';

/** Longer cookies are many, and make a packet large. */
const LONGEST_COOKIE: Bytes = 256;

/** What anybody on the way may read. */
const OPEN = /^(?:accept(?:-.*)?|host|user-agent|range|x-forwarded-(?:proto|host))$/i;

/**
 * What an exact query tells of a request's fields. A value that is withheld is told as `*`, so that whatever varies by it is
 * a miss: left out, it would look like the variant of those who send none. Questions are not encrypted, so a peer that is
 * fetched from by TLS is told no value that could be a secret.
 */
export function toldFields(fields: readonly string[], isSecret: boolean): readonly string[] {
  const told = fields.slice();
  for (let i = 0; i + 1 < told.length; i += 2) {
    const name = told[i] as string;
    const isLong =
      name.length === 6 && name.toLowerCase() === 'cookie' && (told[i + 1] as string).length > LONGEST_COOKIE;
    if (isLong || (isSecret && !OPEN.test(name))) told[i + 1] = '*';
  }
  return told;
}
