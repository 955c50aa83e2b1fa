import { createHash, randomBytes } from 'node:crypto';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { beforeAll, expect, test } from 'vitest';
import { curl } from '../support/curl.ts';
import { h2load } from '../support/h2load.ts';
import { type NginxOrigin, startNginx } from '../support/nginx.ts';
import { answer, startOrigin } from '../support/origin.ts';
import { describeWithPeers } from '../support/peers.ts';
import { type Portico, startPortico } from '../support/portico.ts';
import { tempDir } from '../support/temp.ts';
import { frontDoor } from './front-door.ts';

/** HTTP/2 in front, as real clients speak it. */

describeWithPeers(['nginx', 'curl', 'h2load'], 'HTTP/2', () => {
  let nginx: NginxOrigin;
  let portico: Portico;
  beforeAll(async () => {
    nginx = await startNginx();
    portico = await startPortico(frontDoor({ origins: [nginx.url] }));
  });

  test('is what curl gets by ALPN, and HTTP/1.1 where it asks for that', async () => {
    const url = `${portico.url(1)}/who`;
    expect(await curl(url)).toMatchObject({ exit: 0, status: 200, version: '2' });
    expect(await curl(url, '--http1.1')).toMatchObject({ exit: 0, status: 200, version: '1.1' });
    expect(await curl(url, '--no-alpn')).toMatchObject({ exit: 0, status: 200, version: '1.1' });
  });

  test('becomes HTTP/1.1 on its way to the origin, and Host is what :authority said', async () => {
    const { text } = await curl(`${portico.url(1)}/path?query`, '-H', 'Host: www.example.com');
    expect(text).toMatch(/^host=www\.example\.com$/m);
    expect(text).toMatch(/^uri=\/path\?query$/m);
    expect(text).toMatch(/^x-forwarded-proto=https$/m);
    expect(text).toMatch(/^via=2\.0 edge-1$/m);
    expect(await portico.accessLog.lineFor('/path?query')).toMatchObject({ protocol: 'HTTP/2.0', scheme: 'https' });
  });

  test('stands 2000 requests on 10 connections, 10 streams at a time on each', async () => {
    const result = await h2load(`${portico.url(1)}/files/1k`, '-n', '2000', '-c', '10', '-m', '10');
    expect(result, result.said).toMatchObject({ succeeded: 2000, failed: 0, errored: 0, status2xx: 2000 });
  });

  test('stands large answers on many streams', async () => {
    const result = await h2load(`${portico.url(1)}/files/1m`, '-n', '100', '-c', '5', '-m', '10');
    expect(result, result.said).toMatchObject({ succeeded: 100, failed: 0, errored: 0, status2xx: 100 });
  });

  test('stands POSTs with a body', async () => {
    const file = join(await tempDir(), 'body');
    await writeFile(file, 'x'.repeat(10_000));
    const result = await h2load(`${portico.url(1)}/form`, '-n', '500', '-c', '5', '-m', '10', '-d', file);
    expect(result, result.said).toMatchObject({ succeeded: 500, failed: 0, errored: 0, status2xx: 500 });
  });

  test('HTTP/1.1 stands the same', async () => {
    const result = await h2load(`${portico.url()}/files/1k`, '--h1', '-n', '2000', '-c', '10');
    expect(result, result.said).toMatchObject({ succeeded: 2000, failed: 0, errored: 0, status2xx: 2000 });
  });

  test('brings a large file whole', async () => {
    const file = randomBytes(20_000_000);
    await writeFile(join(nginx.root, 'large'), file);
    for (const url of [portico.url(1), portico.url(0)]) {
      const { exit, status, body } = await curl(`${url}/files/large`);
      expect({ exit, status, hash: sha256(body) }).toEqual({ exit: 0, status: 200, hash: sha256(file) });
    }
  });

  test('takes a large upload whole', async () => {
    const origin = await startOrigin(async function* (request) {
      await request.arrived;
      yield answer(sha256(Buffer.from(request.body, 'latin1')));
    });
    const upload = await startPortico(frontDoor({ origins: [origin.url] }));
    const content = randomBytes(20_000_000);
    const file = join(await tempDir(), 'upload');
    await writeFile(file, content);
    for (const url of [upload.url(1), upload.url(0)]) {
      const reply = await curl(`${url}/upload`, '--upload-file', file);
      expect(reply).toMatchObject({ exit: 0, status: 200, text: sha256(content) });
    }
    expect(origin.faults).toEqual([]);
  });
});

function sha256(bytes: Buffer): string {
  return createHash('sha256').update(bytes).digest('hex');
}
