import { describe, expect, test } from 'vitest';
import { MemoryBody } from '../../src/cache/body.ts';
import { ObjectWriter } from '../../src/cache/object-writer.ts';
import { CollectingSink, filling, type Thread, threads } from './shared.ts';

const LIMIT = 10;

describe('a writer', () => {
  test('stores a body, and says when all is there', () => {
    const { writer, written, text } = scene({ length: 6 });
    expect([writer.append(Buffer.from('abc')), writer.remaining, writer.append(Buffer.from('def'))]).toEqual([
      true,
      3,
      true,
    ]);
    writer.complete();
    writer.complete();
    expect([written, text()]).toEqual([['kept'], 'abcdef']);
  });

  test.each([
    { name: 'to its limit', pieces: ['12345', '67890'], took: [true, true] },
    { name: 'not beyond it', pieces: ['12345', '678901'], took: [true, false] },
    { name: 'nothing that has no bytes', pieces: ['1234567890', ''], took: [true, true] },
  ])('takes a body of unknown length: $name', ({ pieces, took }) => {
    const { writer } = scene({});
    expect(pieces.map((piece) => writer.append(Buffer.from(piece)))).toEqual(took);
    if (took.includes(false)) expect(writer.refusal).toBe('too-large');
    writer.fail();
  });

  test('goes beyond its limit for those who read it, and what comes of it is not kept', () => {
    const { writer, thread, written } = scene({});
    const sink = readerOf(thread, writer);
    expect(writer.append(Buffer.from('12345678901'), 1)).toBe(false);
    expect(writer.append(Buffer.from('12345678901'))).toBe(true);
    expect([sink.text, writer.isTooLong]).toEqual(['12345678901', true]);
    writer.complete();
    expect([sink.outcome, written]).toEqual(['ended', ['not kept']]);
    sink.releaseAll();
    expect(thread.memory.stats().entries).toBe(0);
  });

  test.each<[string, (writer: ObjectWriter) => void]>([
    ['breaks off', (writer) => writer.fail()],
    ['is cut off', (writer) => writer.cutOff()],
    ['is shorter than was said', (writer) => writer.complete()],
  ])('leaves nothing behind of a body that %s, and its readers hear of it', (_, end) => {
    const { writer, thread, written } = scene({ length: 9 });
    const sink = readerOf(thread, writer);
    writer.append(Buffer.from('abc'));
    end(writer);
    writer.fail();
    expect(sink).toMatchObject({ text: 'abc', outcome: 'failed' });
    sink.releaseAll();
    expect([thread.memory.pinned, thread.memory.stats().entries, written]).toEqual([0, 0, []]);
    thread.memory.check();
  });

  test('lets its own client read on when it is withdrawn, but nobody find it', () => {
    const { writer, thread, written } = scene({ length: 3 });
    const sink = new CollectingSink();
    const body = writer.open();
    body.read(0, undefined, sink).start();
    writer.withdraw();
    expect(thread.memory.find(thread.memory.hashOf('k'), () => undefined)).toBeUndefined();
    writer.append(Buffer.from('abc'));
    writer.complete();
    body.close();
    expect([sink.text, sink.outcome, written]).toEqual(['abc', 'ended', ['not kept']]);
    sink.releaseAll();
    expect(thread.memory.pinned).toBe(0);
  });

  test('counts who reads along, of another thread all together', () => {
    const [one, two] = threads() as [Thread, Thread];
    const object = filling(one, 'k');
    const writer = new ObjectWriter(object, one.memory, one.watch, LIMIT, { written: () => {} });
    const sinks = [one, two, two].map((thread) => readerOf(thread, writer));
    expect(writer.others).toBe(2);
    writer.fail();
    for (const sink of sinks) sink.releaseAll();
  });
});

function scene({ length }: { readonly length?: number }) {
  const [thread] = threads(1) as [Thread];
  const object = filling(thread, 'k', length);
  const written: string[] = [];
  const owner = {
    written: (_: unknown, kept: boolean) => {
      written.push(kept ? 'kept' : 'not kept');
      thread.memory.unpin(object.slot);
    },
  };
  const writer = new ObjectWriter(object, thread.memory, thread.watch, LIMIT, owner);
  const text = () => Buffer.concat(thread.memory.body(object.slot, 0, length ?? 0)).toString();
  return { writer, thread, written, text };
}

function readerOf({ memory, watch }: Thread, { object }: ObjectWriter): CollectingSink {
  if (!memory.pin(object.slot, object.revision)) throw new Error('gone');
  const sink = new CollectingSink();
  new MemoryBody(memory, watch, object.slot, 0, undefined, sink).start();
  return sink;
}
