import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import {
  decode,
  encodeAnswer,
  encodeExactQuery,
  encodeQuery,
  encodeUrl,
  type IcpAnswer,
  type IcpMessage,
  LONGEST_PACKET,
  LONGEST_QUESTION,
  OPCODES,
  UNREADABLE,
} from '../../../src/sibling/icp/message.ts';
import { randomOf } from './random.ts';

const URL = 'http://www.site.test/cc/a';
const ANSWERS: readonly IcpAnswer[] = ['HIT', 'MISS', 'ERR', 'MISS_NOFETCH', 'DENIED'];

describe('what Squid 5.7 said to the same question', () => {
  const vectors: { name: string; query: string; reply: string; decoded: { name: IcpAnswer } }[] = JSON.parse(
    readFileSync(join(import.meta.dirname, '../../data/icp/icp-golden-vectors.json'), 'utf8'),
  );
  test.each(vectors)('$name', ({ query, reply, decoded: { name } }) => {
    const question = read(query);
    expect(question.opcode).toBe('QUERY');
    expect(encodeAnswer(name, question).toString('hex')).toBe(reply);
  });
});

describe('what Squid sent and got', () => {
  const packets: { hex: string; opcode: IcpMessage['opcode']; reqnum: number; url: string }[] = readFileSync(
    join(import.meta.dirname, '../../data/icp/icp-packets.jsonl'),
    'utf8',
  )
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line));

  test.each(packets)('$opcode $reqnum $url is read, and written byte for byte', ({ hex, opcode, reqnum, url }) => {
    const message = read(hex);
    expect(message).toEqual({ opcode, requestNumber: reqnum, url });
    expect(encoded(message)?.toString('hex')).toBe(hex);
  });
});

describe('reading', () => {
  const query = encodeQuery(7, URL) as Buffer;
  const exact = (lines: string) => withLength(Buffer.concat([bytes('EXACT_QUERY', `\0\0\0\0${URL}\0${lines}`)]));

  test.each([
    { name: 'nothing', packet: Buffer.alloc(0), why: 'short' },
    { name: 'less than a header', packet: query.subarray(0, 19), why: 'short' },
    { name: 'a header alone', packet: bytes('HIT', ''), why: 'unterminated' },
    { name: 'a query without its requester', packet: bytes('QUERY', '\0\0\0'), why: 'unterminated' },
    { name: 'a query without a URL', packet: bytes('QUERY', '\0\0\0\0\0'), why: 'empty' },
    { name: 'a reply without a URL', packet: bytes('MISS', '\0'), why: 'empty' },
    { name: 'a URL without its NUL', packet: bytes('QUERY', `\0\0\0\0${URL}`), why: 'unterminated' },
    { name: 'a NUL within the URL', packet: bytes('QUERY', '\0\0\0\0http://a\0b/\0'), why: 'embedded-nul' },
    { name: 'two NULs', packet: bytes('HIT', `${URL}\0\0`), why: 'embedded-nul' },
    { name: 'a length that is too large', packet: patched(query, 3, query.length + 1), why: 'length' },
    { name: 'a length that is too small', packet: patched(query, 3, 20), why: 'length' },
    { name: 'a length of 0', packet: patched(query, 3, 0), why: 'length' },
    { name: 'a truncated query', packet: query.subarray(0, -1), why: 'length' },
    { name: 'version 1', packet: patched(query, 1, 1), why: 'version' },
    { name: 'version 3', packet: patched(query, 1, 3), why: 'version' },
    { name: 'version 4', packet: patched(query, 1, 4), why: 'version' },
    { name: 'INVALID', packet: patched(query, 0, 0), why: 'opcode' },
    { name: 'HIT_OBJ', packet: patched(query, 0, 23), why: 'opcode' },
    { name: 'an opcode of nobody', packet: patched(query, 0, 255), why: 'opcode' },
    { name: 'more than is received', packet: Buffer.alloc(LONGEST_PACKET + 1, 1), why: 'long' },
    { name: 'a long exact query', packet: exact(`a: ${'x'.repeat(LONGEST_QUESTION)}\r\n`), why: 'long' },
    { name: 'a line that does not end', packet: exact('a: b'), why: 'fields' },
    { name: 'a line without a colon', packet: exact('a\r\n'), why: 'fields' },
    { name: 'a line without a name', packet: exact(': b\r\n'), why: 'fields' },
    { name: 'a space in a name', packet: exact('a b: c\r\n'), why: 'fields' },
    { name: 'a bare CR in a value', packet: exact('a: b\rc\r\n'), why: 'fields' },
    { name: 'a NUL in a value', packet: exact('a: b\0c\r\n'), why: 'fields' },
    { name: 'an empty line', packet: exact('a: b\r\n\r\n'), why: 'fields' },
  ])('drops $name: $why', ({ packet, why }) => {
    expect(decode(packet)).toBe(why);
  });

  test('takes no notice of options, option data, and addresses', () => {
    const packet = Buffer.from(query);
    packet.fill(0xff, 8, 24);
    expect(decode(packet)).toEqual({ opcode: 'QUERY', requestNumber: 7, url: URL });
  });

  test('keeps the bytes of a URL', () => {
    const url = `http://a/${String.fromCharCode(...Array.from({ length: 255 }, (_, i) => i + 1))}`;
    expect(decode(encodeQuery(1, url) as Buffer)).toMatchObject({ url });
  });
});

