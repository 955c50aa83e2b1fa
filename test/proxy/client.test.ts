import { describe, expect, test } from 'vitest';
import { AddressSet } from '../../src/base/address.ts';
import { type ForwardingFields, forwardedValue, identify, xForwardedForValue } from '../../src/proxy/client.ts';

const TRUSTED = new AddressSet(['10.0.0.0/8', '2001:db8:aaaa::/48']);
const PEER = '10.0.0.1';
const RECEIVED = { scheme: 'http', authority: 'www.example.com' } as const;

function ask(fields: Partial<ForwardingFields>, peer = PEER, trusted = TRUSTED) {
  return identify(peer, RECEIVED, { ...NOTHING, ...fields }, trusted);
}

const NOTHING: ForwardingFields = {
  xForwardedFor: undefined,
  xForwardedProto: undefined,
  xForwardedHost: undefined,
  forwarded: undefined,
};

describe('a peer that is not trusted', () => {
  const spoofed: ForwardingFields = {
    xForwardedFor: '10.0.0.9, 127.0.0.1',
    xForwardedProto: 'https',
    xForwardedHost: 'evil.example',
    forwarded: 'for=10.0.0.9;proto=https;host=evil.example',
  };

  test.each([
    { name: 'IPv4', peer: '203.0.113.7', sentFor: '203.0.113.7', node: '203.0.113.7' },
    { name: 'IPv6', peer: '2001:db8::7', sentFor: '2001:db8::7', node: '"[2001:db8::7]"' },
    { name: 'no address at all', peer: '', sentFor: 'unknown', node: 'unknown' },
  ])('is the client, whatever it says of itself: $name', ({ peer, sentFor, node }) => {
    const client = ask(spoofed, peer);
    expect(client).toEqual({
      address: peer,
      proto: 'http',
      host: 'www.example.com',
      through: [],
      peerTrusted: false,
    });
    expect(xForwardedForValue(client)).toBe(sentFor);
    expect(forwardedValue(client, RECEIVED)).toBe(`for=${node};host=www.example.com;proto=http`);
  });

  test('is the client when nobody is trusted', () => {
    expect(ask(spoofed, PEER, new AddressSet([]))).toMatchObject({ address: PEER, proto: 'http', peerTrusted: false });
  });
});

