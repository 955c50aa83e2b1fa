import type { PlaceOrders } from '../../src/geodns/config.ts';
import type { GdnsdSettings } from '../support/gdnsd.ts';

/**
 * The same datacenters, nets and maps in the words of Portico and in those of gdnsd. Each map is asked for under the names
 * `mNNN.MAP.example.com`, of which NNN are hexadecimal digits: the datacenters that are down for that name. So questions tell not
 * only who is first, but the whole order.
 */

/** By position: where it is. Its address is 192.0.2.1 and so on. */
export const DATACENTERS = {
  virginia: [39.0, -77.5],
  oregon: [45.6, -121.2],
  sao_paulo: [-23.5, -46.6],
  ireland: [53.3, -6.3],
  frankfurt: [50.1, 8.7],
  frankfurt_2: [50.1, 8.7],
  mumbai: [19.1, 72.9],
  singapore: [1.35, 103.8],
  sydney: [-33.9, 151.2],
} as const satisfies Record<string, readonly [number, number]>;

type Name = keyof typeof DATACENTERS;

export const NAMES: readonly Name[] = Object.keys(DATACENTERS) as Name[];

export type Nets = Partial<Record<Name, readonly string[]>>;

/** Nets that belong to a datacenter, some of them within others, of both families. */
export const NETS: Nets = {
  virginia: ['10.0.0.0/8', '192.0.2.128/25', '2001:db8::/32', '2a00:1450::/32'],
  oregon: ['10.0.0.0/15', '10.7.0.0/16', '20.40.0.0/13'],
  frankfurt_2: ['5.80.0.0/12', '2003:8000::/17'],
  ireland: ['10.7.1.0/24', '5.6.0.0/15', '2a00:1450:4000::/36'],
  singapore: ['172.16.0.0/12', '9.9.9.9/32', '2400::/13', 'fd00::/8'],
  sydney: ['5.6.7.0/24', '1.0.0.0/9', '2400::/48', '2400:1::/48', '2a00:1450:4000:1::1/128'],
};

export interface MapSettings {
  readonly places?: { readonly [place: string]: PlaceOrders };
  /** How many are ranked by distance; 0: all. Absent: datacenters have no place. */
  readonly ranked?: 0 | 3;
}

export type Maps = Readonly<Record<string, MapSettings>>;

/** Maps of a database that has coordinates. */
export const CITY_MAPS = {
  auto: { ranked: 3 },
  full: { ranked: 0 },
  area: {
    ranked: 3,
    places: {
      EU: {
        default: ['frankfurt', 'ireland'],
        GB: ['ireland', 'frankfurt_2', 'frankfurt', 'virginia'],
        DE: { BE: ['ireland', 'mumbai'], default: 'closest' },
        FR: { Paris: ['frankfurt'], IDF: { Lyon: ['ireland'], default: ['virginia', 'ireland'] } },
      },
      NA: {
        default: 'closest',
        US: { CA: ['oregon', 'virginia'], 'New York': ['virginia'], WA: { Paris: ['sydney', 'oregon'] } },
        MX: [],
      },
      SA: ['sao_paulo', 'virginia'],
      OC: { NZ: { OTA: ['oregon'], default: 'closest' } },
      AN: [],
    },
  },
  // gdnsd bears no `auto` within a default that is a list.
  list: {
    ranked: 3,
    places: { default: ['mumbai', 'singapore'], AS: ['singapore'], AF: { ZA: ['sydney', 'mumbai'] }, SA: [] },
  },
} as const satisfies Record<string, MapSettings>;

/** Maps of a database that has none. */
export const COUNTRY_MAPS = {
  flat: {
    places: {
      EU: { default: ['frankfurt', 'ireland'], GB: ['ireland', 'frankfurt', 'virginia'], FR: [] },
      NA: ['virginia', 'oregon'],
      AS: { default: ['singapore', 'mumbai'], IN: ['mumbai'], JP: ['singapore', 'oregon', 'sydney'] },
      OC: { AU: ['sydney'] },
    },
  },
} as const satisfies Record<string, MapSettings>;

export function porticoSettings(maps: Maps, nets: Nets, database: string): object {
  const arePlaced = Object.values(maps).some(({ ranked }) => ranked !== undefined);
  return {
    geo_database: database,
    datacenters: Object.fromEntries(
      Object.entries(DATACENTERS).map(([name, location], position) => [
        name,
        {
          ...(arePlaced && { location }),
          addresses: [addressOf(position)],
          nets: nets[name as Name] ?? [],
          check: 'off',
        },
      ]),
    ),
    maps: Object.fromEntries(Object.entries(maps).map(([name, map]) => [name, { datacenters: NAMES, ...map }])),
    zones: [
      {
        name: 'example.com',
        soa: { mname: 'ns1.example.net', rname: 'hostmaster@example.com', serial: 1 },
        records: [
          { name: '@', type: 'NS', value: 'ns1.example.net' },
          ...Object.keys(maps).map((map) => ({ name: `*.${map}`, geo: map })),
        ],
      },
    ],
    rate_limit: 'off',
  };
}

