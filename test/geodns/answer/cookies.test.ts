import { describe, expect, test } from 'vitest';
import { Cookies } from '../../../src/geodns/answer/cookies.ts';

const SECRET = hex('e5e973e5a6b2a43f48e7dc849e37bfcf');
const CLIENT = hex('c6336464'); // 198.51.100.100

describe('the examples of RFC 9018 Appendix A', () => {
  test.each([
    {
      name: 'a client learns a cookie',
      secrets: { current: SECRET },
      address: CLIENT,
      now: 1559731985,
      cookie: '2464c4abcf10c957',
      valid: false,
      reply: '2464c4abcf10c957010000005cf79f111f8130c3eee29480',
    },
    {
      name: 'and keeps it for half an hour, after which it is renewed',
      secrets: { current: SECRET },
      address: CLIENT,
      now: 1559734385,
      cookie: '2464c4abcf10c957010000005cf79f111f8130c3eee29480',
      valid: true,
      reply: '2464c4abcf10c957010000005cf7a871d4a564a1442aca77',
    },
    {
      name: 'reserved bytes that another server has filled are hashed as they are',
      secrets: { current: SECRET },
      address: hex('cb0071cb'), // 203.0.113.203
      now: 1559734700,
      cookie: 'fc93fc62807ddb8601abcdef5cf78f71a314227b6679ebf5',
      valid: false, // 75 minutes old
      reply: 'fc93fc62807ddb86010000005cf7a9acf73a7810aca2381e',
    },
    {
      name: 'a cookie of the secret before is taken over IPv6, and made anew',
      secrets: { current: hex('445536bcd2513298075a5d379663c962'), other: hex('dd3bdf9344b678b185a6f5cb60fca715') },
      address: hex('20010db80220000159ded0f4876982b8'),
      now: 1559741961,
      cookie: '22681ab97d52c298010000005cf7c57926556bd0934c72f8',
      valid: true,
      reply: '22681ab97d52c298010000005cf7c609a6bb79d16625507a',
    },
  ])('$name', ({ secrets, address, now, cookie, valid, reply }) => {
    expect(check(new Cookies(secrets), cookie, address, now)).toEqual({ valid, reply });
  });

  test('the one with reserved bytes was valid when it was young', () => {
    const cookie = 'fc93fc62807ddb8601abcdef5cf78f71a314227b6679ebf5';
    expect(check(new Cookies({ current: SECRET }), cookie, hex('cb0071cb'), 0x5cf78f71)).toEqual({
      valid: true,
      reply: cookie,
    });
  });
});

describe('a cookie', () => {
  const made = 1_700_000_000;
  const cookies = new Cookies({ current: SECRET });
  const { reply: cookie } = check(cookies, '0102030405060708', CLIENT, made);

  test.each([
    { name: 'is given back as it is at once', later: 0, valid: true, kept: true },
    { name: 'and half an hour later', later: 1800, valid: true, kept: true },
    { name: 'is renewed after that', later: 1801, valid: true, kept: false },
    { name: 'is valid for an hour', later: 3600, valid: true, kept: false },
    { name: 'and no longer', later: 3601, valid: false, kept: false },
    { name: 'may be five minutes ahead of our clock', later: -300, valid: true, kept: true },
    { name: 'and not further', later: -301, valid: false, kept: false },
  ])('$name', ({ later, valid, kept }) => {
    const { valid: isValid, reply } = check(cookies, cookie, CLIENT, made + later);
    expect(isValid).toBe(valid);
    expect(reply === cookie).toBe(kept);
    expect(check(cookies, reply, CLIENT, made + later)).toEqual({ valid: true, reply });
  });

  test.each([
    { name: 'of another client', cookie: `1${cookie.slice(1)}` },
    { name: 'of another version', cookie: cookie.replace(/^(.{16})01/, '$102') },
    { name: 'with a hash that is wrong at its end', cookie: `${cookie.slice(0, -1)}${cookie.endsWith('0') ? 1 : 0}` },
    { name: 'that is longer', cookie: `${cookie}00` },
    { name: 'that is shorter', cookie: cookie.slice(0, -2) },
  ])('$name is not ours', ({ cookie }) => {
    const { valid, reply } = check(cookies, cookie, CLIENT, made);
    expect(valid).toBe(false);
    expect(reply.slice(0, 16)).toBe(cookie.slice(0, 16));
    expect(check(cookies, reply, CLIENT, made).valid).toBe(true);
  });

  test('is good for one address only', () => {
    expect(check(cookies, cookie, hex('c6336465'), made).valid).toBe(false);
    expect(check(cookies, cookie, hex('c6336464000000000000000000000000'), made).valid).toBe(false);
  });

  test('is none of another secret, once that is taken away', () => {
    const others = new Cookies({ current: hex('00112233445566778899aabbccddeeff') });
    expect(check(others, cookie, CLIENT, made).valid).toBe(false);
  });

  test('is told from one made 2^32 seconds ago as the clock goes round', () => {
    const last = check(cookies, '0102030405060708', CLIENT, 2 ** 32 - 1).reply;
    expect(check(cookies, last, CLIENT, 2 ** 32 + 10).valid).toBe(true);
  });
});

function check(cookies: Cookies, cookie: string, address: Buffer, now: number): { valid: boolean; reply: string } {
  const bytes = hex(`ffff${cookie}`);
  const valid = cookies.check(bytes, 2, bytes.length - 2, address, 0, address.length, now);
  return { valid, reply: Buffer.from(cookies.reply).toString('hex') };
}

function hex(text: string): Buffer {
  return Buffer.from(text, 'hex');
}