describe('X-Forwarded-For of a trusted peer', () => {
  test.each([
    { name: 'none', value: undefined, address: PEER, through: [] },
    { name: 'empty', value: '', address: PEER, through: [] },
    { name: 'one client', value: '203.0.113.7', address: '203.0.113.7', through: [PEER] },
    { name: 'a client and what it claims', value: '8.8.8.8, 203.0.113.7', address: '203.0.113.7', through: [PEER] },
    {
      name: 'a client that claims to be trusted',
      value: '10.9.9.9, 203.0.113.7',
      address: '203.0.113.7',
      through: [PEER],
    },
    {
      name: 'trusted proxies',
      value: '203.0.113.7, 10.0.0.3, 10.0.0.2',
      address: '203.0.113.7',
      through: ['10.0.0.3', '10.0.0.2', PEER],
    },
    {
      name: 'nobody but trusted',
      value: '10.0.0.4,10.0.0.3,10.0.0.2',
      address: '10.0.0.4',
      through: ['10.0.0.3', '10.0.0.2', PEER],
    },
    {
      name: 'space and tabs',
      value: ' \t203.0.113.7 \t,\t10.0.0.2\t ',
      address: '203.0.113.7',
      through: ['10.0.0.2', PEER],
    },
    { name: 'no space', value: '203.0.113.7,10.0.0.2', address: '203.0.113.7', through: ['10.0.0.2', PEER] },
    { name: 'a port', value: '203.0.113.7:4711', address: '203.0.113.7', through: [PEER] },
    { name: 'IPv6', value: '2001:DB8:0:0::7', address: '2001:db8::7', through: [PEER] },
    { name: 'IPv6 in brackets', value: '[2001:db8::7]', address: '2001:db8::7', through: [PEER] },
    { name: 'IPv6 with a port', value: '[2001:db8::7]:4711', address: '2001:db8::7', through: [PEER] },
    { name: 'IPv6 that looks like IPv4 with a port', value: '1234::5', address: '1234::5', through: [PEER] },
    { name: 'a zone', value: 'fe80::7%eth0', address: 'fe80::7', through: [PEER] },
    {
      name: 'IPv4-mapped, trusted',
      value: '203.0.113.7, ::ffff:10.0.0.2',
      address: '203.0.113.7',
      through: ['10.0.0.2', PEER],
    },
    {
      name: 'IPv4-mapped, not trusted',
      value: '8.8.8.8, [::FFFF:203.0.113.7]:99',
      address: '203.0.113.7',
      through: [PEER],
    },
    {
      name: 'trusted IPv6',
      value: '203.0.113.7, 2001:db8:aaaa::1',
      address: '203.0.113.7',
      through: ['2001:db8:aaaa::1', PEER],
    },
    { name: 'garbage', value: 'evil', address: PEER, through: [] },
    {
      name: 'garbage, and a spoof behind it',
      value: '8.8.8.8, unknown, 10.0.0.2',
      address: '10.0.0.2',
      through: [PEER],
    },
    {
      name: 'an empty element, and a spoof behind it',
      value: '8.8.8.8, , 10.0.0.2',
      address: '10.0.0.2',
      through: [PEER],
    },
    { name: 'an empty element at the right', value: '8.8.8.8, 203.0.113.7,', address: PEER, through: [] },
    { name: 'an empty element at the left', value: ',203.0.113.7', address: '203.0.113.7', through: [PEER] },
    { name: 'an empty element left of the trusted', value: ',10.0.0.2', address: '10.0.0.2', through: [PEER] },
    { name: 'a hidden one', value: '8.8.8.8, _hidden', address: PEER, through: [] },
    { name: 'a UNIX socket of nginx', value: '8.8.8.8, unix:', address: PEER, through: [] },
    { name: 'quotes', value: '"203.0.113.7"', address: PEER, through: [] },
    { name: 'IPv4 in brackets', value: '[203.0.113.7]', address: PEER, through: [] },
    { name: 'an open bracket', value: '[2001:db8::7', address: PEER, through: [] },
    { name: 'a port that is none', value: '203.0.113.7:http', address: PEER, through: [] },
    { name: 'a port too long', value: '203.0.113.7:123456', address: PEER, through: [] },
    { name: 'octal', value: '0203.0.113.7', address: PEER, through: [] },
    { name: 'a number', value: '3405803783', address: PEER, through: [] },
    { name: 'a network', value: '203.0.113.0/24', address: PEER, through: [] },
    { name: 'a name', value: 'localhost', address: PEER, through: [] },
    { name: 'two in one element', value: '8.8.8.8 203.0.113.7', address: PEER, through: [] },
    { name: 'full-width digits (UTF-8 as latin1)', value: '8.8.8.8, \xef\xbc\x91.2.3.4', address: PEER, through: [] },
    { name: 'a no-break space', value: '\xa0203.0.113.7', address: PEER, through: [] },
    { name: 'a vertical tab', value: '203.0.113.7\x0b', address: PEER, through: [] },
    { name: 'markup', value: '<script>alert(1)</script>', address: PEER, through: [] },
    { name: '10 kB of commas', value: ','.repeat(10_000), address: PEER, through: [] },
    {
      name: '10 kB of commas and a client',
      value: `${','.repeat(10_000)}203.0.113.7`,
      address: '203.0.113.7',
      through: [PEER],
    },
    { name: '10 kB of spaces', value: ' '.repeat(10_000), address: PEER, through: [] },
    { name: '10 kB of digits', value: '1'.repeat(10_000), address: PEER, through: [] },
    { name: '10 kB of colons', value: ':'.repeat(10_000), address: PEER, through: [] },
    { name: '10 kB of brackets', value: '['.repeat(10_000), address: PEER, through: [] },
  ])('$name', ({ value, address, through }) => {
    const client = ask({ xForwardedFor: value });
    expect({ address: client.address, through: client.through }).toEqual({ address, through });
    expect(xForwardedForValue(client)).toBe([address, ...through].join(', '));
    expect(client.peerTrusted).toBe(true);
  });

  test('is read for 50 elements and no further', () => {
    const proxies = Array.from({ length: 60 }, (_, i) => `10.0.1.${i}`);
    const client = ask({ xForwardedFor: ['203.0.113.7', ...proxies].join(',') });
    expect(client.address).toBe('10.0.1.10');
    expect(client.through).toHaveLength(50);
  });

  test('is read for 4 KiB and no further, and never from the middle of an address', () => {
    const client = '103.0.113.7';
    const chain = (bytes: number) => {
      const hops = Array.from({ length: 40 }, () => ','.concat('10.0.0.2'.padStart(100))).join('');
      return client + ','.concat('10.0.0.3'.padStart(bytes - client.length - hops.length - 1)) + hops;
    };
    expect(ask({ xForwardedFor: chain(4096) }).address).toBe(client);
    for (let bytes = 4097; bytes < 4097 + client.length; bytes++) {
      expect(chain(bytes)).toHaveLength(bytes);
      expect(ask({ xForwardedFor: chain(bytes) }).address).toBe('10.0.0.3');
    }
  });

  test('wins over Forwarded, which then has no say at all', () => {
    const client = ask({ xForwardedFor: '203.0.113.7', forwarded: 'for=8.8.8.8;proto=https;host=evil.example' });
    expect(client).toMatchObject({ address: '203.0.113.7', proto: 'http', host: 'www.example.com' });
    expect(forwardedValue(client, RECEIVED)).not.toContain('8.8.8.8');
  });

  test('wins over Forwarded though it is empty or garbage', () => {
    for (const xForwardedFor of ['', 'garbage']) {
      expect(ask({ xForwardedFor, forwarded: 'for=8.8.8.8' }).address).toBe(PEER);
    }
  });
});

