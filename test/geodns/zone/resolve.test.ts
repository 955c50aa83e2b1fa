import { describe, expect, test } from 'vitest';
import { ask, PLAIN, SOA, seen, zonesOf } from './questions.ts';

describe('a zone is asked', () => {
  const zones = zonesOf({
    'example.': `
      www A 192.0.2.1
      www A 192.0.2.2
      www TXT t
      a.ent A 192.0.2.3
      alias CNAME www
      gone CNAME nowhere
      away CNAME www.other.
      elsewhere CNAME www.second.
      lost CNAME nowhere.second.
      ring1 CNAME ring2
      ring2 CNAME ring1
      self CNAME self
      signed CNAME www
      signed NSEC \\# 1 00`,
    'second.': 'www A 192.0.2.9\nback CNAME www.example.',
  });

  test.each([
    { q: 'www.example. A', answer: ['www.example. 60 A 192.0.2.1', 'www.example. 60 A 192.0.2.2'] },
    { q: 'wWw.Example. TXT', answer: ['wWw.Example. 60 TXT "t"'] },
    { q: 'www.example. AAAA', authority: [SOA] },
    { q: 'example. SOA', answer: ['example. 60 SOA a. b. 1 1 1 1 30'] },
    { q: 'example. NS', answer: ['example. 60 NS ns.other.'] },
    { q: 'example. DS', authority: [SOA] },
    { q: 'ent.example. A', authority: [SOA] },
    { q: 'nowhere.example. A', rcode: 'NXDOMAIN', authority: [SOA] },
    { q: 'below.www.example. A', rcode: 'NXDOMAIN', authority: [SOA] },
    {
      q: 'alias.example. A',
      answer: ['alias.example. 60 CNAME www.example.', 'www.example. 60 A 192.0.2.1', 'www.example. 60 A 192.0.2.2'],
    },
    { q: 'alias.example. CNAME', answer: ['alias.example. 60 CNAME www.example.'] },
    { q: 'alias.example. MX', answer: ['alias.example. 60 CNAME www.example.'], authority: [SOA] },
    { q: 'gone.example. A', rcode: 'NXDOMAIN', answer: ['gone.example. 60 CNAME nowhere.example.'], authority: [SOA] },
    { q: 'away.example. A', answer: ['away.example. 60 CNAME www.other.'] },
    { q: 'elsewhere.example. A', answer: ['elsewhere.example. 60 CNAME www.second.', 'www.second. 60 A 192.0.2.9'] },
    {
      q: 'lost.example. A',
      rcode: 'NXDOMAIN',
      answer: ['lost.example. 60 CNAME nowhere.second.'],
      authority: ['second. 30 SOA a. b. 1 1 1 1 30'],
    },
    {
      q: 'ring1.example. A',
      answer: ['ring1.example. 60 CNAME ring2.example.', 'ring2.example. 60 CNAME ring1.example.'],
    },
    { q: 'self.example. A', answer: ['self.example. 60 CNAME self.example.'] },
    { q: 'signed.example. NSEC', answer: ['signed.example. 60 NSEC \\# 1 00'] },
    { q: 'self.example. CNAME', answer: ['self.example. 60 CNAME self.example.'] },
  ])('$q', ({ q, ...expected }) => {
    expect(seen(ask(zones, q))).toEqual({ ...PLAIN, ...expected });
  });

  test('for a name that is in none of ours, which it refuses', () => {
    expect(seen(ask(zones, 'www.other. A'))).toEqual({ ...PLAIN, rcode: 'REFUSED', authoritative: false });
  });

  test('follows aliases, but not for ever', () => {
    const chain = Array.from({ length: 50 }, (_, i) => `c${i} CNAME c${i + 1}`).join('\n');
    expect(ask(zonesOf({ 'example.': chain }), 'c0.example. A').answer).toHaveLength(17);
  });
});

