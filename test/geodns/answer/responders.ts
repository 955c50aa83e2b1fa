import type { AnswerCounts } from '../../../src/geodns/answer/counts.ts';
import { RATE_LIMITS } from '../../../src/geodns/answer/rate-limiter.ts';
import { Responder } from '../../../src/geodns/answer/respond.ts';
import type { AnswerSettings } from '../../../src/geodns/answer/settings.ts';
import type { Transport } from '../../../src/geodns/answer/source.ts';
import type { ClientPlace, GeoRecord, RecordSet } from '../../../src/geodns/model.ts';
import { TYPE } from '../../../src/geodns/wire/types.ts';
import type { GeoEntry } from '../../../src/geodns/zone/draft.ts';
import { type Zone, ZoneSet } from '../../../src/geodns/zone/zone.ts';
import { type DnsMessage, type DnsQueryParts, dnsQuery, parseDnsMessage } from '../../support/dns-message.ts';
import { name } from '../names.ts';
import { zoneOf } from '../zone/zones.ts';

export const SECRET = Buffer.from('e5e973e5a6b2a43f48e7dc849e37bfcf', 'hex');

const WITHOUT_COOKIES: AnswerSettings = {
  udpLength: 1232,
  clientSubnet: true,
  requireCookies: false,
  limits: RATE_LIMITS,
};

/** Whatever the clock says at the start. */
export const NOW = 1_700_000_000_000;

/** A responder with a clock that stands still, and a log of what it counts. */
export class TestResponder {
  now = NOW;
  readonly counted: string[] = [];
  readonly failures: unknown[] = [];
  readonly responder: Responder;
  readonly #out = Buffer.alloc(65_535);

  constructor(
    settings: Partial<AnswerSettings> | 'no cookies' = {},
    zones: readonly Zone[] | 'none yet' = [ZONE],
    log = true,
  ) {
    const counts: AnswerCounts = {
      replied: (zone, rcode, transport, datacenter, isTruncated) => {
        if (log)
          this.counted.push(`${transport} zone ${zone} rcode ${rcode} dc ${datacenter}${isTruncated ? ' tc' : ''}`);
      },
      silent: (reason, transport) => {
        if (log) this.counted.push(`${transport} ${reason}`);
      },
      slipped: () => {
        if (log) this.counted.push('slipped');
      },
      failed: (error) => this.failures.push(error),
    };
    const merged =
      settings === 'no cookies' ? WITHOUT_COOKIES : { ...WITHOUT_COOKIES, cookies: { current: SECRET }, ...settings };
    this.responder = new Responder(merged, () => this.now, counts);
    if (zones !== 'none yet') this.serve(zones);
  }

  serve(zones: readonly Zone[]): void {
    this.responder.serve(new ZoneSet(zones));
  }

  /** Bytes in, bytes out; `undefined`: silence. */
  send(query: Buffer, { transport = 'udp', from = '7f000001', port = 5353 }: From = {}): Buffer | undefined {
    const address = Buffer.from(from, 'hex');
    const source = { address, family: address.length === 4 ? 4 : 6, port, transport } as const;
    const length = this.responder.respond(query, query.length, source, this.#out);
    return length === 0 ? undefined : Buffer.from(this.#out.subarray(0, length));
  }

  ask(parts: DnsQueryParts, from?: From): DnsMessage {
    const reply = this.send(dnsQuery(parts), from);
    if (reply === undefined) throw new Error('silence');
    return parseDnsMessage(reply);
  }
}

export interface From {
  readonly transport?: Transport;
  /** In hexadecimal. */
  readonly from?: string;
  readonly port?: number;
}

/** Its clients are told apart by the first byte of their address: 0 to 2 is a datacenter, 9 all of them, else the first. */
export function geoRecord(types: Readonly<Record<number, readonly (string | undefined)[]>>, ttl = 30): GeoRecord {
  const sets = new Map(
    Object.entries(types).map(([type, rdatas]) => [
      Number(type),
      rdatas.map((rdata): RecordSet | undefined =>
        rdata === undefined
          ? undefined
          : {
              owner: name('ignored.'),
              type: Number(type),
              ttl,
              rdatas: [{ bytes: Buffer.from(rdata, 'hex'), names: [] }],
            },
      ),
    ]),
  );
  return {
    ttl,
    sets: (type) => sets.get(type) ?? [undefined, undefined, undefined],
    choose: ({ address }: ClientPlace) => {
      const first = address[0] as number;
      return { datacenters: first === 9 ? [2, 0, 1] : [first < 3 ? first : 0], scope: address.length === 4 ? 8 : 20 };
    },
  };
}

const GEO: GeoEntry[] = ['www.example.com.', '*.geo.example.com.'].map((owner) => ({
  owner: name(owner),
  record: geoRecord({
    [TYPE.A]: ['c0000201', 'c0000202', 'c0000203'],
    [TYPE.AAAA]: ['20010db8000000000000000000000001', undefined, undefined],
  }),
  where: 'zone',
}));

export const ZONE = zoneOf(
  'example.com.',
  `$TTL 300
@ SOA ns1 hostmaster 1 3600 900 604800 60
@ NS ns1
@ NS ns2.example.net.
@ MX 10 mail
ns1 A 192.0.2.53
mail A 192.0.2.25
mail AAAA 2001:db8::25
static A 192.0.2.80
static TXT "some text"
a.ent A 192.0.2.81
alias CNAME static
to-geo CNAME www
*.wild TXT "wild"
_sip._tcp SRV 1 2 5060 mail
svc HTTPS 1 . alpn=h2
dn DNAME other
x.other A 192.0.2.82
sub NS ns.sub
sub NS ns.elsewhere.net.
ns.sub A 192.0.2.54
${Array.from({ length: 30 }, (_, i) => `many A 192.0.2.${i}`).join('\n')}
${Array.from({ length: 8 }, (_, i) => `big TXT "${String(i).repeat(250)}"`).join('\n')}
${Array.from({ length: 20 }, (_, i) => `crowd NS ns${i}.crowd\nns${i}.crowd A 192.0.2.${i}\nns${i}.crowd AAAA 2001:db8::${i}`).join('\n')}
${Array.from({ length: 20 }, (_, i) => `mx MX ${i} host${i}\nhost${i} A 192.0.2.${i}\nhost${i} AAAA 2001:db8::${i}`).join('\n')}
`,
  GEO,
);
