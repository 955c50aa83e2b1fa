import { describe, expect, test } from 'vitest';
import { MemoryBody } from '../../src/cache/body.ts';
import { CollectingSink, complete, filling, threads } from './shared.ts';

describe('a body in memory', () => {
  test.each([
    { from: 0, to: undefined, expected: '0123456789' },
    { from: 3, to: undefined, expected: '3456789' },
    { from: 2, to: 5, expected: '234' },
    { from: 4, to: 4, expected: '' },
    { from: 10, to: undefined, expected: '' },
  ])('is read from $from to $to', ({ from, to, expected }) => {
    const { memory, watch, slot } = whole('0123456789');
    const sink = new CollectingSink();
    new MemoryBody(memory, watch, slot, from, to, sink).start();
    expect(sink).toMatchObject({ text: expected, outcome: 'ended' });
  });

  test('is kept in place until it is read and the last piece is released', () => {
    const { memory, watch, slot } = whole('0123456789');
    const sink = new CollectingSink();
    new MemoryBody(memory, watch, slot, 0, undefined, sink).start();
    expect(memory.pinned).toBe(1);
    sink.releaseAll();
    expect(memory.pinned).toBe(0);
  });

  test('is let go when nobody wants the rest, but not before what is on its way has arrived', () => {
    const { memory, watch, slot } = whole('0123456789');
    const sink = new CollectingSink(1);
    const body = new MemoryBody(memory, watch, slot, 0, undefined, sink);
    body.start();
    body.cancel();
    body.cancel();
    expect(memory.pinned).toBe(1);
    sink.releaseAll();
    expect(memory.pinned).toBe(0);
    expect(sink.outcome).toBe('open');
  });
});

describe('a body that is still coming', () => {
  test('is handed over as it comes, in the thread that stores it and in another one', () => {
    const [one, two] = threads() as [ReturnType<typeof threads>[0], ReturnType<typeof threads>[0]];
    const object = filling(one, 'k');
    one.memory.append(object.slot, Buffer.from('first '));
    const sinks = [one, two].map(({ memory, watch }) => {
      if (!memory.pin(object.slot, object.revision)) throw new Error('gone');
      const sink = new CollectingSink();
      new MemoryBody(memory, watch, object.slot, 0, undefined, sink).start();
      return sink;
    });
    expect(sinks.map(({ text }) => text)).toEqual(['first ', 'first ']);
    one.memory.append(object.slot, Buffer.from('second'));
    one.watch.changed(object.slot);
    two.watch.check();
    expect(sinks.map(({ text, outcome }) => [text, outcome])).toEqual([
      ['first second', 'open'],
      ['first second', 'open'],
    ]);
    one.memory.complete(object.slot);
    one.watch.changed(object.slot);
    two.watch.check();
    expect(sinks.map(({ outcome }) => outcome)).toEqual(['ended', 'ended']);
    one.memory.unpin(object.slot);
    for (const sink of sinks) sink.releaseAll();
    expect([one.memory.pinned, two.memory.pinned]).toEqual([0, 0]);
  });

  test('is said to have failed when its fetch breaks off, after all that there is', () => {
    const { memory, watch, slot } = coming('half');
    const sink = new CollectingSink();
    new MemoryBody(memory, watch, slot, 0, undefined, sink).start();
    memory.fail(slot);
    watch.changed(slot);
    expect(sink).toMatchObject({ text: 'half', outcome: 'failed' });
  });

  test('is not handed to who takes no more, until that one is ready again', () => {
    const { memory, watch, slot } = coming('first ');
    const sink = new CollectingSink(1);
    const body = new MemoryBody(memory, watch, slot, 0, undefined, sink);
    body.start();
    memory.append(slot, Buffer.from('second'));
    watch.changed(slot);
    expect(sink.text).toBe('first ');
    sink.takes = 9;
    body.resume();
    expect(sink.text).toBe('first second');
  });

  test('counts those who read it, also one that takes nothing for now', () => {
    const { memory, watch, slot } = coming('first');
    const body = new MemoryBody(memory, watch, slot, 0, undefined, new CollectingSink(1));
    body.start();
    expect(watch.countOf(slot)).toBe(1);
    body.cancel();
    expect(watch.countOf(slot)).toBe(0);
  });
});

function whole(text: string) {
  const [thread] = threads(1) as [ReturnType<typeof threads>[0]];
  return { ...thread, slot: complete(thread, 'k', Buffer.from(text)).slot };
}

/** With a pin of who fills it, and one for a reader. */
function coming(text: string) {
  const [thread] = threads(1) as [ReturnType<typeof threads>[0]];
  const { slot } = filling(thread, 'k');
  thread.memory.append(slot, Buffer.from(text));
  thread.memory.pinAgain(slot);
  return { ...thread, slot };
}
