import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { IPv6Words } from '../../src/base/address.ts';
import type { AnswerCounts } from '../../src/geodns/answer/counts.ts';
import { RATE_LIMITS } from '../../src/geodns/answer/rate-limiter.ts';
import { Responder } from '../../src/geodns/answer/respond.ts';
import { bitsBefore, embeddedIPv4, embeddingOf, NOT_EMBEDDED } from '../../src/geodns/geo/embedded.ts';
import { type Net, netAround } from '../../src/geodns/geo/net.ts';
import type { IndexedRanges } from '../../src/geodns/geo/range-index.ts';
import type { GeoTableData } from '../../src/geodns/geo/table.ts';
import type { DnsPlan } from '../../src/geodns/plan/dns-plan.ts';
import { Served } from '../../src/geodns/plan/served.ts';
import { planOf, standings } from '../geodns/plan/settings.ts';
import { tempDir } from '../support/temp.ts';
import { edgeOf } from './gdnsd-geo-clients.ts';
import { type Maps, NETS, type Nets, porticoSettings } from './gdnsd-geo-world.ts';

/** Portico from settings to replies, in the process of the test. */
export async function openPortico(maps: Maps, database: Buffer, nets: Nets = NETS): Promise<InnerPortico> {
  const file = join(await tempDir(), 'geo.mmdb');
  await writeFile(file, database);
  const settings = porticoSettings(maps, nets, file);
  const { plan } = await planOf(settings);
  return new InnerPortico(settings, plan);
}

export class InnerPortico {
  /** `dns` of a configuration. */
  readonly settings: object;
  readonly #plan: DnsPlan;
  readonly #standings;
  readonly #responder: Responder;
  readonly #reply = Buffer.alloc(1232);

  constructor(settings: object, plan: DnsPlan) {
    this.settings = settings;
    this.#plan = plan;
    this.#standings = standings(plan.datacenters.length);
    this.#responder = new Responder(ANSWERING, () => 0, COUNTS);
    this.#responder.serve(new Served(plan, this.#standings).zones);
  }

  /** `down`: a bit for each datacenter that is out of service, the lowest for the first. Good until it is asked again. */
  answer(query: Buffer, down: number): Buffer {
    const { inService } = this.#standings;
    for (let i = 0; i < inService.length; i++) inService[i] = 1 - ((down >>> i) & 1);
    return this.#reply.subarray(0, this.#responder.respond(query, query.length, SOURCE, this.#reply));
  }

  /** Whether all addresses of a net have one and the same choice in the table of a map. */
  isUniform(map: string, net: Net): boolean {
    const table = this.#plan.tables.find(({ name }) => name === map) as GeoTableData;
    const { family, first, prefix } = truly(net);
    if (prefix < 0) return false;
    const whole = netAround(family, first, prefix);
    const ranges = family === 4 ? table.ipv4 : table.ipv6;
    return rangeOf(ranges, edgeOf(whole, 'first')) === rangeOf(ranges, edgeOf(whole, 'last'));
  }
}

const ANSWERING = { udpLength: 1232, clientSubnet: true, requireCookies: false, limits: RATE_LIMITS };

const COUNTS: AnswerCounts = {
  replied() {},
  silent() {},
  slipped() {},
  failed(error) {
    throw error;
  },
};

const SOURCE = {
  address: Buffer.from([127, 0, 0, 1]),
  family: 4,
  port: 5353,
  transport: 'udp',
} as const;

/** The IPv4 net that an IPv6 net is in truth; of negative length where it is more than that. */
function truly(net: Net): Net {
  const [w0, w1, w2, w3] = net.first;
  const embedding = net.family === 4 ? NOT_EMBEDDED : embeddingOf(w0, w1, w2);
  if (embedding === NOT_EMBEDDED) return net;
  const prefix = net.prefix - bitsBefore(embedding);
  return { family: 4, first: [0, 0, 0, embeddedIPv4(embedding, w0, w1, w3)], prefix };
}

/** Neighbours differ, so addresses have the same choice all along if and only if they are in the same range. */
function rangeOf({ starts, ids }: IndexedRanges, address: IPv6Words): number {
  const width = starts.length / ids.length;
  const isAfter = (range: number) => {
    for (let word = 0; word < width; word++) {
      const difference = (starts[range * width + word] as number) - (address[4 - width + word] as number);
      if (difference !== 0) return difference > 0;
    }
    return false;
  };
  let [low, high] = [0, ids.length - 1];
  while (low < high) {
    const middle = (low + high + 1) >>> 1;
    if (isAfter(middle)) high = middle - 1;
    else low = middle;
  }
  return low;
}