describe('Forwarded of a trusted peer (RFC 7239)', () => {
  test.each([
    { name: 'one client', value: 'for=203.0.113.7', address: '203.0.113.7', through: [PEER] },
    { name: 'a quoted one', value: 'for="203.0.113.7"', address: '203.0.113.7', through: [PEER] },
    { name: 'a port', value: 'for="203.0.113.7:4711"', address: '203.0.113.7', through: [PEER] },
    { name: 'a hidden port', value: 'for="203.0.113.7:_port"', address: '203.0.113.7', through: [PEER] },
    { name: 'a port without quotes', value: 'for=203.0.113.7:4711', address: '203.0.113.7', through: [PEER] },
    { name: 'IPv6', value: 'For="[2001:db8::1]:4711"', address: '2001:db8::1', through: [PEER] },
    { name: 'IPv6 without quotes', value: 'for=[2001:db8::1]', address: '2001:db8::1', through: [PEER] },
    { name: 'an escaped character', value: 'for="203.0.113\\.7"', address: '203.0.113.7', through: [PEER] },
    {
      name: 'all parameters',
      value: 'for=203.0.113.7;proto=http;by=10.0.0.1;host=a',
      address: '203.0.113.7',
      through: [PEER],
    },
    { name: 'a parameter of another', value: 'for=203.0.113.7;secret=x', address: '203.0.113.7', through: [PEER] },
    { name: 'space around semicolons', value: 'for=203.0.113.7 ; proto=http', address: '203.0.113.7', through: [PEER] },
    { name: 'a semicolon too many', value: ';;for=203.0.113.7;', address: '203.0.113.7', through: [PEER] },
    {
      name: 'a chain',
      value: 'for=8.8.8.8, for=203.0.113.7,for=10.0.0.2',
      address: '203.0.113.7',
      through: ['10.0.0.2', PEER],
    },
    { name: 'a quoted comma', value: 'for=203.0.113.7;ext="a, for=8.8.8.8"', address: '203.0.113.7', through: [PEER] },
    {
      name: 'a quoted semicolon',
      value: 'for=203.0.113.7;ext="a;for=8.8.8.8"',
      address: '203.0.113.7',
      through: [PEER],
    },
    {
      name: 'an escaped quote',
      value: 'for=203.0.113.7;ext="a\\", for=8.8.8.8;b=\\""',
      address: '203.0.113.7',
      through: [PEER],
    },
    {
      name: 'an escaped backslash before the quote',
      value: 'for=8.8.8.8;ext="a\\\\", for=203.0.113.7',
      address: '203.0.113.7',
      through: [PEER],
    },
    { name: 'a hidden client', value: 'for=8.8.8.8, for=_hidden, for=10.0.0.2', address: '10.0.0.2', through: [PEER] },
    { name: 'an unknown client', value: 'for=8.8.8.8, for=unknown', address: PEER, through: [] },
    { name: 'an element without for', value: 'for=8.8.8.8, proto=https', address: PEER, through: [] },
    { name: 'an empty element', value: 'for=8.8.8.8, , for=10.0.0.2', address: '10.0.0.2', through: [PEER] },
    {
      name: 'an open quote from the client',
      value: 'for="8.8.8.8, for=203.0.113.7',
      address: '203.0.113.7',
      through: [PEER],
    },
    {
      name: 'an open quote and an escape from the client',
      value: 'for="8.8.8.8\\, for="[2001:db8::7]"',
      address: '2001:db8::7',
      through: [PEER],
    },
    {
      name: 'a lone backslash from the client',
      value: '\\, for="203.0.113.7"',
      address: '203.0.113.7',
      through: [PEER],
    },
    { name: 'two for', value: 'for=203.0.113.7;for=8.8.8.8', address: PEER, through: [] },
    { name: 'two for in two cases', value: 'for=203.0.113.7;FOR=8.8.8.8', address: PEER, through: [] },
    { name: 'an open quote', value: 'for="203.0.113.7', address: PEER, through: [] },
    { name: 'a closing quote alone', value: 'for=203.0.113.7"', address: PEER, through: [] },
    { name: 'text behind the quotes', value: 'for="203.0.113.7"x', address: PEER, through: [] },
    { name: 'space around the equals sign', value: 'for = 203.0.113.7', address: PEER, through: [] },
    { name: 'no value', value: 'for=', address: PEER, through: [] },
    { name: 'no name', value: '=203.0.113.7', address: PEER, through: [] },
    { name: 'an address alone', value: '203.0.113.7', address: PEER, through: [] },
    { name: 'single quotes', value: "for='203.0.113.7'", address: PEER, through: [] },
    { name: 'unicode', value: 'for="203.0.113.7\xe2\x80\x8b"', address: PEER, through: [] },
    { name: '10 kB of commas', value: ','.repeat(10_000), address: PEER, through: [] },
    { name: '10 kB of quotes', value: '"'.repeat(10_000), address: PEER, through: [] },
    { name: '10 kB of semicolons', value: ';'.repeat(10_000), address: PEER, through: [] },
    { name: '4 kB of semicolons', value: ';'.repeat(4_000), address: PEER, through: [] },
    { name: '4 kB of spaces', value: `${' '.repeat(4_000)}(`, address: PEER, through: [] },
    { name: '10 kB of backslashes', value: `"${'\\'.repeat(10_000)}"`, address: PEER, through: [] },
    {
      name: '10 kB of open quotes and a client',
      value: `${'"\\'.repeat(5_000)},for=203.0.113.7`,
      address: '203.0.113.7',
      through: [PEER],
    },
  ])('$name', ({ value, address, through }) => {
    const client = ask({ forwarded: value });
    expect({ address: client.address, through: client.through }).toEqual({ address, through });
  });

  test('tells the scheme and the host that the client asked for, which the furthest trusted proxy saw', () => {
    const forwarded =
      'for=203.0.113.7;proto=https;host="shop.example:8443", for=10.0.0.2;proto=http;host=inner.example';
    expect(ask({ forwarded })).toMatchObject({ proto: 'https', host: 'shop.example:8443' });
  });

  test('tells them though it hides the client', () => {
    expect(ask({ forwarded: 'for=_hidden;proto=https;host=shop.example' })).toMatchObject({
      address: PEER,
      proto: 'https',
      host: 'shop.example',
    });
  });

  test('tells nothing that the client wrote itself', () => {
    const forwarded = 'for=10.0.0.3;proto=https;host=evil.example, for=203.0.113.7';
    expect(ask({ forwarded })).toMatchObject({ address: '203.0.113.7', proto: 'http', host: 'www.example.com' });
  });
});