describe('wildcards (RFC 4592)', () => {
  const zones = zonesOf({
    'example.': `
      * MX 10 host1
      sub.* TXT "this is not a wildcard"
      host1 A 192.0.2.1
      _ssh._tcp.host1 SRV 0 0 22 host1
      _ssh._tcp.host2 SRV 0 0 22 host1
      subdel NS ns.other.
      *.alias CNAME a.alias
      *.deep.ent A 192.0.2.2`,
  });
  const A = ['host1.example. 60 A 192.0.2.1'];

  test.each([
    { q: 'host3.example. MX', answer: ['host3.example. 60 MX 10 host1.example.'], additional: A },
    { q: 'host3.example. A', authority: [SOA] },
    { q: 'foo.bar.example. TXT', authority: [SOA] },
    { q: 'host1.example. MX', authority: [SOA] },
    { q: 'sub.*.example. MX', authority: [SOA] },
    { q: 'sub.*.example. TXT', answer: ['sub.*.example. 60 TXT "this is not a wildcard"'] },
    { q: '_telnet._tcp.host1.example. SRV', rcode: 'NXDOMAIN', authority: [SOA] },
    { q: 'ghost.*.example. MX', rcode: 'NXDOMAIN', authority: [SOA] },
    { q: '*.example. MX', answer: ['*.example. 60 MX 10 host1.example.'], additional: A },
    {
      q: 'x.alias.example. A',
      answer: ['x.alias.example. 60 CNAME a.alias.example.', 'a.alias.example. 60 CNAME a.alias.example.'],
    },
    { q: 'ent.example. A', authority: [SOA] },
    { q: 'x.ent.example. A', rcode: 'NXDOMAIN', authority: [SOA] },
    { q: 'x.y.deep.ent.example. A', answer: ['x.y.deep.ent.example. 60 A 192.0.2.2'] },
  ])('$q', ({ q, ...expected }) => {
    expect(seen(ask(zones, q))).toEqual({ ...PLAIN, ...expected });
  });

  test('do not reach below a delegation', () => {
    expect(seen(ask(zones, 'host.subdel.example. A'))).toMatchObject({
      authoritative: false,
      authority: ['subdel.example. 60 NS ns.other.'],
    });
  });

  test('of a name without records are there for their children', () => {
    const empty = zonesOf({ 'example.': 'a.* TXT b' });
    expect(seen(ask(empty, 'x.example. A'))).toEqual({ ...PLAIN, authority: [SOA] });
  });
});

