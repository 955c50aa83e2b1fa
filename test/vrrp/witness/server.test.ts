import { describe, expect, test } from 'vitest';
import { encode } from '../../../src/vrrp/witness/message.ts';
import { KEY, REPLY, REQUEST } from './messages.ts';
import { Sender, startWitness } from './sockets.ts';

describe('a witness', () => {
  test('challenges who is new, and then lends its vote to one', async () => {
    const { server, told } = await startWitness();
    const [a, b] = [await Sender.open(server.address), await Sender.open(server.address)];
    const { kind, challenge } = await a.ask(REQUEST);
    expect(kind).toBe('challenge');
    expect(await a.ask({ ...REQUEST, number: 2n, challenge })).toMatchObject({
      ...{ kind: 'granted', span: 3000, name: 'w', number: 2n, standing: undefined },
      holder: { name: 'us-1', isWhoAsks: true },
    });
    const other = { ...REQUEST, run: 9n, name: 'us-2' };
    const theirs = (await b.ask({ ...other, kind: 'hello' })).challenge;
    const denial = await b.ask({ ...other, number: 2n, challenge: theirs });
    expect(denial).toMatchObject({ kind: 'denied', holder: { name: 'us-1', isWhoAsks: false } });
    expect(denial.span).toBeGreaterThan(2000);
    expect((await a.ask({ ...REQUEST, kind: 'release', number: 3n, challenge })).kind).toBe('released');
    expect((await b.ask({ ...other, number: 3n, challenge: theirs })).kind).toBe('granted');
    expect(told.map(({ event, fields }) => [event, fields.node])).toEqual([
      ['vote lent', 'us-1'],
      ['vote given back', 'us-1'],
      ['vote lent', 'us-2'],
    ]);
  });

  test('lends nothing right after its start', async () => {
    const { server } = await startWitness(0);
    const a = await Sender.open(server.address);
    const { challenge } = await a.ask(REQUEST);
    expect((await a.ask({ ...REQUEST, number: 2n, challenge })).kind).toBe('quiet');
  });

  test('serves pairs apart', async () => {
    const { server } = await startWitness();
    const a = await Sender.open(server.address);
    for (let i = 0; i < 200; i++) {
      const request = { ...REQUEST, run: BigInt(i + 1), subject: { ...REQUEST.subject, pair: `pair ${i}` } };
      const { challenge } = await a.ask(request);
      expect((await a.ask({ ...request, number: 2n, challenge })).kind).toBe('granted');
    }
  });
});

describe('a witness does not answer', () => {
  test('a release that is played back, and the vote stays where it is', async () => {
    const { server } = await startWitness();
    const a = await Sender.open(server.address);
    const { challenge } = await a.ask(REQUEST);
    const release = encode({ ...REQUEST, kind: 'release', number: 2n, challenge }, KEY);
    await a.send(release);
    await a.next();
    await a.ask({ ...REQUEST, number: 3n, challenge });
    await a.send(release);
    expect(await a.ask({ ...REQUEST, kind: 'hello', number: 4n })).toMatchObject({ holder: { isWhoAsks: true } });
    expect(server.counts.replay).toBe(1);
  });

  test.each([
    { name: 'another key', packet: encode(REQUEST, Buffer.from('somebody else has this')), outcome: 'key' },
    { name: 'a reply', packet: encode(REPLY, KEY), outcome: 'unsolicited' },
    { name: 'nothing', packet: Buffer.alloc(0), outcome: 'size' },
  ] as const)('$name, and counts it', async ({ packet, outcome }) => {
    const { server, told } = await startWitness();
    const a = await Sender.open(server.address);
    await a.send(packet);
    await a.send(packet);
    expect((await a.ask(REQUEST)).kind).toBe('challenge');
    expect(server.counts[outcome]).toBe(2);
    expect(a.waiting).toBe(0);
    expect(told).toMatchObject([{ event: 'packets were dropped', fields: { [outcome]: 1, last: outcome } }]);
  });
});
