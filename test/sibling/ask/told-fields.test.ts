import { describe, expect, test } from 'vitest';
import { toldFields } from '../../../src/sibling/ask/told-fields.ts';

describe('what an exact query tells of a request', () => {
  test('is all its fields, as they are', () => {
    const fields = ['Accept-Language', 'de', 'Cookie', 'a=1', 'X-Flavour', 'sweet'];
    expect(toldFields(fields, false)).toEqual(fields);
  });

  test('is not a long cookie; that there is one is told', () => {
    const fields = ['COOKIE', `a=${'x'.repeat(300)}`, 'Accept', '*/*'];
    expect(toldFields(fields, false)).toEqual(['COOKIE', '*', 'Accept', '*/*']);
    expect(fields[1]).toHaveLength(302);
  });

  test('is nothing that may be secret, if the peer is fetched from by TLS', () => {
    const fields = ['accept-encoding', 'gzip', 'Cookie', 'a=1', 'X-Api-Key', 'k', 'X-Forwarded-Proto', 'https'];
    expect(toldFields(fields, true)).toEqual([
      'accept-encoding',
      'gzip',
      'Cookie',
      '*',
      'X-Api-Key',
      '*',
      'X-Forwarded-Proto',
      'https',
    ]);
  });
});
