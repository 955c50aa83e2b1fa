import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import {
  decode,
  encodeClear,
  encodeCleared,
  encodeFound,
  encodeMissing,
  type HtcpHead,
  type HtcpMessage,
  OPCODES,
  UNREADABLE,
} from '../../../src/sibling/htcp/message.ts';
import { Random } from '../../cache/memory/random.ts';
import { clearBytes, testBytes } from './packets.ts';

const URL = 'http://www.site.test/cc/p2';

interface Captured {
  readonly hex: string;
  readonly minor: 0 | 1;
  readonly opcode: 'TST' | 'CLR';
  readonly response: number;
  readonly RR: boolean;
  readonly F1: boolean;
  readonly transId: number;
}

/** What Squid 5.7 and we sent to each other. */
const CAPTURED: readonly Captured[] = readFileSync(
  join(import.meta.dirname, '../../data/icp/htcp-packets.jsonl'),
  'utf8',
)
  .trim()
  .split('\n')
  .map((line) => JSON.parse(line));

describe('captured packets', () => {
  const modern = CAPTURED.filter(({ minor }) => minor === 1);

  test.each(modern.filter(({ RR }) => !RR))('a request is read: $opcode $transId $hex', (packet) => {
    const message = read(packet.hex);
    expect(message).toMatchObject({ kind: packet.opcode, minor: 1, transaction: packet.transId, f1: packet.F1 });
    const { method, url, fields } = (message as Extract<HtcpMessage, { kind: 'TST' | 'CLR' }>).specifier;
    expect(method).toMatch(/^(GET|HEAD|PURGE)$/);
    expect(url).toMatch(/^http:\/\/www\.site\.test\/(cc|vary)\//);
    expect(fields).toEqual([]);
  });

  test.each(modern.filter(({ RR }) => RR))('a response is read, and written alike: $opcode $transId $hex', (packet) => {
    const { hex, opcode, transId: transaction, response } = packet;
    expect(read(hex)).toMatchObject({ kind: 'response', opcode: OPCODES[opcode], response, transaction, f1: false });
    expect(written(packet)?.toString('hex')).toBe(hex);
  });

  test.each(CAPTURED.filter(({ minor }) => minor === 0))(
    'with the bits of minor 1, minor 0 says nothing: $hex',
    ({ hex }) => {
      expect(read(hex)).toMatchObject({ kind: 'other', opcode: OPCODES.NOP });
    },
  );

  function written({ opcode, response, transId: transaction, hex }: Captured): Buffer | undefined {
    const to: HtcpHead = { minor: 1, transaction, f1: true };
    if (opcode === 'CLR') return encodeCleared(to, response);
    if (response === 1) return encodeMissing(to);
    const [, age = '', entity = ''] =
      /(Age: \d+\r\n)..(Expires: .*GMT\r\n)/s.exec(bytesOf(hex).toString('latin1')) ?? [];
    return encodeFound(to, age, entity);
  }
});

describe('a message', () => {
  test('to purge is written as one that Squid has taken', () => {
    expect(encodeClear(99, URL)?.toString('hex')).toBe(
      CAPTURED.find(({ opcode, RR, F1, minor }) => opcode === 'CLR' && !RR && F1 && minor === 1)?.hex,
    );
  });

  test('to purge is read in the order of bits that MediaWiki sends', () => {
    const packet = clearBytes({ minor: 0, method: 'HEAD', url: URL, transaction: 0xffffffff });
    expect(packet.subarray(2, 4)).toEqual(Buffer.from([0, 0]));
    expect(packet.subarray(6, 8)).toEqual(Buffer.from([4, 0]));
    const specifier = { method: 'HEAD', url: URL, fields: [] };
    const expected = { kind: 'CLR', minor: 0, transaction: 0xffffffff, specifier };
    expect(decode(packet)).toEqual({ ...expected, f1: false });
    expect(decode(changed(packet, 7, 0x40))).toEqual({ ...expected, f1: true });
  });

  test('is answered in the same order of bits', () => {
    const to: HtcpHead = { minor: 0, transaction: 5, f1: true };
    expect(encodeCleared(to, 2)?.toString('hex')).toBe('000e0000000824800000' + '00050002');
    expect(decode(encodeCleared(to, 2) as Buffer)).toMatchObject({
      kind: 'response',
      opcode: OPCODES.CLR,
      response: 2,
    });
  });

  test('to test for a response has the fields of the request', () => {
    const packet = testBytes({ url: URL, lines: 'Accept:  */* \r\nX-Empty:\r\naccept-language: de\r\n\r\n' });
    expect(decode(packet)).toMatchObject({
      specifier: { fields: ['Accept', '*/*', 'X-Empty', '', 'accept-language', 'de'] },
    });
  });

  test('that would not fit into a packet is not made', () => {
    expect(encodeClear(1, 'x'.repeat(65_000))?.length).toBeGreaterThan(65_000);
    expect(encodeClear(1, 'x'.repeat(65_500))).toBeUndefined();
    expect(encodeFound({ minor: 1, transaction: 1, f1: true }, '', 'x'.repeat(70_000))).toBeUndefined();
  });
});

describe('what is no message', () => {
  const packet = testBytes({ url: URL });

  test.each([
    { name: 'nothing', bytes: Buffer.alloc(0), why: 'short' },
    { name: 'less than all fixed parts', bytes: packet.subarray(0, 13), why: 'short' },
    { name: 'another major version', bytes: changed(packet, 2, 1), why: 'version' },
    { name: 'another minor version', bytes: changed(packet, 3, 2), why: 'version' },
    { name: 'less than it says', bytes: packet.subarray(0, -1), why: 'length' },
    { name: 'more than it says', bytes: Buffer.concat([packet, Buffer.alloc(1)]), why: 'length' },
    { name: 'data that goes beyond it', bytes: changed(packet, 4, 0xff), why: 'length' },
    { name: 'data shorter than its fixed part', bytes: changed(packet, 5, 7), why: 'length' },
    { name: 'data as long as all', bytes: changed(packet, 5, packet.length - 4), why: 'length' },
    { name: 'AUTH shorter than its length', bytes: changed(packet, packet.length - 1, 1), why: 'length' },
    { name: 'AUTH that goes beyond it', bytes: changed(packet, packet.length - 1, 3), why: 'length' },
    { name: 'a text that goes beyond the data', bytes: changed(packet, 12, 0xff), why: 'op-data' },
    { name: 'a text that leaves no room for the next', bytes: changed(packet, 13, packet.length - 16), why: 'op-data' },
    {
      name: 'a shorter last text than there are bytes',
      bytes: changed(testBytes({ url: URL, lines: 'a:b\r\n' }), 52, 4),
      why: 'op-data',
    },
    { name: 'lines that are no fields', bytes: testBytes({ url: URL, lines: 'a b: c\r\n' }), why: 'op-data' },
    { name: 'a line break in a field', bytes: testBytes({ url: URL, lines: 'a: b\nc: d\r\n' }), why: 'op-data' },
  ])('$name: $why', ({ bytes, why }) => {
    expect(decode(bytes)).toBe(why);
  });

  test('many spaces in a field take no time', () => {
    const lines = `a: ${' '.repeat(60_000)}b\r\n`;
    const before = performance.now();
    expect(decode(testBytes({ url: URL, lines }))).toMatchObject({ kind: 'TST' });
    expect(performance.now() - before).toBeLessThan(1_000);
  });

  test('a million packets, random or nearly right: each is a message or none', () => {
    const random = new Random(2756);
    const models = CAPTURED.map(({ hex }) => bytesOf(hex));
    const outcomes = new Set<string>();
    for (let i = 0; i < 1_000_000; i++) {
      const message = decode(i % 2 === 0 ? noise(random) : mutated(models[i % models.length] as Buffer, random));
      outcomes.add(typeof message === 'string' ? message : message.kind);
    }
    expect([...outcomes].sort()).toEqual([...UNREADABLE, 'CLR', 'TST', 'other', 'response'].sort());
  });
});

function noise(random: Random): Buffer {
  const packet = Buffer.allocUnsafe(random.below(64));
  for (let at = 0; at < packet.length; at++) packet[at] = random.below(256);
  return packet;
}

/** With some bytes changed, cut off or repeated; its lengths put right in half of the cases, so that it gets further. */
function mutated(model: Buffer, random: Random): Buffer {
  const length = random.below(4) === 0 ? random.below(model.length + 8) : model.length;
  const packet = Buffer.alloc(length, model);
  for (let i = random.below(4); i > 0 && length > 0; i--) packet[random.below(length)] = random.below(256);
  if (length >= 14 && random.below(2) === 0) {
    packet.writeUInt16BE(length, 0);
    packet.writeUInt16BE(length - 6, 4);
    packet.writeUInt16BE(2, length - 2);
  }
  return packet;
}

function bytesOf(hex: string): Buffer {
  return Buffer.from(hex, 'hex');
}

function read(hex: string): HtcpMessage {
  const message = decode(bytesOf(hex));
  if (typeof message === 'string') throw new Error(message);
  return message;
}

function changed(packet: Buffer, at: number, value: number): Buffer {
  const copy = Buffer.from(packet);
  copy[at] = value;
  return copy;
}