describe('X-Forwarded-Proto of a trusted peer', () => {
  test.each([
    { value: 'https', proto: 'https' },
    { value: 'HTTPS', proto: 'https' },
    { value: 'http', proto: 'http' },
    { value: 'http, https', proto: 'https' },
    { value: 'https,http', proto: 'http' },
    { value: 'https, evil', proto: 'http' },
    { value: 'https,', proto: 'http' },
    { value: 'ftp', proto: 'http' },
    { value: 'wss', proto: 'http' },
    { value: 'https;', proto: 'http' },
    { value: '', proto: 'http' },
    { value: `${' '.repeat(10_000)}https`, proto: 'http' },
  ])('$value', ({ value, proto }) => {
    expect(ask({ xForwardedProto: value }).proto).toBe(proto);
  });

  test('wins over the one in Forwarded', () => {
    expect(ask({ xForwardedProto: 'http', forwarded: 'for=203.0.113.7;proto=https' }).proto).toBe('http');
  });
});

describe('X-Forwarded-Host of a trusted peer', () => {
  test.each([
    { value: 'shop.example', host: 'shop.example' },
    { value: 'Shop.Example:8443', host: 'shop.example:8443' },
    { value: '[2001:DB8::1]:8443', host: '[2001:db8::1]:8443' },
    { value: 'evil.example, shop.example', host: 'shop.example' },
    { value: 'shop.example, ', host: 'www.example.com' },
    { value: 'a/b', host: 'www.example.com' },
    { value: 'user@shop.example', host: 'www.example.com' },
    { value: 'shop.example:99999999', host: 'www.example.com' },
    { value: 'shop.example"', host: 'www.example.com' },
    { value: 'sh\xf6p.example', host: 'www.example.com' },
    { value: 'a'.repeat(10_000), host: 'www.example.com' },
    { value: '', host: 'www.example.com' },
  ])('$value', ({ value, host }) => {
    expect(ask({ xForwardedHost: value }).host).toBe(host);
  });
});

