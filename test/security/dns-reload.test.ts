import { createSocket, type Socket } from 'node:dgram';
import { once } from 'node:events';
import { rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import type { HostPort } from '../../src/base/address.ts';
import type { Net } from '../../src/geodns/geo/net.ts';
import { Random } from '../cache/memory/random.ts';
import { dnsQuery, parseDnsMessage } from '../support/dns-message.ts';
import { MEMORY_IS_TOLD } from '../support/memory.ts';
import { type MmdbValue, maxmindRecord, writeMmdb } from '../support/mmdb-writer.ts';
import { atTeardown } from '../support/teardown.ts';
import { tempDir } from '../support/temp.ts';
import { within } from '../support/wait.ts';
import { configWith, MIB, startNameServer } from './name-server.ts';

/** In these /8 are networks that are nowhere, whatever a database says. */
const PARTLY_SPECIAL = [10, 100, 127, 169, 172];
const BLOCKS = Array.from({ length: 186 }, (_, index) => index + 1).filter((block) => !PARTLY_SPECIAL.includes(block));

/** All /20 of these, which are as many networks as databases of countries have. */
const NETS = BLOCKS.length * 4096;

const COUNTRIES = [
  { continent: 'EU', country: 'GB' },
  { continent: 'NA', country: 'US' },
  { continent: 'OC', country: 'AU' },
] as const;

/** Of the datacenter of each country, in hexadecimal. */
const ADDRESSES = ['c6336401', 'c6336402', 'c6336403'];

describe.skipIf(!MEMORY_IS_TOLD)(`a database of ${NETS} networks`, () => {
  test('that is replaced under load costs no query an answer, each is by the old or the new, and memory comes back', async () => {
    const world = new Uint8Array(NETS).map(() => random.below(3));
    const old = databaseOf(world, 0);
    const databases = [old, databaseOf(world, 1)];
    const file = join(await tempDir(), 'world.mmdb');
    await writeFile(file, old);
    const dns = dnsWith(file);
    const server = await startNameServer(dns);
    const load = new Load(await socketTo(server.at), world);
    load.expectOnly(0);
    await load.answered(10_000);

    let database = 0;
    const replace = async (told: () => Promise<unknown>) => {
      database = 1 - database;
      load.expectEither();
      await writeFile(`${file}.new`, databases[database] as Buffer);
      await rename(`${file}.new`, file);
      await told();
      await load.seen(database);
      load.expectOnly(database);
      await load.answered(10_000);
    };
    const reload = async () =>
      expect(await server.portico.reload(configWith(dns))).toMatchObject({ message: 'reloaded' });
    // What the first one takes is what they take at all: room for two generations at a time.
    await replace(reload);
    const before = server.memory;
    for (let i = 0; i < 4; i++) await replace(reload);
    await replace(() => server.portico.events.waitFor('geo database replaced', { limit: 20_000 }));
    await load.end();
    expect(load.problems).toEqual([]);
    expect(load.longestWait).toBeLessThan(2_000);
    expect(server.memory - before).toBeLessThan(64 * MIB);
    await server.expectUnharmed();
  }, 60_000);
});

const random = new Random(741);

/** In the one, who is in country c; in the other, in the country after that. */
function databaseOf(world: Uint8Array, shift: number): Buffer {
  const records = COUNTRIES.map(maxmindRecord);
  return writeMmdb({
    nets: world.values().map((country, net) => [netAt(net), records[(country + shift) % 3] as MmdbValue] as const),
    type: 'Test-Country',
  });
}

function netAt(index: number): Net {
  return { family: 4, first: [0, 0, 0, firstOf(index)], prefix: 20 };
}

function firstOf(index: number): number {
  return (BLOCKS[index >>> 12] as number) * 2 ** 24 + (index & 4095) * 4096;
}

function dnsWith(file: string): object {
  const datacenters = COUNTRIES.map(({ country }, index) => [
    country,
    { addresses: [`198.51.100.${index + 1}`], check: 'off' },
  ]);
  const places = Object.fromEntries(COUNTRIES.map(({ continent, country }) => [continent, [country]]));
  const www = { name: 'www', geo: 'world' };
  return {
    geo_database: file,
    datacenters: { us: { addresses: ['192.0.2.10'], check: 'off' }, ...Object.fromEntries(datacenters) },
    maps: { world: { datacenters: ['us', ...COUNTRIES.map(({ country }) => country)], places } },
    zones: [{ name: 'example.com', soa: SOA, records: [{ name: '@', type: 'NS', value: 'ns.example.net' }, www] }],
  };
}

const SOA = { mname: 'ns.example.net', rname: 'hostmaster.example.com' };

/** Which databases an answer may be by: bits. */
const EITHER = 0b11;

interface Asked {
  readonly net: number;
  readonly at: number;
  readonly allowed: number;
}

/** Clients all over the world, behind one resolver that has so many queries under way all the time. */
class Load {
  readonly problems: string[] = [];
  longestWait = 0;
  readonly #socket: Socket;
  readonly #world: Uint8Array;
  /** By the id of the query. */
  readonly #asked = new Map<number, Asked>();
  #allowed = EITHER;
  #answers = 0;
  /** What the last answer was by. */
  #last: number | undefined;
  #isEnding = false;
  #whenAnswered: (() => void) | undefined;

  constructor(socket: Socket, world: Uint8Array) {
    this.#socket = socket;
    this.#world = world;
    socket.on('message', (reply) => this.#take(reply));
    for (let id = 0; id < UNDER_WAY; id++) this.#ask(id);
  }

  /** From now on who asks has to get what this database says. */
  expectOnly(database: number): void {
    this.#allowed = 1 << database;
  }

  expectEither(): void {
    this.#allowed = EITHER;
  }

  /** Resolves when there have been so many more answers. */
  async answered(count: number): Promise<void> {
    const wanted = this.#answers + count;
    while (this.#answers < wanted) {
      await within(
        new Promise<void>((resolve) => {
          this.#whenAnswered = resolve;
        }),
        () => `an answer to ${this.#asked.size} queries`,
      );
    }
  }

  /** Resolves when an answer was by this database; then all that are still to be asked are. */
  async seen(database: number): Promise<void> {
    const from = this.#answers;
    while (this.#last !== database && this.#answers < from + 100_000) await this.answered(1);
  }

  /** Resolves when all have been answered. */
  async end(): Promise<void> {
    this.#isEnding = true;
    await this.answered(this.#asked.size);
  }

  #ask(id: number): void {
    const net = random.below(NETS);
    this.#asked.set(id, { net, at: performance.now(), allowed: this.#allowed });
    const subnet = `00011400${(firstOf(net) >>> 8).toString(16).padStart(6, '0')}`;
    this.#socket.send(dnsQuery({ id, name: 'www.example.com.', edns: { options: [[8, subnet]] } }));
  }

  #take(reply: Buffer): void {
    const { id, answers } = parseDnsMessage(reply);
    const asked = this.#asked.get(id);
    if (asked === undefined) return void this.problems.push(`a reply to ${id}, which was not asked`);
    this.longestWait = Math.max(this.longestWait, performance.now() - asked.at);
    const got = answers.map(({ rdata }) => rdata).join(' ');
    const country = this.#world[asked.net] as number;
    // What was asked before a reload may be answered after it.
    const allowed = asked.allowed | this.#allowed;
    const by = [0, 1].find((database) => got === ADDRESSES[(country + database) % 3]);
    const isRight = by !== undefined && ((allowed >> by) & 1) === 1;
    if (!isRight && this.problems.length < 10) this.problems.push(`${got} for a client of country ${country}`);
    this.#last = by;
    this.#asked.delete(id);
    this.#answers += 1;
    if (!this.#isEnding) this.#ask(id);
    this.#whenAnswered?.();
  }
}

const UNDER_WAY = 32;

async function socketTo(to: HostPort): Promise<Socket> {
  const socket = createSocket('udp4');
  atTeardown(() => socket.close());
  socket.bind(0, '127.77.0.5');
  await once(socket, 'listening');
  const connected = once(socket, 'connect');
  socket.connect(to.port, to.host);
  await connected;
  return socket;
}
