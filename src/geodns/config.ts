import { z } from 'zod';
import { isNetwork, normalizeAddress, parseListenAddress } from '../base/address.ts';
import { cidr, duration, expected, integer, path, size, text } from '../base/setting.ts';
import { CONTINENTS, continentOf } from './geo/countries.ts';
import { formatNet, parseNet } from './geo/net.ts';

/** `dns:` the name server of the site, and where clients are sent. */

const location = z
  .tuple([z.number().min(-90).max(90), z.number().min(-180).max(180)], expected('[latitude, longitude]'))
  .describe('Degrees north and east, such as [51.5, -0.1]; without one it is never the closest.');

const check = z.union(
  [
    z.literal('off'),
    z.strictObject({
      url: text('a URL such as https://198.51.100.10:8400/readyz', isUrl, /^https?:\/\/\S+$/)
        .optional()
        .describe('Default: https://ADDRESS:8400/readyz of each of its addresses; one that is good is enough.'),
      interval: duration({ min: '500ms', max: '10m' }).prefault('5s').describe('From one check to the next.'),
      timeout: duration({ min: '100ms', max: '1m' }).prefault('2s').describe('How long one may take.'),
      rise: integer(1, 100).default(2).describe('So many good ones in a row bring it back.'),
      fall: integer(1, 100).default(3).describe('So many bad ones in a row take it out.'),
      verify: z.boolean().default(false).describe('Whether its certificate must be valid.'),
      ca: path().optional().describe("PEM: certificates to trust instead of the system's."),
    }),
  ],
  expected('off or a map'),
);

/** Clients are looked up by their IPv4 address, however it is written, so a net of them has that form. */
const clientNet = text(
  'an address or a network such as 10.0.0.0/8, of IPv4 in the form of IPv4',
  (input) => parseNet(input) !== undefined,
  /^[0-9a-fA-F:.]+(\/\d{1,3})?$/,
);

const datacenterName = expected('1 to 64 letters, digits, dots, dashes or underscores');

const datacenterSettings = z.strictObject({
  location: location.optional(),
  addresses: z
    .array(text('an IP address', isAddress, /^[0-9a-fA-F:.]+$/))
    .min(1)
    .describe('What clients get that are sent here: IPv4 as A, IPv6 as AAAA, HTTPS beside them.'),
  nets: z.array(clientNet).default([]).describe('Clients of these networks belong here, whatever the database says.'),
  bias: integer(-99, 99).default(0).describe('How much nearer (above 0) or farther than it is it counts, in percent.'),
  weight: integer(0, 1000).default(1).describe('Its share of clients, where the mode is weighted.'),
  check: check.prefault({}).describe('How this node sees that it is there. Its own datacenter it knows by itself.'),
});

const datacenterList = z.array(z.string()).min(1);

/** An empty list: there is no answer for clients from there. */
const placeOrder = z.union([z.literal('closest'), z.array(z.string())], expected('closest or a list of datacenters'));

/** By distance, the datacenters in their order, or for places within this one. */
export type PlaceOrders = z.output<typeof placeOrder> | { [place: string]: PlaceOrders };

const continent = text(
  `a continent (${CONTINENTS.join(', ')}) or default`,
  (input) => input === OTHERWISE || CONTINENTS.includes(input.toUpperCase()),
  /^([A-Za-z]{2}|default)$/,
);
const country = text(
  'a country of two letters, such as GB, or default',
  (input) => input === OTHERWISE || continentOf(input.toUpperCase()) !== undefined,
  /^([A-Za-z]{2}|default)$/,
);

/** The key of what holds for all places that are not named. */
export const OTHERWISE = 'default';

// As deep as databases go: two levels of subdivisions, and cities.
const cities = z.record(z.string(), placeOrder);
const districts = placesIn(z.string(), cities);
const subdivisions = placesIn(z.string(), districts);
const countries = placesIn(country, subdivisions);
const continents = placesIn(continent, countries);

/** Names of datacenters and maps. */
const NAME = /^[A-Za-z0-9._-]{1,64}$/;

/** Without what would have to be escaped in a list (RFC 9460 §7.1.1). */
const ALPN = /^[\w./-]{1,32}$/;

const MODES = ['closest', 'failover', 'weighted', 'spread'] as const;

const mapSettings = z.strictObject({
  mode: z
    .enum(MODES)
    .default('closest')
    .describe('closest; failover: in the order as written; weighted: by their weights; spread: all that are healthy.'),
  datacenters: datacenterList.describe('In the order for clients of whom nothing is known.'),
  places: continents
    .optional()
    .describe('An order by continent (EU), or in it by country (GB), subdivision, city; under default: all others.'),
  ranked: integer(0, 100).default(3).describe('How many are ranked by distance; the others follow as written. 0: all.'),
});

const alpnProtocol = text('a protocol such as h2 or h3', (input) => ALPN.test(input), ALPN);

const ttl = () => duration({ min: '0', max: '1w' });

const recordSettings = z.strictObject({
  name: z.string().min(1).describe('Relative to the zone; "@" is the zone itself.'),
  type: z.string().optional().describe('A, AAAA, CNAME, MX, TXT, … or TYPE65280.'),
  value: z
    .union([z.string(), z.array(z.string()).min(1)])
    .optional()
    .describe('As in a zone file; or several.'),
  geo: z
    .union([datacenterList, z.string()], expected('a list of datacenters, or the name of a map'))
    .optional()
    .describe('In place of type and value: A, AAAA and HTTPS of one of these datacenters, or by that map.'),
  mode: z.enum(MODES).optional().describe('For a list in geo: how one of them is chosen. Default: closest.'),
  ttl: ttl().prefault('5m').describe('How long resolvers may keep it.'),
});

