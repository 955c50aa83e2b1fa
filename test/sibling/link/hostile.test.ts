import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';
import { describe, expect, test } from 'vitest';
import { Incoming } from '../../../src/sibling/link/incoming.ts';
import { newNonce, proofOf } from '../../../src/sibling/link/proof.ts';
import { type Hello, PROTOCOL } from '../../../src/sibling/link/protocol.ts';
import { PurgeLog } from '../../../src/sibling/link/purge-log.ts';
import { recordedLog } from '../../cache/disk/scene.ts';
import { atTeardown } from '../../support/teardown.ts';
import { tempDir } from '../../support/temp.ts';
import { within } from '../../support/wait.ts';
import { ALL, LinkedNode, linked, type NodeOptions, pair, peer, QUICK, url } from './scene.ts';

const STRANGER = '127.0.0.66';
const INSTANCE = 'a'.repeat(32);

/** A program of somebody else's, at a peer's address. */
class Raw {
  readonly socket: Socket;
  readonly closed: Promise<unknown>;
  #text = '';
  #arrived = Promise.withResolvers<void>();

  static async to(node: LinkedNode, localAddress = STRANGER): Promise<Raw> {
    const socket = connect({ ...node.address, localAddress });
    const raw = new Raw(socket);
    await once(socket, 'connect');
    return raw;
  }

  constructor(socket: Socket) {
    this.socket = socket;
    this.closed = new Promise((resolve) => socket.once('close', resolve));
    socket.on('error', () => {});
    socket.on('data', (bytes) => {
      this.#text += bytes;
      this.#arrived.resolve();
      this.#arrived = Promise.withResolvers();
    });
    atTeardown(() => socket.destroy());
  }

  say(...messages: readonly unknown[]): void {
    for (const message of messages) this.socket.write(`${JSON.stringify(message)}\n`);
  }

