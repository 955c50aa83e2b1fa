/** What the servers serve that are probed: the same zone, nets and datacenters in the words of each. */

/** The zone's minimum, which is less than the TTL of its SOA (RFC 2308 §5). */
export const NEGATIVE_TTL = 60;

/** Of what `txtOf` makes: so many bytes has a reply without OPT. */
export const LENGTHS = [501, 502, 512, 513, 1_221, 1_222, 4_096, 12_000] as const;

/** Told to who asks for the server's name (NSID), and as its version. */
export const NSID = 'edge-1';
export const VERSION = 'front door';

export const US = '192.0.2.1';
export const UK = '198.51.100.1';

/** Clients of these go to `uk`, all others to `us`. */
export const UK_NETS = ['1.0.0.0/8', '2001:db8::/32'];

/** A master file that both can read. */
export const ZONE = `$TTL 300
@ SOA ns1 hostmaster 1 3600 900 604800 ${NEGATIVE_TTL}
@ NS ns1
@ NS ns2.example.net.
@ MX 10 mail
ns1 A 192.0.2.53
mail A 192.0.2.25
static A 192.0.2.80
static TXT "some text"
MiXeD A 192.0.2.83
a.ent A 192.0.2.81
alias CNAME static
to-geo CNAME www
*.wild TXT "wild"
_sip._tcp SRV 1 2 5060 mail
sub NS ns.sub
sub NS ns.elsewhere.net.
ns.sub A 192.0.2.54
${Array.from({ length: 40 }, (_, i) => `many A 192.0.2.${i}`).join('\n')}
${LENGTHS.map((length) => `${sizedName(length)} TXT ${txtOf(length)}`).join('\n')}
`;

/** What gdnsd has no words for. */
const MORE = `svc HTTPS 1 . alpn=h2
dn DNAME other
x.other A 192.0.2.82
`;

/** The name whose TXT record makes a reply of so many bytes. */
export function sizedName(length: number): string {
  return `t${String(length).padStart(5, '0')}`;
}

/**
 * Strings for a reply of so many bytes: a header of 12, a question of 24 (`t00512.example.com.`), and a record whose owner is a
 * pointer, 12 bytes before its data.
 */
function txtOf(length: number): string {
  const strings: string[] = [];
  for (let left = length - 12 - 24 - 12; left > 0; ) {
    // Not so that one byte is left, which would be an empty string.
    const size = left === 257 ? 255 : Math.min(left, 256);
    strings.push(`"${'x'.repeat(size - 1)}"`);
    left -= size;
  }
  return strings.join(' ');
}

export function masterFile(): string {
  return `${ZONE}${MORE}`;
}

/** `dns:` of Portico. `file`: where `masterFile` is. */
export function dnsOfSite(file: string, more: object = {}): object {
  const datacenters = {
    us: { addresses: [US], check: 'off' },
    uk: { addresses: [UK], nets: UK_NETS, check: 'off' },
  };
  const records = [{ name: 'www', geo: ['us', 'uk'], ttl: '30s' }];
  return {
    datacenters,
    zones: [{ name: 'example.com', file, records }],
    alpn: [],
    rate_limit: 'off',
    nsid: NSID,
    version: VERSION,
    ...more,
  };
}

export const GDNSD_ZONE = `${ZONE}www 30 DYNA geoip!www\n`;

export const GDNSD_OPTIONS = `nsid_ascii => "${NSID}", chaos_response => "${VERSION}"`;

export const GDNSD_PLUGINS = `geoip => {
  maps => {
    clients => { datacenters => [us, uk], nets => { ${UK_NETS.map((net) => `${net} => [uk]`).join(', ')} } }
  }
  resources => {
    www => { map => clients, dcmap => { us => { addrs_v4 => [${US}] }, uk => { addrs_v4 => [${UK}] } } }
  }
}`;
