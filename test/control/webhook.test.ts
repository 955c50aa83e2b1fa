import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { expect, test } from 'vitest';
import { Webhook } from '../../src/control/webhook.ts';
import { type EventRecord, eventLevels } from '../../src/observe/event-forward.ts';
import { Journal } from '../support/journal.ts';
import { atTeardown } from '../support/teardown.ts';

interface Came {
  readonly body: { readonly n: number };
  readonly type: string | undefined;
  readonly method: string | undefined;
}

/** A server that somebody has, and what is sent there. `answer`: `undefined`, with 204. */
async function scene({
  answer = (response: ServerResponse) => void response.writeHead(204).end(),
  timeout = 4000,
}: {
  readonly answer?: (response: ServerResponse, request: IncomingMessage) => void;
  readonly timeout?: number;
} = {}) {
  const came = new Journal<Came>('message');
  const logged = new Journal<EventRecord>('event');
  const server = createServer(async (request, response) => {
    const text = Buffer.concat(await request.toArray()).toString();
    came.add({ body: JSON.parse(text), type: request.headers['content-type'], method: request.method });
    answer(response, request);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const webhook = new Webhook({ log: eventLevels((record) => logged.add(record)), timeout });
  atTeardown(() => {
    server.closeAllConnections();
    server.close();
    return webhook.close(0);
  });
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/hook?token=s3cret`;
  return { came, logged, webhook, url, numbers: () => came.all.map(({ body }) => body.n) };
}

test('what happened is told by POST in JSON, one after the other, in order', async () => {
  let underWay = 0;
  let most = 0;
  const { webhook, url, numbers, came } = await scene({
    answer: (response) => {
      most = Math.max(most, ++underWay);
      setImmediate(() => {
        underWay -= 1;
        response.writeHead(200).end('thank you');
      });
    },
  });
  for (let n = 0; n < 10; n++) webhook.post(url, { n });
  await webhook.close(4000);
  expect(numbers()).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9]);
  expect(most).toBe(1);
  expect(came.all[0]).toMatchObject({ method: 'POST', type: 'application/json' });
  expect(webhook.failures).toBe(0);
});

test.each([{ status: 500 }, { status: 404 }, { status: 301 }])(
  'that it was answered by $status is told in the log, without what the address may keep secret',
  async ({ status }) => {
    const { webhook, url, logged, numbers } = await scene({
      answer: (response) => void response.writeHead(status, { location: '/other' }).end(),
    });
    webhook.post(url, { n: 1 });
    webhook.post(url, { n: 2 });
    await webhook.close(4000);
    expect(numbers()).toEqual([1, 2]);
    expect(webhook.failures).toBe(2);
    expect(logged.all[0]).toMatchObject({
      level: 'warn',
      event: 'a webhook was not taken',
      fields: { to: new URL(url).host, problem: `it answered ${status}` },
    });
    expect(JSON.stringify(logged.all)).not.toContain('s3cret');
  },
);

test('nobody waits longer than its time for who does not answer, and the next one is sent all the same', async () => {
  const silent: ServerResponse[] = [];
  const { webhook, url, logged, came } = await scene({ timeout: 50, answer: (response) => void silent.push(response) });
  webhook.post(url, { n: 1 });
  webhook.post(url, { n: 2 });
  await came.waitFor(({ body }) => body.n === 2);
  expect(logged.all[0]?.fields).toMatchObject({ problem: 'no answer within 0.05 s' });
});

test('who refuses connections is told in the log', async () => {
  const { webhook, logged } = await scene();
  webhook.post('http://127.0.0.1:9/', { n: 1 });
  await webhook.close(4000);
  expect(logged.all[0]?.fields).toMatchObject({ to: '127.0.0.1:9', problem: expect.stringContaining('ECONNREFUSED') });
});

test('no more than a hundred wait: the newest say how things are', async () => {
  const first = Promise.withResolvers<ServerResponse>();
  const { webhook, url, numbers, came } = await scene({
    answer: (response, { headers: _ }) => {
      first.resolve(response);
      if (came.all.length > 1) response.writeHead(204).end();
    },
  });
  webhook.post(url, { n: 0 });
  const held = await first.promise;
  for (let n = 1; n <= 150; n++) webhook.post(url, { n });
  expect(webhook.failures).toBe(50);
  held.writeHead(204).end();
  await webhook.close(4000);
  expect(numbers()).toEqual([0, ...Array.from({ length: 100 }, (_, index) => 51 + index)]);
});

test('a node that stops waits for it no longer than it is told, and sends nothing more', async () => {
  const { webhook, url, logged, came } = await scene({ answer: () => {} });
  webhook.post(url, { n: 1 });
  webhook.post(url, { n: 2 });
  await came.waitFor(({ body }) => body.n === 1);
  await webhook.close(20);
  expect(logged.all.map(({ fields }) => fields.problem)).toEqual(['the node stopped', 'the node stopped']);
  webhook.post(url, { n: 3 });
  expect(came.all).toHaveLength(1);
});