describe('delegations', () => {
  const zones = zonesOf({
    'example.': `
      cut NS ns1.cut
      cut NS ns.sibling
      cut NS ns.ours
      cut NS ns.other.
      cut A 192.0.2.66
      cut DS 1 8 2 00
      ns1.cut A 192.0.2.1
      ns1.cut AAAA 2001:db8::1
      hidden.cut TXT h
      sibling NS ns.sibling
      ns.sibling A 192.0.2.2
      ns.ours A 192.0.2.3
      alias CNAME www.cut
      mail MX 10 ns1.cut
      nods NS ns.other.`,
  });
  const referral = {
    ...PLAIN,
    authoritative: false,
    authority: [
      'cut.example. 60 NS ns1.cut.example.',
      'cut.example. 60 NS ns.sibling.example.',
      'cut.example. 60 NS ns.ours.example.',
      'cut.example. 60 NS ns.other.',
      'cut.example. 60 DS 1 8 2 00',
    ],
    additional: [
      'ns1.cut.example. 60 A 192.0.2.1',
      'ns1.cut.example. 60 AAAA 2001:db8::1',
      'ns.sibling.example. 60 A 192.0.2.2',
      'ns.ours.example. 60 A 192.0.2.3',
    ],
    glue: 2,
  };

  test.each([
    'cut.example. A',
    'cut.example. NS',
    'cut.example. ANY',
    'ns1.cut.example. A',
    'hidden.cut.example. TXT',
    'a.b.cut.example. DS',
  ])('%s is referred, with the glue first (RFC 9471)', (q) => {
    expect(seen(ask(zones, q))).toEqual(referral);
  });

  test('an alias leads there, and its answer is ours', () => {
    const expected = { ...referral, authoritative: true, answer: ['alias.example. 60 CNAME www.cut.example.'] };
    expect(seen(ask(zones, 'alias.example. A'))).toEqual(expected);
  });

  test('DS is asked of the parent (RFC 4035 §3.1.4.1)', () => {
    expect(seen(ask(zones, 'cut.example. DS'))).toEqual({ ...PLAIN, answer: ['cut.example. 60 DS 1 8 2 00'] });
    expect(seen(ask(zones, 'nods.example. DS'))).toEqual({ ...PLAIN, authority: [SOA] });
  });

  test('glue is told with a referral only (RFC 2181 §5.4.1)', () => {
    expect(seen(ask(zones, 'mail.example. MX'))).toEqual({
      ...PLAIN,
      answer: ['mail.example. 60 MX 10 ns1.cut.example.'],
    });
  });

  test('a zone of ours below another answers itself', () => {
    const both = zonesOf({ 'example.': 'sub NS ns.other.\nsub DS 1 8 2 00', 'sub.example.': 'www A 192.0.2.1' });
    expect(seen(ask(both, 'www.sub.example. A'))).toEqual({ ...PLAIN, answer: ['www.sub.example. 60 A 192.0.2.1'] });
    expect(seen(ask(both, 'sub.example. NS')).answer).toEqual(['sub.example. 60 NS ns.other.']);
    expect(seen(ask(both, 'sub.example. DS')).answer).toEqual(['sub.example. 60 DS 1 8 2 00']);
  });
});

describe('DNAME (RFC 6672)', () => {
  const L = 'l'.repeat(63);
  const zones = zonesOf({
    'example.': `
      www A 192.0.2.1
      old DNAME example.
      old TXT t
      away DNAME other.
      long DNAME ${L}.${L}.${L}.${'l'.repeat(50)}.
      grow DNAME x.grow
      same DNAME same
      ping DNAME pong
      pong DNAME ping
      zig DNAME zag
      a.zag CNAME b.zig
      b.zag A 192.0.2.2`,
  });
  const OLD = 'old.example. 60 DNAME example.';

  test.each([
    { q: 'WWW.old.example. A', answer: [OLD, 'WWW.old.example. 60 CNAME WWW.example.', 'WWW.example. 60 A 192.0.2.1'] },
    { q: 'www.old.example. CNAME', answer: [OLD, 'www.old.example. 60 CNAME www.example.'] },
    { q: 'www.old.example. ANY', answer: [OLD, 'www.old.example. 60 CNAME www.example.'] },
    {
      q: 'gone.old.example. A',
      rcode: 'NXDOMAIN',
      answer: [OLD, 'gone.old.example. 60 CNAME gone.example.'],
      authority: [SOA],
    },
    { q: 'old.example. DNAME', answer: [OLD] },
    { q: 'old.example. TXT', answer: ['old.example. 60 TXT "t"'] },
    { q: 'old.example. A', authority: [SOA] },
    { q: 'a.b.away.example. A', answer: ['away.example. 60 DNAME other.', 'a.b.away.example. 60 CNAME a.b.other.'] },
    {
      q: 'a.same.example. A',
      answer: ['same.example. 60 DNAME same.example.', 'a.same.example. 60 CNAME a.same.example.'],
    },
    {
      q: 'a.grow.example. A',
      answer: ['grow.example. 60 DNAME x.grow.example.', 'a.grow.example. 60 CNAME a.x.grow.example.'],
    },
    {
      q: 'a.ping.example. A',
      answer: [
        'ping.example. 60 DNAME pong.example.',
        'a.ping.example. 60 CNAME a.pong.example.',
        'pong.example. 60 DNAME ping.example.',
        'a.pong.example. 60 CNAME a.ping.example.',
      ],
    },
    {
      q: 'a.zig.example. A',
      answer: [
        'zig.example. 60 DNAME zag.example.',
        'a.zig.example. 60 CNAME a.zag.example.',
        'a.zag.example. 60 CNAME b.zig.example.',
        'b.zig.example. 60 CNAME b.zag.example.',
        'b.zag.example. 60 A 192.0.2.2',
      ],
    },
  ])('$q', ({ q, ...expected }) => {
    expect(seen(ask(zones, q))).toEqual({ ...PLAIN, ...expected });
  });

  test('makes a name that is too long: YXDOMAIN, with the DNAME that says why', () => {
    expect(seen(ask(zones, `${'a'.repeat(20)}.long.example. A`))).toMatchObject({
      rcode: 'YXDOMAIN',
      authoritative: true,
      answer: [expect.stringContaining('long.example. 60 DNAME')],
    });
    expect(ask(zones, 'a.long.example. A').rcode).toBe(0);
  });

  test('at the apex leaves the apex alone', () => {
    const apex = zonesOf({ 'example.': '@ DNAME other.\n@ A 192.0.2.1' });
    expect(seen(ask(apex, 'example. A')).answer).toEqual(['example. 60 A 192.0.2.1']);
    expect(seen(ask(apex, 'a.example. A')).answer).toEqual([
      'example. 60 DNAME other.',
      'a.example. 60 CNAME a.other.',
    ]);
  });
});

