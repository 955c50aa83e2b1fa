import { expect, test } from 'vitest';
import { decode, encodeQuery } from '../../src/sibling/icp/message.ts';
import { UdpClient } from '../sibling/udp-client.ts';
import { answer, type OriginRequest } from '../support/origin.ts';
import { type Member, startSiblings, toldBy } from './sibling-scene.ts';

/** A sibling that is about to go, that dies, and that comes back. */

const script = ({ target }: OriginRequest) => answer(`of ${target}`, { fields: ['Cache-Control: max-age=3600'] });

let count = 0;

function newTarget(): string {
  count += 1;
  return `/${count}`;
}

async function expectRight(member: Member, target: string): Promise<string> {
  const reply = await member.ask(target);
  expect([reply.status, reply.body]).toEqual([200, `of ${target}`]);
  return toldBy(reply);
}

test('a node that drains says what it has, and that nobody should count on it for the rest', async () => {
  const { members } = await startSiblings({ script, isDirect: true });
  const [a, b] = members as [Member, Member];
  const udp = await UdpClient.open(a.icp, '127.0.2.99');
  const ask = async (target: string) => {
    const answered = decode(await udp.ask(encodeQuery(7, `http://www.example.com${target}`) as Buffer));
    return typeof answered === 'object' && answered.opcode;
  };
  const target = newTarget();
  await a.ask(target);
  expect([await ask(target), await ask('/nowhere')]).toEqual(['HIT', 'MISS']);

  expect(await a.node.command('node', 'drain')).toMatchObject({ status: 0 });
  expect([await ask(target), await ask('/nowhere')]).toEqual(['HIT', 'MISS_NOFETCH']);
  expect(await expectRight(b, target)).toContain('sibling-hit');
  await expectRight(b, newTarget());

  expect(await a.node.command('node', 'resume')).toMatchObject({ status: 0 });
  expect([await ask(target), await ask('/nowhere')]).toEqual(['HIT', 'MISS']);
});

test('a node that is killed and comes back fails nobody, and delivers again', async () => {
  const { members } = await startSiblings({ script, isDirect: true, workers: 2, siblings: { timeout: '100ms' } });
  const [a, b] = members as [Member, Member];
  let isOver = false;
  const requests = Promise.all(
    Array.from({ length: 4 }, async () => {
      let asked = 0;
      for (; !isOver; asked++) await expectRight(b, newTarget());
      return asked;
    }),
  );
  requests.catch(() => {});

  for (let i = 0; i < 20; i++) await a.ask(newTarget());
  await a.kill();
  await b.lost('a');
  await b.portico.events.waitFor('sibling does not answer, it is only probed');
  const dead = await b.account('a');
  expect(dead).toMatchObject({ health: 'dead', portico: false });
  for (let i = 0; i < 50; i++) await expectRight(b, newTarget());
  expect((await b.account('a')).timeouts).toBe(dead.timeouts);

  const from = b.told;
  await a.start();
  await b.linked('a', from);
  await b.portico.events.waitFor('sibling answers again', { from, limit: 12_000 });
  isOver = true;
  expect(Math.min(...(await requests))).toBeGreaterThan(10);
  await expect
    .poll(async () => {
      const target = newTarget();
      await a.ask(target);
      return expectRight(b, target);
    })
    .toContain('sibling-hit');
});
