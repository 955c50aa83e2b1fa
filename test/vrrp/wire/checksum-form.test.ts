import { describe, expect, test } from 'vitest';
import type { ChecksumForm } from '../../../src/vrrp/wire/advertisement.ts';
import { checksumOf, isRight, sumOf } from '../../../src/vrrp/wire/checksum.ts';
import { type ChecksumPolicy, formToSend } from '../../../src/vrrp/wire/checksum-form.ts';
import { fromHex } from './packets.ts';

describe('the sum of RFC 1071', () => {
  test('of its own example (§3)', () => {
    expect(checksumOf(sumOf(fromHex('0001f203f4f5f6f7'), 0, 8))).toBe(~0xddf2 & 0xffff);
  });

  test('takes an odd byte at the end for the upper half of a word', () => {
    expect(sumOf(fromHex('000102'), 0, 3)).toBe(0x0001 + 0x0200);
  });

  test('of 64 KiB of ones does not overflow', () => {
    const sum = sumOf(new Uint8Array(65_535).fill(0xff), 0, 65_535);
    expect(checksumOf(sum)).toBe(~0xff00 & 0xffff);
    expect(isRight(sum + checksumOf(sum))).toBe(true);
  });
});

describe('the form that is sent', () => {
  test.each<{ policy: ChecksumPolicy; heard: ChecksumForm | undefined; form: ChecksumForm }>([
    { policy: 'auto', heard: undefined, form: 'pseudo' },
    { policy: 'auto', heard: 'pseudo', form: 'pseudo' },
    { policy: 'auto', heard: 'rfc9568', form: 'rfc9568' },
    { policy: 'auto', heard: 'unicast-old', form: 'unicast-old' },
    { policy: 'auto', heard: 'v2', form: 'pseudo' },
    { policy: 'pseudo', heard: 'rfc9568', form: 'pseudo' },
    { policy: 'rfc9568', heard: undefined, form: 'rfc9568' },
    { policy: 'rfc9568', heard: 'pseudo', form: 'rfc9568' },
  ])('by $policy, with $heard heard, is $form', ({ policy, heard, form }) => {
    expect(formToSend(policy, heard)).toBe(form);
  });
});