describe('ANY (RFC 8482)', () => {
  const zones = zonesOf({
    'example.': 'www A 192.0.2.1\nalias CNAME www\nreal HINFO "c" "os"\nreal A 192.0.2.1\na.ent A 192.0.2.1',
  });

  test.each([
    { q: 'www.example. ANY', answer: ['www.example. 3600 HINFO "RFC8482" ""'] },
    { q: 'real.example. ANY', answer: ['real.example. 60 HINFO "c" "os"'] },
    { q: 'alias.example. ANY', answer: ['alias.example. 60 CNAME www.example.'] },
    { q: 'ent.example. ANY', authority: [SOA] },
    { q: 'gone.example. ANY', rcode: 'NXDOMAIN', authority: [SOA] },
  ])('$q', ({ q, ...expected }) => {
    expect(seen(ask(zones, q))).toEqual({ ...PLAIN, ...expected });
  });
});

describe('additional addresses', () => {
  const zones = zonesOf({
    'example.': `
      @ MX 10 m1
      @ MX 20 m1
      @ MX 30 m2
      @ MX 40 m.other.
      m1 A 192.0.2.1
      m1 AAAA 2001:db8::1
      m2 CNAME m1
      _s._tcp SRV 1 2 3 m1
      svc HTTPS 1 m1
      own HTTPS 1 . alpn=h2
      *.w A 192.0.2.4
      x MX 10 mail.w
      in NS ns.in
      ns.in A 192.0.2.5`,
    'apex.': '@ NS ns.cut\ncut NS ns.cut\nns.cut A 192.0.2.6',
  });
  const M1 = ['m1.example. 60 A 192.0.2.1', 'm1.example. 60 AAAA 2001:db8::1'];

  test.each([
    { q: 'example. MX', additional: M1 },
    { q: '_s._tcp.example. SRV', additional: M1 },
    { q: 'svc.example. HTTPS', additional: M1 },
    { q: 'own.example. HTTPS', additional: [] },
    { q: 'm1.example. A', additional: [] },
    { q: 'x.example. MX', additional: ['mail.w.example. 60 A 192.0.2.4'] },
    { q: 'apex. NS', additional: ['ns.cut.apex. 60 A 192.0.2.6'] },
  ])('of $q', ({ q, additional }) => {
    expect(seen(ask(zones, q))).toMatchObject({ additional, glue: 0 });
  });
});
