import { describe, expect, test } from 'vitest';
import type { BodySink, BodySource } from '../../../src/cache/body.ts';
import { BodySender } from '../../../src/proxy/caching/body-sender.ts';
import type { BodyPart } from '../../../src/proxy/caching/stored-reply.ts';
import { CollectedExchange } from './collected-exchange.ts';

const BODY = Buffer.from(Array.from({ length: 60_000 }, (_, i) => i % 251));

describe('a sender of stored bodies', () => {
  test.each<{ name: string; parts: BodyPart[]; tail?: string; expected: Buffer }>([
    { name: 'the whole', parts: [{ head: '', from: 0, to: undefined }], expected: BODY },
    { name: 'a part', parts: [{ head: '', from: 5, to: 9 }], expected: BODY.subarray(5, 9) },
    {
      name: 'several, with their heads and a tail',
      parts: [
        { head: '<a>', from: 0, to: 20_000 },
        { head: '<b>', from: 3, to: 4 },
      ],
      tail: '<end>',
      expected: Buffer.concat([
        Buffer.from('<a>'),
        BODY.subarray(0, 20_000),
        Buffer.from('<b>'),
        BODY.subarray(3, 4),
        Buffer.from('<end>'),
      ]),
    },
    { name: 'nothing', parts: [], expected: Buffer.alloc(0) },
  ])('sends $name', ({ parts, tail = '', expected }) => {
    const { exchange, sender, ends } = scene(parts, tail);
    sender.start();
    expect(exchange.content.equals(expected)).toBe(true);
    expect(ends).toEqual(['sent']);
  });

  test('waits for a client that takes no more, and goes on in the next part', () => {
    const stalls = [true, false, true, true, false];
    const { exchange, sender, ends } = scene(
      [
        { head: '<a>', from: 0, to: 40_000 },
        { head: '<b>', from: 100, to: 200 },
      ],
      '',
      () => stalls.shift() ?? false,
    );
    sender.start();
    for (let i = 0; i < 9; i++) {
      exchange.takeMore();
      sender.resume();
    }
    expect(exchange.bytesSent).toBe(40_106);
    expect(ends).toEqual(['sent']);
  });

  test.each([
    { name: 'small, which are copied', size: 1000 },
    { name: 'large, which are lent', size: 20_000 },
  ])('gives every piece back: $name', ({ size }) => {
    const { sender, released } = scene([{ head: '', from: 0, to: undefined }], '', () => false, size);
    sender.start();
    expect(released()).toEqual({ handed: 60_000 / size, released: 60_000 / size });
  });

  test('says when what is stored ends too early, and sends nothing behind that', () => {
    const { exchange, sender, ends } = scene(
      [
        { head: '', from: 59_000, to: 70_000 },
        { head: '<b>', from: 0, to: 1 },
      ],
      '<end>',
    );
    sender.start();
    expect([exchange.bytesSent, ends]).toEqual([1000, ['cut short']]);
  });

  test('reads no more when nobody wants it', () => {
    const { exchange, sender, ends } = scene([{ head: '', from: 0, to: undefined }], '', () => true);
    sender.start();
    const { bytesSent } = exchange;
    sender.cancel();
    sender.resume();
    expect([exchange.bytesSent, ends]).toEqual([bytesSent, []]);
  });
});

/** The body comes in pieces of `size` as long as they are wanted. */
function scene(parts: readonly BodyPart[], tail: string, stalls = () => false, size = 20_000) {
  const exchange = new CollectedExchange({ method: 'GET', target: '/' }, 0, stalls);
  exchange.respond({ status: 200, fields: [] });
  const ends: string[] = [];
  const count = { handed: 0, released: 0 };
  const read = ({ from, to = BODY.length }: BodyPart, sink: BodySink): BodySource => {
    let at = from;
    let isOver = false;
    const pump = () => {
      while (!isOver && at < Math.min(to, BODY.length)) {
        const piece = BODY.subarray(at, Math.min(at + size, to));
        at += piece.length;
        count.handed += 1;
        const release = () => {
          count.released += 1;
        };
        if (!sink.piece(piece, release)) return;
      }
      if (isOver) return;
      isOver = true;
      if (at < to) sink.failed();
      else sink.end();
    };
    const cancel = () => {
      isOver = true;
    };
    return { start: pump, resume: pump, cancel };
  };
  const owner = { sent: () => void ends.push('sent'), cutShort: () => void ends.push('cut short') };
  const sender = new BodySender(exchange, read, { parts, tail }, owner);
  return { exchange, sender, ends, released: () => ({ ...count }) };
}