describe('the Forwarded to send on', () => {
  test.each([
    {
      name: 'has one element for a client without a proxy',
      fields: {},
      expected: 'for=10.0.0.1;host=www.example.com;proto=http',
    },
    {
      name: 'begins with what the client asked for and ends with what we received',
      fields: { xForwardedFor: '203.0.113.7', xForwardedProto: 'https', xForwardedHost: 'shop.example' },
      expected: 'for=203.0.113.7;host=shop.example;proto=https, for=10.0.0.1;host=www.example.com;proto=http',
    },
    {
      name: 'names the proxies in between',
      fields: { xForwardedFor: '2001:db8::7, 10.0.0.3, 2001:db8:aaaa::2' },
      expected:
        'for="[2001:db8::7]";host=www.example.com;proto=http, for=10.0.0.3, for="[2001:db8:aaaa::2]", for=10.0.0.1;host=www.example.com;proto=http',
    },
  ])('$name', ({ fields, expected }) => {
    expect(forwardedValue(ask(fields), RECEIVED)).toBe(expected);
  });

  test.each([
    { authority: 'www.example.com', host: ';host=www.example.com' },
    { authority: 'www.example.com:8443', host: ';host="www.example.com:8443"' },
    { authority: '[2001:db8::1]', host: ';host="[2001:db8::1]"' },
    { authority: 'a"b\\c', host: ';host="a\\"b\\\\c"' },
    { authority: 'a, for=8.8.8.8', host: '' },
    { authority: 'a,for=8.8.8.8', host: ';host="a,for=8.8.8.8"' },
    { authority: 'a\r\nb', host: '' },
    { authority: 'sh\xf6p', host: '' },
    { authority: '', host: '' },
  ])('quotes the host $authority', ({ authority, host }) => {
    const received = { scheme: 'https', authority } as const;
    const client = identify('203.0.113.7', received, NOTHING, TRUSTED);
    expect(forwardedValue(client, received)).toBe(`for=203.0.113.7${host};proto=https`);
  });

  test('is read by the next of us as it was meant', () => {
    const fields = {
      xForwardedFor: '2001:db8::7, 10.0.0.3',
      xForwardedProto: 'https',
      xForwardedHost: 'a.example:8443',
    };
    const here = ask(fields);
    const next = ask({ forwarded: forwardedValue(here, RECEIVED) }, '10.0.0.2');
    expect(next).toEqual({ ...here, through: [...here.through, '10.0.0.2'] });
  });
});

test('whatever a client wrote, what the trusted proxy appended decides', () => {
  const pieces = ['for=', 'proto=', 'host=', '"', '\\', ',', ';', '=', ' ', '\t', '[', ']', ':', '_x', 'https'];
  pieces.push('10.0.0.2', '203.0.113.7', '2001:db8::7', '::ffff:10.0.0.3', 'unknown', '\xff', '%eth0', '4711');
  let state = 7;
  const random = (below: number) => {
    state = (Math.imul(state, 1_103_515_245) + 12_345) >>> 0;
    return (state >>> 8) % below;
  };
  for (let i = 0; i < 10_000; i++) {
    const text = Array.from({ length: random(24) }, () => pieces[random(pieces.length)]).join('');
    expect(ask({ xForwardedFor: `${text}, 198.51.100.1` }).address).toBe('198.51.100.1');
    expect(ask({ forwarded: `${text}, for="[2001:db8::9]"` }).address).toBe('2001:db8::9');
    for (const client of [
      ask({ forwarded: text }),
      ask({ xForwardedFor: text, xForwardedHost: text, xForwardedProto: text }),
    ]) {
      expect(client.address).toMatch(/^[0-9a-f.:]+$/);
      expect(client.proto).toMatch(/^https?$/);
      expect(client.host).toMatch(/^[a-z0-9.:[\]_-]+$/);
    }
  }
});
