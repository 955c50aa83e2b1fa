import { beforeAll, describe, expect, test } from 'vitest';
import { formatNet, type Net } from '../../src/geodns/geo/net.ts';
import { Random } from '../cache/memory/random.ts';
import { frontDoor } from '../stories/front-door.ts';
import { type Gdnsd, startGdnsd } from '../support/gdnsd.ts';
import { type MmdbValue, writeMmdb } from '../support/mmdb-writer.ts';
import { startNode } from '../support/node.ts';
import { describeWithPeers } from '../support/peers.ts';
import { embedded, randomCity, randomCountryRecord, randomNets, randomSubnet } from './gdnsd-geo-clients.ts';
import { Comparison } from './gdnsd-geo-comparison.ts';
import { type InnerPortico, openPortico } from './gdnsd-geo-portico.ts';
import { CITY_MAPS, COUNTRY_MAPS, gdnsdSettings, label, type MapSettings } from './gdnsd-geo-world.ts';
import { askByUdp, queryHead, subnetQuery } from './subnet-questions.ts';

/** gdnsd and Portico have the same datacenters, nets, maps and databases, and are asked for the same clients. */

const CLIENTS = 100_000;
const NETS_OF_A_FAMILY = 4000;

const MAPS: readonly { name: string; what: string; map: MapSettings; count: number }[] = [
  { name: 'auto', what: 'by distance', map: CITY_MAPS.auto, count: CLIENTS },
  { name: 'area', what: 'by place, and in some places by distance', map: CITY_MAPS.area, count: 40_000 },
  { name: 'full', what: 'by distance, all ranked', map: CITY_MAPS.full, count: 5_000 },
  { name: 'list', what: 'by place, with a default', map: CITY_MAPS.list, count: 10_000 },
  { name: 'flat', what: 'by place, of a database without coordinates', map: COUNTRY_MAPS.flat, count: 10_000 },
];

describeWithPeers(['gdnsd'], 'gdnsd and Portico, told the same', () => {
  let gdnsd: Gdnsd;
  let clients: readonly Net[];
  let cities: InnerPortico;
  let countries: InnerPortico;

  beforeAll(async () => {
    const random = new Random(1);
    const nets = ([4, 6] as const).map((family) => randomNets(random, family, NETS_OF_A_FAMILY));
    const databaseOf = (type: string, record: (random: Random) => MmdbValue) =>
      writeMmdb({ type, aliases: true, nets: nets.flat().map((net) => [net, record(random)] as const) });
    const city = databaseOf('GeoLite2-City', randomCity);
    const country = databaseOf('GeoLite2-Country', randomCountryRecord);
    clients = randomClients(random, nets, CLIENTS);
    [cities, countries] = await Promise.all([openPortico(CITY_MAPS, city), openPortico(COUNTRY_MAPS, country)]);
    gdnsd = await startGdnsd(
      gdnsdSettings([
        [CITY_MAPS, city],
        [COUNTRY_MAPS, country],
      ]),
    );
  });

  describe.each(MAPS)('send $count client subnets $what ($name)', ({ name, map, count }) => {
    let comparison: Comparison;

    beforeAll(async () => {
      comparison = new Comparison(name in COUNTRY_MAPS ? countries : cities, name, map);
      await comparison.run(clients.slice(0, count), gdnsd.port);
    }, 60_000);

    test('to the same datacenters, in the same order', () => {
      expect(comparison.faults.order).toEqual([]);
      expect(comparison.questions).toBeGreaterThan(2 * count);
    });

    test('with a scope in which everybody gets the same', () => {
      expect(comparison.faults.unsafe).toEqual([]);
    });

    test('with a scope that is never longer than that of gdnsd, and shorter for two reasons alone', () => {
      expect(comparison.faults.longer).toEqual([]);
      expect(comparison.faults.shorter).toEqual([]);
    });

    test('with a scope that is the same when datacenters are down', () => {
      expect(comparison.faults.moved).toEqual([]);
    });
  });

  test('a node says by UDP what was compared, byte for byte', async () => {
    const node = await startNode({
      ...frontDoor({ origins: ['http://127.0.0.1:1'], pool: { health_check: 'off' }, node: { workers: 1 } }),
      dns: { listen: ['127.0.0.1:0'], ...cities.settings },
    });
    const [address] = node.control.dnsListeners as [string];
    const asked: Buffer[] = [];
    function* queries() {
      for (const [i, client] of clients.slice(0, 8000).entries()) {
        const { name } = MAPS[i % 4] as { name: string };
        asked.push(subnetQuery(queryHead(`${label(0)}.${name}.example.com`), client));
        yield asked.at(-1) as Buffer;
      }
    }
    const different: string[] = [];
    await askByUdp(Number(address.split(':')[1]), queries(), (reply, index) => {
      const query = asked[index] as Buffer;
      if (!reply.equals(cities.answer(query, 0))) different.push(`${query.toString('hex')}: ${reply.toString('hex')}`);
    });
    expect(different).toEqual([]);
  });
});

/** Of each family in turn, no two the same. Some IPv4 subnets are told as IPv6. */
function randomClients(random: Random, nets: readonly (readonly Net[])[], count: number): Net[] {
  const clients = new Map<string, Net>();
  while (clients.size < count) {
    const client = randomSubnet(random, nets[clients.size % 2] as readonly Net[]);
    const asked = client.family === 4 && random.below(20) === 0 ? embedded(random, client) : client;
    clients.set(formatNet(asked), asked);
  }
  return [...clients.values()];
}