/** `databases`: for each set of maps the content of its file. */
export function gdnsdSettings(
  databases: readonly (readonly [maps: Maps, content: Buffer])[],
  nets: Nets = NETS,
): GdnsdSettings {
  const maps = databases.flatMap(([maps], i) =>
    Object.entries(maps).map(([name, map]) => ({ name, map, file: `${i}.mmdb` })),
  );
  const resources = maps.flatMap(({ name, map }) => downSets(map).map((down) => ({ name, down })));
  return {
    geoip: Object.fromEntries(databases.map(([, content], i) => [`${i}.mmdb`, content])),
    plugins: `geoip => {
  maps => {
${maps.map(({ name, map, file }) => gdnsdMap(name, map, nets, file)).join('\n')}
  }
  resources => {
${resources.map(({ name, down }) => `    ${resource(name, down)} => { map => ${name}, dcmap => { ${ADDRESSES} } }`).join('\n')}
  }
}`,
    adminState: resources
      .flatMap(({ name, down }) =>
        NAMES.filter((_, position) => (down >> position) & 1).map(
          (datacenter) => `geoip/${resource(name, down)}/${datacenter} => DOWN\n`,
        ),
      )
      .join(''),
    zones: {
      'example.com': `@ SOA ns1.example.net. hostmaster.example.com. 1 3600 900 604800 60
@ NS ns1.example.net.
${resources.map(({ name, down }) => `${label(down)}.${name} 300 DYNA geoip!${resource(name, down)}`).join('\n')}
`,
    },
  };
}

/** Of a name. `down`: a bit for each datacenter, the lowest for the first. */
export function label(down: number): string {
  return `m${down.toString(16).padStart(3, '0')}`;
}

/** So many datacenters of an order are compared. Where gdnsd ranks three, it has no more. */
export function depthOf({ ranked }: MapSettings): number {
  return ranked === 0 ? NAMES.length : 3;
}

/** Those that can be met on the way down an order, and one step further. */
function downSets(map: MapSettings): number[] {
  const sets = Array.from({ length: 2 ** NAMES.length }, (_, set) => set);
  const sizeOf = (set: number) => NAMES.filter((_, position) => (set >> position) & 1).length;
  return sets.filter((set) => sizeOf(set) <= depthOf(map));
}

function resource(map: string, down: number): string {
  return `${map}_${label(down)}`;
}

function addressOf(position: number): string {
  return `192.0.2.${position + 1}`;
}

const ADDRESSES = NAMES.map((name, position) => `${name} => ${addressOf(position)}`).join(', ');

function gdnsdMap(name: string, { places, ranked }: MapSettings, nets: Nets, file: string): string {
  const orders = Object.entries(nets).flatMap(([datacenter, nets]) =>
    nets.map((net) => `      ${net} => ${list(orderOfNet(datacenter as Name, ranked))}`),
  );
  const coordinates = Object.entries(DATACENTERS).map(([name, [north, east]]) => `${name} => [ ${north}, ${east} ]`);
  return `    ${name} => {
      geoip2_db => ${file}
      datacenters => ${list(NAMES)}
${places === undefined ? '' : `      map => ${gdnsdPlaces(places)}`}
${ranked === undefined ? '' : `      auto_dc_coords => { ${coordinates.join(', ')} }\n      auto_dc_limit => ${ranked}`}
      nets => {
${orders.join('\n')}
      }
    }`;
}

function gdnsdPlaces(places: { readonly [place: string]: PlaceOrders }): string {
  const entries = Object.entries(places).map(([place, orders]) => {
    if (orders === 'closest') return `"${place}" => auto`;
    return `"${place}" => ${Array.isArray(orders) ? list(orders) : gdnsdPlaces(orders as typeof places)}`;
  });
  return `{ ${entries.join(', ')} }`;
}

function list(names: readonly string[]): string {
  return `[ ${names.join(', ')} ]`;
}

/** What Portico makes of a net by itself: its datacenter, then those closest to that one; where nobody has a place, as configured. */
function orderOfNet(datacenter: Name, ranked: number | undefined): string[] {
  const others = NAMES.filter((name) => name !== datacenter);
  if (ranked === undefined) return [datacenter, ...others];
  const here = direction(DATACENTERS[datacenter]);
  const nearness = (name: Name) => direction(DATACENTERS[name]).reduce((sum, x, i) => sum + x * (here[i] as number), 0);
  const sorted = [datacenter, ...others.sort((a, b) => nearness(b) - nearness(a))];
  return ranked === 0 ? sorted : sorted.slice(0, ranked);
}

/** From the middle of the Earth: the angle between two of them is the distance. */
function direction([north, east]: readonly [number, number]): number[] {
  const [latitude, longitude] = [(north * Math.PI) / 180, (east * Math.PI) / 180];
  return [Math.cos(latitude) * Math.cos(longitude), Math.cos(latitude) * Math.sin(longitude), Math.sin(latitude)];
}