const soaSettings = z.strictObject({
  mname: z.string().describe('The first name server.'),
  rname: z.string().describe('Who is responsible: hostmaster.example.com stands for hostmaster@example.com.'),
  serial: z
    .union([z.literal('auto'), integer(0, 4_294_967_295)], expected('auto or a number'))
    .default('auto')
    .describe('auto: the second at which its content changed last; it never goes back.'),
  refresh: ttl().prefault('1h').describe('How often secondaries ask whether it has changed.'),
  retry: ttl().prefault('15m').describe('How soon they ask again when there was no answer.'),
  expire: duration({ max: '52w' }).prefault('1w').describe('How long they answer without having reached us.'),
  minimum: ttl().prefault('60s').describe('How long resolvers may keep that a name does not exist.'),
  ttl: ttl().prefault('1h').describe('How long resolvers may keep this record.'),
});

const zoneName = text('a domain name', isDomain, /^[^\s]+$/);

const zoneSettings = z.strictObject({
  name: zoneName.describe('Such as example.com.'),
  file: path().optional().describe('An RFC 1035 master file, in place of soa.'),
  soa: soaSettings.optional().describe('Of a zone without a file: who is responsible for it, and its times.'),
  records: z.array(recordSettings).default([]).describe('What is in it; beside a file what that cannot say: geo.'),
});

const rateLimit = z.union(
  [
    z.literal('off'),
    z.strictObject({
      responses_per_second: integer(1, 100_000).default(200).describe('Of one kind, to one client network.'),
      window: integer(1, 3600).default(5).describe('Seconds over which it is counted.'),
      // A resolver that many ask is no flood: told to come by TCP, it gets its answer. What is sent so is no longer than the question.
      slip: integer(0, 10).default(1).describe('Each so many of those that are withheld is answered with TC; 0: none.'),
      exempt: z.array(cidr()).default([]).describe('Networks that are not limited.'),
    }),
  ],
  expected('off or a map'),
);

export const dnsSettings = z
  .union(
    [
      z.literal('off'),
      z.strictObject({
        listen: z
          .array(
            text(
              'ADDRESS:PORT such as "0.0.0.0:53"',
              (input) => parseListenAddress(input) !== undefined,
              /^(\[[^\]]+\]|[0-9.]+):\d{1,5}$/,
            ),
          )
          .min(1)
          .default(['0.0.0.0:53', '[::]:53'])
          .describe('ADDRESS:PORT, UDP and TCP.'),
        engine: z
          .enum(['auto', 'batch', 'plain'])
          .default('auto')
          .describe(
            'For UDP: batch takes many packets at once (Linux alone); auto: batch where it works. Needs a restart.',
          ),
        geo_database: z
          .union([path(), z.array(path()).min(1)], expected('a file, or a list of files'))
          .optional()
          .describe('MMDB files: GeoLite2 or GeoIP2, City or Country, or those of ip-location-db.'),
        datacenters: z
          .record(z.string().regex(NAME, datacenterName), datacenterSettings)
          .default({})
          .describe('Where the site is served, by names of your own.'),
        maps: z
          .record(z.string().regex(NAME, datacenterName), mapSettings)
          .default({})
          .describe('Ways to choose among datacenters, which geo names.'),
        alpn: z
          .union([z.literal('auto'), z.array(alpnProtocol)], expected('auto or a list of protocols'))
          .default('auto')
          .describe('What HTTPS records of geo promise; auto: h2, if a certificate is given for port 443. []: none.'),
        zones: z.array(zoneSettings).default([]).describe('What is answered for.'),
        cookie_secret_file: path()
          .optional()
          .describe('One line, the same on all nodes of the site; a second line: the former one. Default: made here.'),
        rate_limit: rateLimit.prefault({}).describe('How many replies a client network gets (RRL); or off.'),
        udp_size: size({ min: '512B', max: '4KiB' })
          .prefault('1232B')
          .describe('The largest reply by UDP, whatever a client says that it takes.'),
        nsid: z.string().max(64).optional().describe('What is told who asks which server this is. Default: nothing.'),
        version: z.string().max(64).optional().describe('What version.bind is answered with. Default: it is refused.'),
        transfer_to: z
          .array(cidr())
          .default([])
          .describe('Who may transfer zones (AXFR, IXFR), with geo as nobody in particular gets it. Empty: nobody.'),
      }),
    ],
    expected('off or a map'),
  )
  .default('off');

export type DnsSettings = Exclude<z.output<typeof dnsSettings>, 'off'>;
export type DatacenterSettings = z.output<typeof datacenterSettings>;
export type ZoneSettings = z.output<typeof zoneSettings>;
export type RecordSettings = z.output<typeof recordSettings>;
export type GeoMapSettings = z.output<typeof mapSettings>;
export type GeoModeSetting = (typeof MODES)[number];

export { continentOf };

/** Orders for all that is in a place, or for each place in it. */
function placesIn<K extends z.ZodType<string, string>, T extends z.ZodType>(name: K, inner: T) {
  return z.record(name, z.union([placeOrder, inner], expected('closest, a list of datacenters, or a map of places')));
}

function isUrl(input: string): boolean {
  return /^https?:\/\//.test(input) && URL.canParse(input);
}

function isAddress(input: string): boolean {
  return isNetwork(input) && normalizeAddress(input) !== undefined;
}

function isDomain(input: string): boolean {
  return /^(?:\.|(?:[^\s.]{1,63}\.)*[^\s.]{1,63}\.?)$/.test(input) && input.length <= 254;
}

/** One text for a network, however it is written. */
export function netKey(text: string): string {
  const net = parseNet(text);
  return net === undefined ? text : formatNet(net);
}
