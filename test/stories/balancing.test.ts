import { expect, test } from 'vitest';
import { curl } from '../support/curl.ts';
import { refusingOrigin } from '../support/dead-ends.ts';
import { startNginx } from '../support/nginx.ts';
import { describeWithPeers } from '../support/peers.ts';
import { type Portico, startPortico } from '../support/portico.ts';
import { fetchRaw, fieldOf, type RawResponse } from '../support/raw-client.ts';
import { frontDoor } from './front-door.ts';

/** Which origin gets a request: in turn, by weight, over all workers together. */

describeWithPeers(['nginx', 'curl'], 'over real origins, by two workers', () => {
  test('requests go in turn, one here and one there', async () => {
    const [one, two] = [await startNginx({ name: 'one' }), await startNginx({ name: 'two' })];
    const portico = await startPortico(frontDoor({ origins: [one.url, two.url] }));
    const answers = await inSequence(portico, 60);
    expect(answers.map(originOf)).toEqual(Array.from({ length: 30 }, () => ['one', 'two']).flat());
    expect(new Set(answers.map(workerOf)).size, 'workers that answered').toBe(2);
  });

  test('the split is exact also for requests at the same time', async () => {
    const [one, two] = [await startNginx({ name: 'one' }), await startNginx({ name: 'two' })];
    const portico = await startPortico(frontDoor({ origins: [one.url, two.url] }));
    const answers = await atOnce(portico, 200);
    expect(tally(answers.map(originOf))).toEqual({ one: 100, two: 100 });
    expect(new Set(answers.map(workerOf)).size, 'workers that answered').toBe(2);
  });

  test('weights are kept to, and spread smoothly', async () => {
    const [one, two] = [await startNginx({ name: 'one' }), await startNginx({ name: 'two' })];
    const portico = await startPortico(frontDoor({ origins: [{ url: one.url, weight: 2 }, two.url] }));
    const answers = await inSequence(portico, 30);
    expect(answers.map(originOf)).toEqual(Array.from({ length: 10 }, () => ['one', 'two', 'one']).flat());
    expect(tally((await atOnce(portico, 150)).map(originOf))).toEqual({ one: 100, two: 50 });
  });

  test('an origin that refuses connections is passed over, and no request fails', async () => {
    const [one, two] = [await startNginx({ name: 'one' }), await startNginx({ name: 'two' })];
    // Were it ejected in the middle, the turns would be dealt anew.
    const origins = [one.url, await refusingOrigin(), two.url];
    const portico = await startPortico(frontDoor({ origins, pool: { outlier: 'off' } }));
    expect(tally((await inSequence(portico, 60)).map(originOf))).toEqual({ one: 30, two: 30 });
    expect(tally((await atOnce(portico, 100)).map(statusOf))).toEqual({ 200: 100 });
  });

  test('it is passed over by a POST too: nobody has seen the request yet', async () => {
    const one = await startNginx({ name: 'one' });
    const portico = await startPortico(frontDoor({ origins: [await refusingOrigin(), one.url] }));
    const answers = await inSequence(portico, 40, { method: 'POST', body: 'a=b' });
    expect(tally(answers.map(statusOf))).toEqual({ 200: 40 });
    expect(tally(answers.map(originOf))).toEqual({ one: 40 });
  });

  test('one living origin of three serves everyone, however long the others are dead', async () => {
    const one = await startNginx({ name: 'one' });
    const dead = [await refusingOrigin(), await refusingOrigin()];
    const portico = await startPortico(frontDoor({ origins: [...dead, one.url] }));
    expect(tally((await atOnce(portico, 300)).map(statusOf))).toEqual({ 200: 300 });
    expect(portico.accessLog.all.every(({ attempts }) => attempts === 1)).toBe(true);
  });

  test('an origin that is stopped and started again loses no request and gets its share back', async () => {
    const [one, two] = [await startNginx({ name: 'one' }), await startNginx({ name: 'two' })];
    // Where failed requests take it out, it is back when that time is over.
    const portico = await startPortico(frontDoor({ origins: [one.url, two.url], pool: { outlier: 'off' } }));
    expect(tally((await inSequence(portico, 10)).map(originOf))).toEqual({ one: 5, two: 5 });
    await two.stop();
    expect(tally((await inSequence(portico, 10)).map(originOf))).toEqual({ one: 10 });
    await startNginx({ name: 'two again', port: two.port });
    expect(tally((await inSequence(portico, 10)).map(originOf))).toEqual({ one: 5, 'two again': 5 });
  });

  test('the log names the origin of every request', async () => {
    const [one, two] = [await startNginx(), await startNginx()];
    const origins = [{ url: one.url, name: 'left' }, two.url];
    const portico = await startPortico(frontDoor({ origins }));
    await curl(`${portico.url()}/first`);
    await curl(`${portico.url()}/second`);
    expect(await portico.accessLog.lineFor('/first')).toMatchObject({ pool: 'app', origin: 'left', attempts: 1 });
    expect(await portico.accessLog.lineFor('/second')).toMatchObject({ origin: `127.0.0.1:${two.port}` });
  });
});

type Request = NonNullable<Parameters<typeof fetchRaw>[2]>;

async function inSequence(portico: Portico, count: number, request: Request = {}): Promise<RawResponse[]> {
  const answers: RawResponse[] = [];
  for (let i = 0; i < count; i++) answers.push(await fetchRaw(portico.port(), '/', request));
  return answers;
}

function atOnce(portico: Portico, count: number): Promise<RawResponse[]> {
  return Promise.all(Array.from({ length: count }, () => fetchRaw(portico.port(), '/')));
}

function originOf({ body }: RawResponse): string {
  return /^origin=(.*)$/m.exec(body)?.[1] ?? body;
}

function statusOf({ status }: RawResponse): string {
  return String(status);
}

/** Each worker has a prefix of its own for the ids of requests. */
function workerOf(answer: RawResponse): string | undefined {
  return fieldOf(answer, 'x-request-id')?.split('-')[0];
}

function tally(values: readonly string[]): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const value of values) counts[value] = (counts[value] ?? 0) + 1;
  return counts;
}
