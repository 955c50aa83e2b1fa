import { afterEach, describe, expect, test, vi } from 'vitest';
import { ProxyError } from '../../../src/proxy/error.ts';
import { Http1Body } from '../../../src/proxy/http1/body.ts';

afterEach(() => void vi.useRealTimers());

function bodyOf(length?: number) {
  const source = { wanted: vi.fn(), paced: vi.fn() };
  return { source, body: new Http1Body(source, length, 1_000) };
}

const done = { done: true, value: undefined };
const piece = (text: string) => Buffer.from(text);

describe('a request body', () => {
  test('gives what has come, then what comes, then its end', async () => {
    const { body } = bodyOf();
    body.push(piece('a'));
    const reader = body.read();
    expect(await reader.next()).toEqual({ done: false, value: piece('a') });
    const next = reader.next();
    body.push(piece('bc'));
    body.finish();
    expect(await next).toEqual({ done: false, value: piece('bc') });
    expect(await reader.next()).toEqual(done);
    expect(body).toMatchObject({ bytesReceived: 3, complete: true });
  });

  test('asks for itself when it is first read, not before', async () => {
    const { body, source } = bodyOf();
    const reader = body.read();
    expect(source.wanted).not.toHaveBeenCalled();
    body.push(piece('a'));
    body.finish();
    await reader.next();
    await reader.next();
    expect(source.wanted).toHaveBeenCalledOnce();
  });

  test('throws what broke it off, after what had come', async () => {
    const { body } = bodyOf(5);
    body.push(piece('hel'));
    body.fail(new ProxyError('client_disconnected'));
    expect(await body.next()).toEqual({ done: false, value: piece('hel') });
    await expect(body.next()).rejects.toMatchObject({ code: 'client_disconnected' });
    await expect(body.next()).rejects.toMatchObject({ code: 'client_disconnected' });
    const { body: waiting } = bodyOf(5);
    const next = waiting.next();
    waiting.fail(new ProxyError('bad_request'));
    await expect(next).rejects.toMatchObject({ code: 'bad_request' });
  });

  test('that is whole cannot be broken off any more', async () => {
    const { body } = bodyOf();
    body.finish();
    body.fail(new ProxyError('client_disconnected'));
    expect(await body.next()).toEqual(done);
  });

  test('throws when its client is too slow for one read, however long all of it takes', async () => {
    vi.useFakeTimers();
    const { body } = bodyOf();
    for (let i = 0; i < 3; i++) {
      const next = body.next();
      vi.advanceTimersByTime(900);
      body.push(piece('a'));
      await next;
    }
    vi.advanceTimersByTime(5_000);
    const next = body.next();
    vi.advanceTimersByTime(1_001);
    await expect(next).rejects.toMatchObject({ code: 'request_timeout' });
    expect(vi.getTimerCount()).toBe(0);
  });

  test('says when it has enough, and when it has room again', async () => {
    const { body, source } = bodyOf();
    body.push(Buffer.alloc(60_000));
    expect(body.full).toBe(false);
    body.push(Buffer.alloc(60_000));
    expect(body.full).toBe(true);
    expect(source.paced).toHaveBeenCalledTimes(1);
    await body.next();
    expect(body.full).toBe(false);
    expect(source.paced).toHaveBeenCalledTimes(2);
  });

  test('has enough of many small pieces, too', () => {
    const { body } = bodyOf();
    for (let i = 0; i < 256; i++) body.push(piece('a'));
    expect(body.full).toBe(true);
  });
});
