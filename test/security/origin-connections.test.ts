import { describe, expect, test } from 'vitest';
import { fetchRaw } from '../support/raw-client.ts';
import { within } from '../support/wait.ts';
import { useScene } from './scene.ts';

/** A connection that is kept: what an origin sends between two requests is nobody's answer. */

const scene = useScene();

describe('a response on a connection where nothing was asked', () => {
  const unasked = {
    'a 408 and a close, as Apache does':
      'HTTP/1.1 408 Request Timeout\r\nContent-Length: 0\r\nConnection: close\r\n\r\n',
    'a 408 with a body': 'HTTP/1.1 408 Request Timeout\r\nContent-Length: 4\r\nConnection: close\r\n\r\nevil',
    'a whole 200': 'HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nevil',
    'the head of a 200 whose body would be the next answer': 'HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n',
    'an interim response': 'HTTP/1.1 103 Early Hints\r\n\r\n',
    'half a status line': 'HTTP/1.1 20',
    garbage: '\0\xff garbage',
  };
  for (const [name, sent] of Object.entries(unasked)) {
    test(`is not the answer to the next request: ${name} (RFC 9112 §9.2)`, async () => {
      const { connection } = await scene.innocent();
      await connection.send(sent);
      if (name.includes('408')) connection.end();
      await within(connection.closed, 'the connection to be given up');
      expect((await scene.innocent()).connection.id).not.toBe(connection.id);
      scene.expectUnharmed();
    });
  }

  test('is not its beginning either: a line end (RFC 9112 §2.2)', async () => {
    const { connection } = await scene.innocent();
    await connection.send('\r\n');
    await scene.innocent();
    scene.expectUnharmed();
  });

  test('nor is a close a failure of the next request (RFC 9112 §9.3.1)', async () => {
    const { connection } = await scene.innocent();
    connection.end();
    await within(connection.closed, 'the connection to be given up');
    await scene.innocent();
    scene.expectUnharmed();
  });
});

describe('a good response', () => {
  test('may come in two packets, split at any byte (RFC 9112 §3)', async () => {
    const text =
      'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nX-A: b\r\n\r\n3\r\nhel\r\n2\r\nlo\r\n0\r\nX-Sum: 1\r\n\r\n';
    for (let at = 1; at < text.length; at++) {
      scene.origin.script = async function* () {
        yield text.slice(0, at);
        yield text.slice(at);
      };
      const response = await fetchRaw(scene.http, `/split/${at}`);
      expect(response, `split at ${at}`).toMatchObject({ status: 200, body: 'hello', end: 'clean' });
    }
    await scene.innocent();
    scene.expectUnharmed();
  });

  test('may come byte by byte, with interim ones before it', async () => {
    const text = 'HTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello';
    scene.origin.script = async function* () {
      yield* text;
    };
    const response = await fetchRaw(scene.http, '/bytes');
    expect(response).toMatchObject({ status: 200, body: 'hello', end: 'clean' });
    expect(response.interim.map(({ status }) => status)).toEqual([103]);
    await scene.innocent();
    scene.expectUnharmed();
  });
});