describe('writing', () => {
  test('a question of more than 8 KiB is none', () => {
    expect(encodeQuery(1, 'x'.repeat(LONGEST_QUESTION - 25))).toHaveLength(LONGEST_QUESTION);
    expect(encodeQuery(1, 'x'.repeat(LONGEST_QUESTION - 24))).toBeUndefined();
    expect(encodeExactQuery(1, 'x', ['a', 'x'.repeat(70_000)])).toBeUndefined();
  });

  test('the longest question can be answered, whatever is in it', () => {
    const url = ' '.repeat(LONGEST_PACKET - 25);
    const question: IcpMessage = { opcode: 'QUERY', requestNumber: 1, url };
    expect(encodeAnswer('ERR', question)).toHaveLength(20 + 3 * url.length + 1);
  });

  test('an ERR escapes a URL with white space, and no other', () => {
    const answered = (url: string) => read(encodeAnswer('ERR', { opcode: 'QUERY', requestNumber: 1, url })).url;
    expect(answered('a b\t"~\xe9%20')).toBe('a%20b%09%22%7E%E9%20');
    expect(answered('a~"')).toBe('a~"');
  });
});

test('what is written is read again (10,000 messages)', () => {
  const random = randomOf(1);
  for (let i = 0; i < 10_000; i++) {
    const message = anyMessage(random);
    expect(decode(encoded(message) as Buffer)).toEqual(message);
  }
});

test('a million packets, random and mutated, are messages or drops, and leave nothing behind', {
  timeout: 60_000,
}, () => {
  const random = randomOf(2);
  const seen = new Map<string, number>();
  const samples = Array.from({ length: 200 }, () => encoded(anyMessage(random)) as Buffer);
  const scratch = Buffer.alloc(600);
  const before = process.memoryUsage();
  for (let i = 0; i < 1_000_000; i++) {
    const packet = i % 4 === 0 ? anyBytes(random, scratch) : mutated(random, samples, scratch);
    const message = decode(packet);
    const kind = typeof message === 'string' ? message : 'message';
    seen.set(kind, (seen.get(kind) ?? 0) + 1);
  }
  const after = process.memoryUsage();
  const kinds = new Set<string>(['message', ...UNREADABLE.filter((why) => why !== 'long')]);
  expect(new Set(seen.keys())).toEqual(kinds);
  expect(after.external + after.arrayBuffers - before.external - before.arrayBuffers).toBeLessThan(16 * 2 ** 20);
  expect(after.heapUsed - before.heapUsed).toBeLessThan(64 * 2 ** 20);
});

type Random = ReturnType<typeof randomOf>;

function read(packet: string | Buffer): IcpMessage {
  const message = decode(typeof packet === 'string' ? Buffer.from(packet, 'hex') : packet);
  if (typeof message === 'string') throw new Error(`unreadable: ${message}`);
  return message;
}

function encoded(message: IcpMessage): Buffer | undefined {
  const { opcode, requestNumber, url } = message;
  switch (opcode) {
    case 'QUERY':
      return encodeQuery(requestNumber, url);
    case 'EXACT_QUERY':
      return encodeExactQuery(requestNumber, url, message.fields);
    default:
      return encodeUrl(opcode, requestNumber, url);
  }
}

/** A packet of this payload, with the right length. */
function bytes(opcode: keyof typeof OPCODES, payload: string): Buffer {
  const packet = Buffer.alloc(20 + payload.length);
  packet[0] = OPCODES[opcode];
  packet[1] = 2;
  packet.write(payload, 20, 'latin1');
  return withLength(packet);
}

function withLength(packet: Buffer): Buffer {
  packet.writeUInt16BE(packet.length, 2);
  return packet;
}

function patched(packet: Buffer, at: number, byte: number): Buffer {
  const copy = Buffer.from(packet);
  copy[at] = byte;
  return copy;
}

function anyMessage(random: Random): IcpMessage {
  const text = (most: number, from: number) =>
    String.fromCharCode(...Array.from({ length: 1 + random(most) }, () => from + random(256 - from)));
  const requestNumber = random(2 ** 32);
  const url = `http://${text(60, 1)}`;
  const opcode = random.of([...ANSWERS, 'QUERY', 'EXACT_QUERY', 'SECHO', 'DECHO'] as const);
  if (opcode !== 'EXACT_QUERY') return { opcode, requestNumber, url };
  const name = () => random.of(['Accept', 'accept-language', 'x_y', "!#$%&'*+.^`|~"]);
  const fields = Array.from({ length: random(6) }, () => [name(), random(5) === 0 ? '' : text(40, 32)]).flat();
  return { opcode, requestNumber, url, fields };
}

function anyBytes(random: Random, scratch: Buffer): Buffer {
  const packet = scratch.subarray(0, random(80));
  for (let i = 0; i < packet.length; i++) packet[i] = random(256);
  // Half of them get further than the header.
  if (packet.length > 3 && random(2) === 0) {
    packet[0] = random.of(Object.values(OPCODES));
    packet[1] = 2;
    packet.writeUInt16BE(packet.length, 2);
  }
  return packet;
}

function mutated(random: Random, samples: readonly Buffer[], scratch: Buffer): Buffer {
  const sample = random.of(samples);
  sample.copy(scratch);
  let length = sample.length;
  for (let changes = random(4); changes > 0; changes--)
    scratch[random(length)] = random.of([0, 10, 13, 255, random(256)]);
  if (random(4) === 0) {
    length = random(2) === 0 ? random(length + 1) : Math.min(scratch.length, length + random(20));
    if (length > 3 && random(2) === 0) scratch.writeUInt16BE(length, 2);
  }
  return scratch.subarray(0, length);
}
