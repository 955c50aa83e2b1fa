import { expect, test } from 'vitest';
import { type ReplyBuffer, ReplyBuffers } from '../../../src/geodns/server/reply-buffers.ts';

test('a buffer is not handed out again before what is in it has been sent, or has failed', () => {
  const failures: Error[] = [];
  const buffers = new ReplyBuffers((error) => failures.push(error));
  const taken: ReplyBuffer[] = [];
  for (let buffer = buffers.take(); buffer !== undefined; buffer = buffers.take()) taken.push(buffer);
  expect(new Set(taken.map(({ bytes }) => bytes.buffer)).size).toBe(256);

  const [first, second] = taken as [ReplyBuffer, ReplyBuffer];
  second.sent(null);
  expect(buffers.take()).toBe(second);
  first.sent(new Error('ENOBUFS'));
  expect(failures).toHaveLength(1);
  expect(buffers.take()).toBe(first);
  expect(buffers.take()).toBeUndefined();
});