  async heard(type: string): Promise<Record<string, unknown>> {
    for (;;) {
      const end = this.#text.indexOf('\n');
      if (end === -1) await within(this.#arrived.promise, `${type} after ${this.#text}`);
      else {
        const said = JSON.parse(this.#text.slice(0, end));
        this.#text = this.#text.slice(end + 1);
        if (said.type === type) return said;
      }
    }
  }

  async greet(rest: Partial<Hello> = {}): Promise<{ ours: Hello; theirs: Hello }> {
    const ours = hello(rest);
    this.say(ours);
    return { ours, theirs: (await this.heard('hello')) as unknown as Hello };
  }

  async subscribe(): Promise<void> {
    await this.greet();
    this.say({ type: 'subscribe', ago: 0 });
    await this.heard('begin');
  }

  async ended(what: string): Promise<void> {
    await within(this.closed, `the end of ${what}`);
  }
}

function hello(rest: Partial<Hello> = {}): Hello {
  return {
    type: 'hello',
    protocol: PROTOCOL,
    node: 'raw',
    icp: `${STRANGER}:9`,
    instance: INSTANCE,
    nonce: newNonce(),
    proof: undefined,
    ...rest,
  };
}

/** A node that has somebody else at the address of its peer. */
function node(options: NodeOptions = {}): Promise<LinkedNode> {
  return LinkedNode.start('a', '127.0.0.11', { peers: [peer('b', { host: STRANGER, port: 9 })], ...options });
}

/** A listener at the peer's address; what it does with each connection. */
async function listening(serve: (raw: Raw) => void): Promise<number> {
  const server = createServer((socket) => serve(new Raw(socket))).listen(0, STRANGER);
  await once(server, 'listening');
  atTeardown(() => server.close());
  return (server.address() as AddressInfo).port;
}

describe('who connects', () => {
  test('from an address that is no peer’s is not listened to', async () => {
    const a = await node();
    const raw = await Raw.to(a, '127.0.0.67');
    raw.say(hello());
    await raw.ended('the connection');
  });

  test('and says nothing is not waited for', async () => {
    const raw = await Raw.to(await node());
    await raw.ended('the connection');
  });

  test('often, and says nothing, has no more than eight at once', async () => {
    const a = await node({ timing: { greeting: 60_000 } });
    const many = await Promise.all(Array.from({ length: 20 }, () => Raw.to(a)));
    await expect.poll(() => many.filter(({ socket }) => socket.closed).length).toBe(12);
    many.find(({ socket }) => !socket.closed)?.socket.destroy();
    await expect
      .poll(async () => {
        const more = await Raw.to(a);
        more.say(hello());
        return Promise.race([more.heard('hello').then(({ node: name }) => name), more.closed.then(() => 'closed')]);
      })
      .toBe('a');
  });

  const good = JSON.stringify(hello());
  test.each([
    { name: 'garbage', bytes: '\x00\xff\x17\x03\x01 hello?\n' },
    { name: 'HTTP', bytes: 'GET / HTTP/1.1\r\nHost: a\r\n\r\n' },
    { name: 'a line without end', bytes: '['.repeat(5000) },
    { name: 'a long first line', bytes: `${' '.repeat(4096)}${good}\n` },
    { name: 'a deep first line', bytes: `${'['.repeat(2000)}\n` },
    { name: 'no object', bytes: '[1]\n' },
    { name: 'null', bytes: 'null\n' },
    { name: 'an unknown type', bytes: '{"type":"shutdown"}\n' },
    { name: 'another type’s name', bytes: '{"type":"__proto__"}\n' },
    { name: 'a subscription first', bytes: '{"type":"subscribe","ago":0}\n' },
    { name: 'a purge', bytes: '{"type":"purge","number":1,"check":1,"soft":false,"orders":[["all"]]}\n' },
    { name: 'two greetings', bytes: `${good}\n${good}\n` },
    { name: 'a greeting and a beat', bytes: `${good}\n{"type":"beat"}\n` },
    { name: 'a greeting and a question', bytes: `${good}\n{"type":"hottest","count":1}\n` },
    { name: 'another version', bytes: `${JSON.stringify(hello({ protocol: 2 }))}\n` },
    { name: 'a wrong instance', bytes: `${JSON.stringify(hello({ instance: 'z'.repeat(32) }))}\n` },
    { name: 'a nonce that is a list', bytes: `${JSON.stringify({ ...hello(), nonce: ['a'] })}\n` },
    { name: 'a name that is none', bytes: `${JSON.stringify(hello({ node: '\n' }))}\n` },
  ])('and says $name is sent away', async ({ bytes }) => {
    const a = await node();
    const raw = await Raw.to(a);
    raw.socket.write(Buffer.from(bytes, 'latin1'));
    await raw.ended('the connection');
    expect(a.story).toEqual([]);
    expect(await a.purge(ALL)).toEqual({ b: 'unknown' });
  });

  test.each([
    { name: 'acknowledges what it was not told', said: { type: 'applied', number: 1 } },
    { name: 'acknowledges no number', said: { type: 'applied', number: '0' } },
    { name: 'acknowledges less than nothing', said: { type: 'applied', number: -1 } },
    { name: 'subscribes once more', said: { type: 'subscribe', ago: 0 } },
    { name: 'greets once more', said: hello() },
    { name: 'purges the wrong way', said: { type: 'purge', number: 1, check: 1, soft: false, orders: [['all']] } },
    { name: 'tells keys that nobody wants', said: { type: 'keys', keys: [], more: false } },
  ])('and then $name is sent away', async ({ said }) => {
    const a = await node();
    const raw = await Raw.to(a);
    await raw.subscribe();
    raw.say(said);
    await raw.ended('the connection');
    expect(a.purged).toEqual([]);
  });

  test('and then is silent is gone', async () => {
    const raw = await Raw.to(await node());
    await raw.subscribe();
    await raw.ended('the connection');
  });

  test('once more takes the place of the one before', async () => {
    const a = await node();
    const before = await Raw.to(a);
    await before.subscribe();
    const raw = await Raw.to(a);
    await raw.subscribe();
    await before.ended('the first connection');
    const told = raw.heard('purge');
    const receipt = a.purge(url('1'));
    await told;
    raw.say({ type: 'applied', number: 1 });
    expect(await receipt).toEqual({ b: 'acknowledged' });
  });

  test('and reads nothing is cut, with no more than a message waiting for it', async () => {
    const { log } = recordedLog();
    const purges = new PurgeLog({ directory: await tempDir('link'), log, now: Date.now });
    const self = {
      node: 'a',
      icp: 'a',
      secret: undefined,
      purges,
      timing: { ...QUICK, silence: 60_000 },
      log,
      now: Date.now,
    };
    const left = Promise.withResolvers<string>();
    const accepted = Promise.withResolvers<{ socket: Socket; incoming: Incoming }>();
    const server = createServer((socket) => {
      const incoming = new Incoming(socket, self, {
        peerOf: () => peer('b', { host: STRANGER, port: 9 }),
        subscribed: () => {},
        applied: () => {},
        hottest: () => undefined,
        left: (_, { why }) => left.resolve(why),
      });
      accepted.resolve({ socket, incoming });
    }).listen(0, '127.0.0.11');
    await once(server, 'listening');
    atTeardown(() => server.close());
    const raw = new Raw(connect((server.address() as AddressInfo).port, '127.0.0.11'));
    await raw.subscribe();
    raw.socket.pause();
    const { socket, incoming } = await accepted.promise;
    const orders = Array.from({ length: 300 }, (_, i) => url(`${i}${'x'.repeat(10_000)}`));
    for (let i = 0; i < 10; i++) {
      purges.append(orders, false);
      incoming.tell();
      await new Promise(setImmediate);
      expect(socket.writableLength).toBeLessThan(300_000);
    }
    expect(await within(left.promise, 'the end of the connection')).toBe('it reads too slowly');
  });

  test('and writes a line a byte at a time takes no more memory than the line', async () => {
    const a = await node({ timing: { silence: 60_000 } });
    const raw = await Raw.to(a);
    await raw.subscribe();
    for (let i = 0; i < 3000; i++) {
      raw.socket.write(' ');
      if (i % 10 === 0) await new Promise(setImmediate);
    }
    raw.say({ type: 'beat' });
    expect(a.link.status()[0]?.subscribed).toBeDefined();
    raw.socket.write(' '.repeat(1024 * 1024 + 1));
    await raw.ended('the connection');
  });
});

describe('with a secret', () => {
  test('two that know it are linked', async () => {
    const a = await LinkedNode.start('a', '127.0.0.11');
    const b = await LinkedNode.start('b', '127.0.0.12', { secret: 's', peers: [peer('a', a.address)] });
    await a.link.update({ icp: a.address, secret: 's', peers: [peer('b', b.address)] });
    await linked(a, b);
    expect(await a.purge(url('1'))).toEqual({ b: 'acknowledged' });
  });

  test.each([
    // Who has one as well hears the wrong proof first, and does not go on.
    { name: 'none', secret: undefined, refused: 1 },
    { name: 'another', secret: 't', refused: 0 },
  ])('who knows $name is not believed, and that is told once', async ({ secret, refused }) => {
    const a = await LinkedNode.start('a', '127.0.0.11');
    const b = await LinkedNode.start('b', '127.0.0.12', {
      peers: [peer('a', a.address)],
      ...(secret !== undefined && { secret }),
    });
    await a.link.update({ icp: a.address, secret: 's', peers: [peer('b', b.address)] });
    await expect.poll(() => a.said('link from sibling is refused')).toBe(refused);
    await expect.poll(() => a.said('sibling is not believed to be a Portico node of ours')).toBe(1);
    // Several more attempts.
    await new Promise((resolve) => setTimeout(resolve, 400));
    expect(a.said('link from sibling is refused')).toBe(refused);
    expect(a.said('sibling is not believed to be a Portico node of ours')).toBe(1);
    expect(await a.purge(url('1'))).toEqual({ b: 'unknown' });
    expect(await b.purge(url('2'))).toEqual({ a: expect.stringMatching(/unknown|not-reached/) });
    expect([a.purged, b.purged]).toEqual([[], []]);
  });

  test.each<{ name: string; proof: (ours: Hello, theirs: Hello) => unknown }>([
    { name: 'its own proof sent back', proof: (_, theirs) => theirs.proof },
    { name: 'a proof of the other role', proof: (ours, theirs) => proofOf('s', 'listens', ours, theirs) },
    {
      name: 'a proof for other nonces',
      proof: (ours, theirs) => proofOf('s', 'connects', hello(), { ...theirs, nonce: ours.nonce }),
    },
    { name: 'a short proof', proof: () => 'abc' },
    { name: 'none', proof: () => undefined },
    { name: 'something else', proof: () => ({ length: 64 }) },
  ])('$name is no proof', async ({ proof }) => {
    const a = await node({ secret: 's' });
    const raw = await Raw.to(a);
    const { ours, theirs } = await raw.greet();
    raw.say({ type: 'subscribe', ago: 0, proof: proof(ours, { ...theirs, proof: undefined }) ?? undefined });
    await raw.ended('the connection');
    expect(a.link.status()[0]?.subscribed).toBeUndefined();
  });

  test('a good proof is one', async () => {
    const raw = await Raw.to(await node({ secret: 's' }));
    const { ours, theirs } = await raw.greet();
    raw.say({ type: 'subscribe', ago: 0, proof: proofOf('s', 'connects', ours, theirs) });
    await raw.heard('begin');
  });
});

describe('who is connected to', () => {
  test('and is this node itself is no sibling', async () => {
    const a = await LinkedNode.start('a', '127.0.0.11');
    await a.know(peer('myself', a.address));
    await expect.poll(() => a.said('link from sibling is refused')).toBe(1);
    expect(a.link.status()[0]).toMatchObject({ linked: undefined, subscribed: undefined });
  });

  test.each([
    { name: 'closes at once', serve: (raw: Raw) => raw.socket.end() },
    { name: 'resets', serve: (raw: Raw) => raw.socket.resetAndDestroy() },
    { name: 'is silent', serve: () => {} },
    { name: 'says garbage', serve: (raw: Raw) => raw.socket.write('\x02\0\0\x04garbage\n') },
    { name: 'says much', serve: (raw: Raw) => raw.socket.write(Buffer.alloc(2 * 1024 * 1024)) },
    { name: 'echoes', serve: (raw: Raw) => raw.socket.pipe(raw.socket) },
  ])('and $name is not found to be a Portico node, which is told once', async ({ serve }) => {
    let connections = 0;
    const port = await listening((raw) => {
      connections += 1;
      serve(raw);
    });
    const a = await LinkedNode.start('a', '127.0.0.11', { peers: [peer('b', { host: STRANGER, port })] });
    await expect.poll(() => connections, { timeout: 8000 }).toBeGreaterThan(2);
    expect(a.events.length).toBe(1);
    expect(a.story).toEqual([]);
    expect(await a.purge(ALL)).toEqual({ b: 'unknown' });
  });

  const begin = { type: 'begin', number: 0, check: 0, head: 0 };
  const purge = { type: 'purge', number: 1, check: 1, soft: false, orders: [['url', 'x']] };
  test.each<{ name: string; said: readonly unknown[]; purged?: readonly string[] }>([
    { name: 'purges before it begins', said: [purge] },
    { name: 'leaves a number out', said: [begin, { ...purge, number: 2 }] },
    { name: 'says a number twice', said: [begin, purge, purge], purged: ['x'] },
    { name: 'purges nothing', said: [begin, { ...purge, orders: [] }] },
    { name: 'purges what is no order', said: [begin, { ...purge, orders: [['url']] }] },
    { name: 'purges by a kind that there is not', said: [begin, { ...purge, orders: [['toString', 'x']] }] },
    { name: 'purges all of something', said: [begin, { ...purge, orders: [['all', 'x']] }] },
    { name: 'purges what is too long', said: [begin, { ...purge, orders: [['url', 'x'.repeat(131_073)]] }] },
    { name: 'has a number that is none', said: [{ ...begin, number: 1e300 }] },
    { name: 'has a checksum that is none', said: [{ ...begin, check: 2 ** 32 }] },
    { name: 'subscribes', said: [begin, { type: 'subscribe', ago: 0 }] },
    { name: 'asks', said: [begin, { type: 'hottest', count: 1 }] },
    { name: 'says too much at once', said: [begin, 'x'.repeat(1024 * 1024)] },
  ])('and then $name is sent away', async ({ said, purged = [] }) => {
    const first = Promise.withResolvers<Raw>();
    const port = await listening(async (raw) => {
      first.resolve(raw);
      await raw.heard('hello');
      raw.say(hello());
      await raw.heard('subscribe');
      raw.say(...said);
    });
    const a = await LinkedNode.start('a', '127.0.0.11', {
      peers: [peer('b', { host: STRANGER, port })],
      timing: { retryStrange: 60_000, retryFirst: 60_000, retryMost: 60_000 },
    });
    await (await first.promise).ended('the connection');
    expect(a.purged).toEqual(purged);
  });

  test('and says anything at all never brings the node down', async () => {
    const random = randomFrom(7);
    let connections = 0;
    const port = await listening(async (raw) => {
      connections += 1;
      await raw.heard('hello');
      if (connections % 3 !== 0) raw.say(hello());
      raw.say(begin);
      for (let i = 0; i < 20; i++) raw.socket.write(mutated(random));
      raw.socket.end();
    });
    const a = await LinkedNode.start('a', '127.0.0.11', {
      peers: [peer('b', { host: STRANGER, port })],
      timing: { retryStrange: 1, retryFirst: 1, retryMost: 1 },
    });
    await expect.poll(() => connections, { timeout: 15_000 }).toBeGreaterThan(300);
    const raw = await Raw.to(a);
    await raw.subscribe();
  });
});

describe('two that are linked', () => {
  test('are so while others rave', async () => {
    const { a, b } = await pair();
    const random = randomFrom(3);
    await a.know(peer('b', b.address), peer('c', { host: STRANGER, port: 9 }, 1));
    for (let i = 0; i < 300; i++) {
      const raw = await Raw.to(a);
      if (i % 2 === 0) await raw.subscribe();
      for (let n = 0; n < 10; n++) raw.socket.write(mutated(random));
      raw.socket.end();
    }
    expect((await a.purge(url('1'))).b).toBe('acknowledged');
    expect(b.story).toEqual(['portico 0 true', 'purge url 1']);
  });
});

function randomFrom(seed: number): (below: number) => number {
  let state = seed;
  return (below) => {
    state = (state * 48_271) % 2_147_483_647;
    return state % below;
  };
}

const SAID: readonly unknown[] = [
  { type: 'hello', protocol: 1, node: 'n', icp: '1.2.3.4:5', instance: INSTANCE, nonce: INSTANCE },
  { type: 'subscribe', instance: INSTANCE, number: 3, check: 4 },
  { type: 'begin', number: 1, check: 2, head: 3, missed: 'folded' },
  { type: 'purge', number: 1, check: 2, soft: true, orders: [['tag', 'x'], ['all']] },
  { type: 'applied', number: 0 },
  { type: 'beat', head: 3 },
  { type: 'hottest', count: 10 },
  { type: 'more' },
  { type: 'keys', keys: [{ url: 'http://a/b', fields: ['accept', '*/*'], bytes: 3 }], more: true },
];
const VALUES: readonly unknown[] = [null, -1, 1e99, '', 'x', [], {}, true, [[]], '\0', 2 ** 53, { length: 1 }];

/** A message of which something is another, or some of its bytes. */
function mutated(random: (below: number) => number): Buffer {
  const said = structuredClone(SAID[random(SAID.length)]) as Record<string, unknown>;
  const names = Object.keys(said);
  if (random(2) === 0) said[names[random(names.length)] as string] = VALUES[random(VALUES.length)];
  const bytes = Buffer.from(`${JSON.stringify(said)}\n`);
  if (random(3) === 0) bytes[random(bytes.length)] = random(256);
  return random(10) === 0 ? bytes.subarray(random(bytes.length)) : bytes;
}
