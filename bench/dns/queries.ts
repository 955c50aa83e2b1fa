import { writeFile } from 'node:fs/promises';
import { dnsQuery } from '../../test/support/dns-message.ts';
import { randomFrom } from '../eviction/random.ts';
import { type DnsWork, NAMES, nameOf, STATIC_ADDRESSES, ZONE } from './works.ts';
import { ADDRESSES, datacenterOf, type World } from './world.ts';

/** A query, and what is right. */
export interface Question {
  readonly bytes: Buffer;
  /** In full, with a dot at its end. */
  readonly name: string;
  /** As a set. */
  readonly addresses: readonly string[];
  /** Of the options in the query, in hexadecimal; absent: there are none. */
  readonly subnet?: string;
  readonly cookie?: string;
}

/** Enough that clients come from all over the world, and few enough to be read at once. */
const COUNT = 20_000;

/** The queries of a work. Those of `dns-udp` and `dns-tcp` are the same. */
export function questionsOf({ names }: DnsWork, world: World): Question[] {
  const random = randomFrom(2);
  return Array.from({ length: COUNT }, () => {
    const name = `${nameOf(names, Math.floor(random() * NAMES))}.${ZONE}.`;
    if (names === 'static') return { bytes: dnsQuery({ name, edns: {} }), name, addresses: STATIC_ADDRESSES };
    const net = Math.floor(random() * world.nets.length);
    const subnet = subnetOption((world.nets[net] as World['nets'][number]).first[3]);
    // As of a client that asks for the first time: a cookie is made for each, and none of them is spared the rate limit.
    const cookie = Array.from({ length: 8 }, () => hex(Math.floor(random() * 256), 1)).join('');
    const options = [
      [8, subnet],
      [10, cookie],
    ] as const;
    const addresses = ADDRESSES[datacenterOf(world.countries[net] as string)];
    return { bytes: dnsQuery({ name, edns: { options } }), name, addresses, subnet, cookie };
  });
}

/** RFC 7871 §6: family, source prefix length, scope, and as many bytes as the prefix needs. All nets are a /24 at least. */
function subnetOption(address: number): string {
  return `0001${hex(24, 1)}00${hex(address >>> 8, 3)}`;
}

function hex(value: number, bytes: number): string {
  return value.toString(16).padStart(2 * bytes, '0');
}

/** For `dnsperf -B`: each behind its length, as by TCP. With options of their own no other form has them. */
export async function writeQuestions(file: string, questions: readonly Question[]): Promise<void> {
  const frames = questions.flatMap(({ bytes }) => {
    const length = Buffer.alloc(2);
    length.writeUInt16BE(bytes.length);
    return [length, bytes];
  });
  await writeFile(file, Buffer.concat(frames));
}
