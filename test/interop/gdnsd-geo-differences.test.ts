import { beforeAll, expect, test } from 'vitest';
import { type Net, parseNet } from '../../src/geodns/geo/net.ts';
import { type Gdnsd, startGdnsd } from '../support/gdnsd.ts';
import { maxmindRecord, writeMmdb } from '../support/mmdb-writer.ts';
import { describeWithPeers } from '../support/peers.ts';
import { type InnerPortico, openPortico } from './gdnsd-geo-portico.ts';
import { gdnsdSettings, label, type Maps, NAMES } from './gdnsd-geo-world.ts';
import { askByUdp, queryHead, readSubnetAnswer, subnetQuery } from './subnet-questions.ts';

/**
 * Where gdnsd and Portico are told the same and part, each with its reason. One more is not shown, as it can be the end of
 * gdnsd 3.8: a map with a list as its outermost default and `auto` within, where it answers with nothing, or dies.
 */

const LONDON = [51.5, -0.1] as const;

const CITY = writeMmdb({
  type: 'GeoLite2-City',
  nets: [
    ['20.0.0.0/8', maxmindRecord({ continent: 'AS', country: 'JP' })],
    ['22.0.0.0/8', maxmindRecord({ continent: 'AS' })],
    ['24.0.0.0/8', maxmindRecord({ registered: 'FR', location: LONDON })],
    ['26.0.0.0/8', maxmindRecord({ country: 'FR', location: LONDON })],
    ['28.0.0.0/8', maxmindRecord({ continent: 'EU', country: 'DE', location: [91, 0] })],
    ['30.0.0.0/8', maxmindRecord({ continent: 'EU', country: 'GB', location: LONDON })],
    ['31.0.0.0/8', maxmindRecord({ continent: 'EU', country: 'IE', location: LONDON })],
    ['32.0.0.0/8', maxmindRecord({ continent: 'SA', country: 'BR', location: LONDON })],
    ['100.64.0.0/10', maxmindRecord({ continent: 'EU', country: 'IE', location: LONDON })],
  ],
});

const CITY_MAPS: Maps = {
  auto: { ranked: 3 },
  area: { ranked: 3, places: { EU: { FR: ['sydney'], GB: ['ireland', 'frankfurt', 'frankfurt_2'] }, SA: [] } },
};

/** It knows of IPv6 alone. */
const IPV6 = writeMmdb({
  type: 'GeoLite2-City',
  nets: [['2a00::/16', maxmindRecord({ continent: 'EU', country: 'IE', location: LONDON })]],
});

const IPV6_MAPS: Maps = { ipv6: { ranked: 3 } };

const CONFIGURED = 'virginia oregon sao_paulo';
const FROM_LONDON = 'ireland frankfurt frankfurt_2';

describeWithPeers(['gdnsd'], 'gdnsd and Portico, told the same, part', () => {
  let gdnsd: Gdnsd;
  const porticos = new Map<string, InnerPortico>();

  beforeAll(async () => {
    const databases = [
      [CITY_MAPS, CITY],
      [IPV6_MAPS, IPV6],
    ] as const;
    gdnsd = await startGdnsd(gdnsdSettings(databases, {}));
    for (const [maps, database] of databases) {
      const portico = await openPortico(maps, database, {});
      for (const name of Object.keys(maps)) porticos.set(name, portico);
    }
  });

  test.each([
    {
      name: 'a country is where its people live, where the database has no coordinates: to gdnsd it is nowhere',
      map: 'auto',
      client: '20.1.0.0/16',
      theirs: `/5 ${CONFIGURED}`,
      ours: '/8 singapore mumbai sydney',
    },
    {
      name: 'so is a continent, where it has nothing else',
      map: 'auto',
      client: '22.1.0.0/16',
      theirs: `/5 ${CONFIGURED}`,
      ours: '/8 mumbai singapore frankfurt',
    },
    {
      name: 'coordinates that cannot be are none: gdnsd goes by them',
      map: 'auto',
      client: '28.1.0.0/16',
      theirs: '/8 ireland frankfurt frankfurt_2',
      ours: '/8 frankfurt frankfurt_2 ireland',
    },
    {
      name: 'the country where a net is registered stands in for that of its users: gdnsd does not look at it',
      map: 'area',
      client: '24.1.0.0/16',
      theirs: `/8 ${FROM_LONDON}`,
      ours: '/8 sydney',
    },
    {
      name: 'a country has its continent, also where the database does not say so: gdnsd finds it under none',
      map: 'area',
      client: '26.1.0.0/16',
      theirs: `/8 ${FROM_LONDON}`,
      ours: '/8 sydney',
    },
    {
      name: 'special-purpose addresses are nowhere, whatever the database says: gdnsd believes it',
      map: 'auto',
      client: '100.65.0.0/16',
      theirs: `/10 ${FROM_LONDON}`,
      ours: `/2 ${CONFIGURED}`,
    },
    {
      name: 'by distance comes another order than by a list, where that is as long as what is ranked: gdnsd has the same for both',
      map: 'area',
      client: '31.1.0.0/16',
      theirs: `/7 ${FROM_LONDON}`,
      ours: `/8 ${FROM_LONDON}`,
    },
    {
      name: 'that there is no answer is told for everybody: gdnsd tells it for a net, which resolvers take no notice of',
      map: 'area',
      client: '32.1.0.0/16',
      theirs: '/8',
      ours: '/0',
    },
    {
      name: 'a scope of 0 is for both families, and so is not said when one of them has several answers: gdnsd says it',
      map: 'ipv6',
      client: '20.1.0.0/16',
      theirs: `/0 ${CONFIGURED}`,
      ours: `/1 ${CONFIGURED}`,
    },
  ])('$name', async ({ map, client, theirs, ours }) => {
    expect(await theirOrder(map, client)).toBe(theirs);
    expect(await ourOrder(map, client)).toBe(ours);
  });

  test('all of those that are ranked are down: the next of the others serves, where gdnsd begins again with the first', async () => {
    expect(await theirOrder('auto', '30.1.0.0/16', 4)).toBe(`/7 ${FROM_LONDON}`);
    expect(await ourOrder('auto', '30.1.0.0/16', 4)).toBe(`/7 ${FROM_LONDON} virginia`);
  });

  function theirOrder(map: string, client: string, depth?: number): Promise<string> {
    return orderOf(map, client, depth, async (query) => {
      const replies: Buffer[] = [];
      await askByUdp(gdnsd.port, [query].values(), (reply) => replies.push(reply));
      return replies[0] as Buffer;
    });
  }

  function ourOrder(map: string, client: string, depth?: number): Promise<string> {
    const portico = porticos.get(map) as InnerPortico;
    return orderOf(map, client, depth, async (query, down) => portico.answer(query, down));
  }
});

/** The scope, and who serves while those before are down; to its end, or so far. */
async function orderOf(
  map: string,
  client: string,
  depth = 3,
  answer: (query: Buffer, down: number) => Promise<Buffer>,
): Promise<string> {
  const words: string[] = [];
  for (let down = 0; words.length <= depth; ) {
    const head = queryHead(`${label(down)}.${map}.example.com`);
    const { host, scope } = readSubnetAnswer(await answer(subnetQuery(head, parseNet(client) as Net), down), head);
    if (words.length === 0) words.push(`/${scope}`);
    const bit = 1 << (host - 1);
    if (host === 0 || down & bit) break;
    down |= bit;
    words.push(NAMES[host - 1] as string);
  }
  return words.join(' ');
}
