import { once } from 'node:events';
import { type IncomingMessage, type RequestOptions, request } from 'node:http';
import { createServer } from 'node:net';
import { text } from 'node:stream/consumers';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import WebSocket from 'ws';
import { type SampleOrigins, startSampleOrigins } from '../../src/quickstart/sample-origins.ts';

let origins: SampleOrigins;
beforeAll(async () => {
  origins = await startSampleOrigins({ ports: [0, 0], pace: 1 });
});
afterAll(() => origins.close());

describe('a sample origin', () => {
  test('says who answered, differently for each of the two', async () => {
    const pages = await Promise.all(origins.urls.map(async (url) => text(await get(url))));
    expect(pages[0]).toContain('answered by the origin "north"');
    expect(pages[1]).toContain('answered by the origin "south"');
  });

  test('shows the fields that arrived, those of a proxy first', async () => {
    const page = await text(await get(first(), { headers: ['Host', 'a', 'Accept', '*/*', 'Via', '1.1 us-1'] }));
    expect(page).toContain('  GET /\n  Via: 1.1 us-1\n  Host: a\n  Accept: */*\n');
  });

  test('shows them to a browser as text, whatever they hold', async () => {
    const headers = { accept: 'text/html', via: '1.1 <script>"&' };
    const response = await get(first(), { headers });
    expect(response.headers['content-type']).toBe('text/html; charset=utf-8');
    expect(await text(response)).toContain('<tr class="proxy"><th scope="row">via<td>1.1 &#60;script&#62;&#34;&#38;');
  });

  test('sends Early Hints for its style sheet before the page', async () => {
    const hints: unknown[] = [];
    const outgoing = request(`${first()}/hints`).end();
    outgoing.on('information', ({ statusCode, headers }) => hints.push([statusCode, headers.link]));
    const [response] = (await once(outgoing, 'response')) as [IncomingMessage];
    response.resume();
    expect(hints).toEqual([[103, '</sample.css>; rel=preload; as=style']]);
    expect(await text(await get(`${first()}/sample.css`))).toContain('--origin');
  });

  test('streams lines and counts them in a trailer', async () => {
    const response = await get(`${first()}/stream`);
    expect((await text(response)).split('\n')).toHaveLength(9);
    expect(response.trailers).toEqual({ 'x-lines': '8' });
  });

  test('resets the connection at /crash', async () => {
    await expect(get(`${first()}/crash`)).rejects.toMatchObject({ code: 'ECONNRESET' });
  });

  test('takes a request with a body', async () => {
    const outgoing = request(first(), { method: 'POST' }).end(Buffer.alloc(1_000_000));
    const [response] = (await once(outgoing, 'response')) as [IncomingMessage];
    expect(await text(response)).toContain('POST /');
  });

  test('has nothing elsewhere', async () => {
    expect((await get(`${first()}/nowhere`)).statusCode).toBe(404);
  });
});

describe('the WebSocket of a sample origin', () => {
  test.each([
    { name: 'a short text', message: 'hello', binary: false },
    { name: 'no bytes', message: '', binary: false },
    { name: 'a text of 60,000 characters', message: 'x'.repeat(60_000), binary: false },
    { name: 'bytes', message: Buffer.from([0, 255, 128]), binary: true },
  ])('sends back $name', async ({ message, binary }) => {
    const socket = await connect();
    socket.send(message);
    const [data, isBinary] = await once(socket, 'message');
    expect(data).toEqual(Buffer.from(message));
    expect(isBinary).toBe(binary);
    expect(await closed(socket, 1000)).toBe(1000);
  });

  test('sends back a message in several frames', async () => {
    const socket = await connect();
    socket.send('one ', { fin: false });
    socket.send('two', { fin: true });
    const [data] = await once(socket, 'message');
    expect(String(data)).toBe('one two');
    expect(await closed(socket, 1000)).toBe(1000);
  });

  test('answers a ping', async () => {
    const socket = await connect();
    socket.ping('are you there');
    const [payload] = await once(socket, 'pong');
    expect(String(payload)).toBe('are you there');
    expect(await closed(socket, 1000)).toBe(1000);
  });

  test('closes with 1009 when a frame is too big', async () => {
    const socket = await connect();
    socket.send('x'.repeat(70_000));
    expect(await closed(socket)).toBe(1009);
  });

  test('is at /ws only', async () => {
    const socket = new WebSocket(`${first()}/elsewhere`.replace('http:', 'ws:'));
    await expect(once(socket, 'open')).rejects.toThrow('404');
  });
});

describe('the two origins', () => {
  test('close although an answer is still owed and a WebSocket open', async () => {
    const own = await startSampleOrigins({ ports: [0, 0] });
    const [url] = own.urls as [string];
    const slow = get(`${url}/slow`);
    const socket = new WebSocket(`${url}/ws`.replace('http:', 'ws:'));
    await once(socket, 'open');
    const gone = once(socket, 'close');
    await own.close();
    await expect(slow).rejects.toMatchObject({ code: 'ECONNRESET' });
    await gone;
  });

  test('tell in one line that a port is taken, and leave the other one free', async () => {
    const taken = createServer().listen(0, '127.0.0.1');
    const free = createServer().listen(0, '127.0.0.1');
    await Promise.all([once(taken, 'listening'), once(free, 'listening')]);
    const [freePort, takenPort] = [portOf(free), portOf(taken)];
    free.close();
    await once(free, 'close');

    await expect(startSampleOrigins({ ports: [freePort, takenPort] })).rejects.toThrow(
      `the sample origin "south" cannot listen on 127.0.0.1:${takenPort}: another program has this port`,
    );
    await expect(get(`http://127.0.0.1:${freePort}`)).rejects.toMatchObject({ code: 'ECONNREFUSED' });
    taken.close();
  });
});

function first(): string {
  return origins.urls[0] as string;
}

async function get(url: string, options: RequestOptions = {}): Promise<IncomingMessage> {
  const [response] = (await once(request(url, options).end(), 'response')) as [IncomingMessage];
  return response;
}

async function connect(): Promise<WebSocket> {
  const socket = new WebSocket(`${first()}/ws`.replace('http:', 'ws:'));
  await once(socket, 'open');
  return socket;
}

/** The status that the WebSocket ends with. */
async function closed(socket: WebSocket, status?: number): Promise<number> {
  const end = once(socket, 'close') as Promise<[number]>;
  if (status !== undefined) socket.close(status);
  return (await end)[0];
}

function portOf(server: ReturnType<typeof createServer>): number {
  return (server.address() as { port: number }).port;
}
