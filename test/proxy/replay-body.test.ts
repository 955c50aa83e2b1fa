import { describe, expect, test } from 'vitest';
import { ProxyError } from '../../src/proxy/error.ts';
import type { RequestBody } from '../../src/proxy/exchange.ts';
import { ReplayBody } from '../../src/proxy/replay-body.ts';
import { turn } from '../support/wait.ts';

const KIB = 1024;

/** A client whose body comes when the test says so, and that counts how often it was read. */
class ScriptedBody implements RequestBody {
  readonly length = undefined;
  bytesReceived = 0;
  reads = 0;
  readonly #chunks: ReadableStream<Uint8Array>;
  #controller!: ReadableStreamDefaultController<Uint8Array>;

  constructor(...chunks: string[]) {
    this.#chunks = new ReadableStream({
      start: (controller) => {
        this.#controller = controller;
      },
    });
    for (const chunk of chunks) this.sends(chunk);
  }

  sends(chunk: string): void {
    this.#controller.enqueue(Buffer.from(chunk));
  }

  ends(): this {
    this.#controller.close();
    return this;
  }

  breaks(error: Error): void {
    this.#controller.error(error);
  }

  async *read(): AsyncGenerator<Uint8Array> {
    const reader = this.#chunks.getReader();
    while (true) {
      this.reads += 1;
      const { done, value } = await reader.read();
      if (done) return;
      yield value;
    }
  }
}

function replay(body: RequestBody, limit?: number): ReplayBody {
  return new ReplayBody(body, limit, () => {});
}

/** An attempt that takes all it is given, and says what that was. */
async function sent(reader: AsyncIterable<Uint8Array>): Promise<string> {
  let text = '';
  for await (const chunk of reader) text += Buffer.from(chunk).toString();
  return text;
}

describe('a request body for one attempt', () => {
  test('is what the client sends, to its end', async () => {
    const body = replay(new ScriptedBody('a', 'b', 'c').ends());
    expect(await sent(body.read())).toBe('abc');
    expect(body.replayable).toBe(true);
  });

  test('may be empty', async () => {
    expect(await sent(replay(new ScriptedBody().ends()).read())).toBe('');
  });

  test('is read from the client no faster than the attempt takes it', async () => {
    const client = new ScriptedBody('a', 'b', 'c').ends();
    const reader = replay(client).read();
    await turn();
    expect(client.reads).toBe(0);
    await reader.next();
    await turn();
    expect(client.reads).toBe(1);
  });

  test('is kept only while it is small: one of any size passes through', async () => {
    const client = new ScriptedBody();
    const body = replay(client);
    const chunk = 'x'.repeat(16 * KIB);
    const reader = body.read();
    for (let i = 0; i < 4; i++) {
      client.sends(chunk);
      expect((await reader.next()).value).toHaveLength(16 * KIB);
      expect(body.replayable, `after ${i + 1} × 16 KiB`).toBe(true);
    }
    client.sends('y');
    expect(Buffer.from((await reader.next()).value).toString()).toBe('y');
    expect(body.replayable).toBe(false);
    client.sends('z');
    client.ends();
    expect(await sent(reader)).toBe('z');
  });

  test('says when it is the client that is waited for', async () => {
    const client = new ScriptedBody();
    const waits: boolean[] = [];
    const reader = new ReplayBody(client, undefined, (waiting) => waits.push(waiting)).read();
    const first = reader.next();
    expect(waits).toEqual([true]);
    client.sends('a');
    await first;
    expect(waits).toEqual([true, false]);
    client.ends();
    await reader.next();
    expect(waits).toEqual([true, false, true, false]);
  });
});

describe('a request body for another attempt', () => {
  test('begins at the start again, and goes on where the client is', async () => {
    const client = new ScriptedBody('a', 'b');
    const body = replay(client);
    const first = body.read();
    await first.next();
    await first.next();
    client.sends('c');
    client.ends();
    expect(await sent(body.read())).toBe('abc');
    expect(client.reads).toBe(4);
  });

  test('is whole when all of it was sent before', async () => {
    const body = replay(new ScriptedBody('a', 'b').ends());
    await sent(body.read());
    expect([await sent(body.read()), await sent(body.read())]).toEqual(['ab', 'ab']);
  });

  test('takes over what the one before was still waiting for', async () => {
    const client = new ScriptedBody('a');
    const body = replay(client);
    const first = body.read();
    await first.next();
    const waiting = first.next();
    const second = sent(body.read());
    client.sends('b');
    client.ends();
    await expect(waiting).rejects.toThrow(ProxyError);
    expect(await second).toBe('ab');
  });

  test('ends the one before with an error: its message must not look whole', async () => {
    const body = replay(new ScriptedBody('a', 'b').ends());
    const first = body.read();
    await first.next();
    body.read();
    await expect(first.next()).rejects.toMatchObject({ code: 'proxy_internal_error' });
  });

  test('loses nothing to the one before, which asks once more when its connection breaks', async () => {
    const client = new ScriptedBody('a'.repeat(40 * KIB));
    const body = replay(client);
    const first = body.read();
    await first.next();
    const second = body.read();
    client.sends('b'.repeat(40 * KIB));
    await expect(first.next()).rejects.toThrow();
    client.ends();
    expect(await sent(second)).toBe('a'.repeat(40 * KIB) + 'b'.repeat(40 * KIB));
  });

  test('has the start even if the client sends too much to keep before it connects', async () => {
    const client = new ScriptedBody('a'.repeat(40 * KIB));
    const body = replay(client);
    const first = body.read();
    await first.next();
    const waiting = first.next();
    const second = body.read();
    client.sends('b'.repeat(40 * KIB));
    await expect(waiting).rejects.toThrow();
    expect(body.replayable).toBe(false);
    client.sends('c');
    client.ends();
    expect(await sent(second)).toBe(`${'a'.repeat(40 * KIB)}${'b'.repeat(40 * KIB)}c`);
  });
});

describe('a request body that breaks', () => {
  const broken = new ProxyError('request_timeout');

  test('breaks for the attempt that reads it', async () => {
    const client = new ScriptedBody('a');
    const reader = replay(client).read();
    await reader.next();
    client.breaks(broken);
    await expect(reader.next()).rejects.toBe(broken);
  });

  test('never ends cleanly for a later one', async () => {
    const client = new ScriptedBody('a');
    const body = replay(client);
    const first = body.read();
    await first.next();
    const waiting = first.next();
    const second = body.read();
    client.breaks(broken);
    await expect(waiting).rejects.toThrow();
    expect((await second.next()).value).toEqual(Buffer.from('a'));
    await expect(second.next()).rejects.toBe(broken);
    await expect(sent(body.read())).rejects.toBe(broken);
  });
});

describe('the limit of a request body', () => {
  test.each([
    { name: 'all of it', chunks: ['abc', 'de'], fits: true },
    { name: 'one byte more', chunks: ['abc', 'def'], fits: false },
    { name: 'more in one piece', chunks: ['abcdef'], fits: false },
  ])('of 5 bytes: $name, fits $fits', async ({ chunks, fits }) => {
    const all = sent(replay(new ScriptedBody(...chunks).ends(), 5).read());
    if (fits) expect(await all).toBe('abcde');
    else await expect(all).rejects.toMatchObject({ code: 'body_too_large', status: 413 });
  });

  test('of nothing lets an empty one through', async () => {
    expect(await sent(replay(new ScriptedBody().ends(), 0).read())).toBe('');
    await expect(sent(replay(new ScriptedBody('a').ends(), 0).read())).rejects.toThrow(ProxyError);
  });
});
