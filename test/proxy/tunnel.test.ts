import { once } from 'node:events';
import { type Duplex, duplexPair } from 'node:stream';
import { afterEach, describe, expect, test, vi } from 'vitest';
import { Tunnel, type TunnelEnd } from '../../src/proxy/tunnel.ts';
import { turn } from '../support/wait.ts';

const IDLE = 60_000;

interface Scene {
  readonly client: Duplex;
  readonly origin: Duplex;
  readonly tunnel: Tunnel;
  readonly ended: Promise<TunnelEnd>;
  ends: number;
}

/** A client and an origin, and a tunnel between their connections. */
function dig(idle = IDLE): Scene {
  const [client, clientSide] = duplexPair();
  const [origin, originSide] = duplexPair();
  for (const end of [client, origin]) end.on('error', () => {});
  const { promise, resolve } = Promise.withResolvers<TunnelEnd>();
  const scene = { client, origin, ended: promise, ends: 0 };
  const tunnel = new Tunnel(clientSide, originSide, idle, (end) => {
    scene.ends += 1;
    resolve(end);
  });
  return Object.assign(scene, { tunnel });
}

/** What comes until the end; the other direction stays open. */
async function readAll(end: Duplex): Promise<string> {
  let all = '';
  end.on('data', (chunk) => {
    all += chunk;
  });
  await once(end, 'end');
  return all;
}

describe('a tunnel', () => {
  test('carries bytes both ways, and says how many', async () => {
    const { client, origin, ended } = dig();
    client.end('hello origin');
    origin.end('hello');
    expect(await Promise.all([readAll(origin), readAll(client)])).toEqual(['hello origin', 'hello']);
    expect(await ended).toEqual({ bytesReceived: 12, bytesSent: 5, idle: false });
  });

  test('ends once', async () => {
    const scene = dig();
    scene.client.end();
    scene.origin.end();
    scene.client.resume();
    scene.origin.resume();
    await scene.ended;
    scene.tunnel.cut();
    await turn();
    expect(scene.ends).toBe(1);
  });

  test('goes at the pace of who reads', async () => {
    const { client, origin, tunnel } = dig();
    let taken = 0;
    while (taken < 10_000_000 && client.write(Buffer.alloc(16_384))) taken += 16_384;
    await turn();
    while (taken < 10_000_000 && client.writableLength === 0) {
      client.write(Buffer.alloc(16_384));
      taken += 16_384;
      await turn();
    }
    expect(taken, 'bytes that were taken for who reads none').toBeLessThan(2_000_000);
    origin.resume();
    await turn();
    expect(client.writableLength).toBe(0);
    tunnel.cut();
  });
});

describe('an end on one side', () => {
  test('of the client is passed on as an end, and the origin may go on', async () => {
    const { client, origin, ended } = dig();
    client.end('last words');
    expect(await readAll(origin)).toBe('last words');
    origin.write('an ');
    await turn();
    origin.end('answer');
    expect(await readAll(client)).toBe('an answer');
    expect(await ended).toMatchObject({ bytesReceived: 10, bytesSent: 9 });
  });

  test('of the origin is passed on as an end, and the client may go on', async () => {
    const { client, origin, ended } = dig();
    origin.end('bye');
    expect(await readAll(client)).toBe('bye');
    await turn();
    client.end('wait');
    expect(await readAll(origin)).toBe('wait');
    expect(await ended).toMatchObject({ bytesReceived: 4, bytesSent: 3 });
  });

  test('is not the end of the tunnel', async () => {
    const scene = dig();
    scene.client.end();
    scene.client.resume();
    scene.origin.resume();
    await turn();
    expect(scene.ends).toBe(0);
    scene.tunnel.cut();
    await scene.ended;
  });
});

describe('a break on one side', () => {
  test.each(['client', 'origin'] as const)('of the %s breaks the other', async (side) => {
    const { client, origin, ended, tunnel } = brokenSides();
    const [broken, other] = side === 'client' ? [client, origin] : [origin, client];
    broken.near.destroy(new Error('read ECONNRESET'));
    expect(await ended).toMatchObject({ idle: false });
    expect(other.near.destroyed).toBe(true);
    expect(other.near.writableFinished, 'a clean end of what was broken').toBe(false);
    tunnel.cut();
  });

  test('without an error is a break all the same', async () => {
    const { client, origin, ended } = brokenSides();
    client.near.destroy();
    await ended;
    expect(origin.near.writableFinished).toBe(false);
  });

  test('after an end breaks what the other still sends', async () => {
    const { client, origin, ended } = brokenSides();
    client.far.end();
    origin.far.resume();
    await turn();
    client.near.destroy(new Error('read ECONNRESET'));
    await ended;
    expect(origin.near.destroyed).toBe(true);
  });

  /** The connections as the tunnel has them. */
  function brokenSides() {
    const [clientFar, clientNear] = duplexPair();
    const [originFar, originNear] = duplexPair();
    const { promise, resolve } = Promise.withResolvers<TunnelEnd>();
    return {
      client: { near: clientNear, far: clientFar },
      origin: { near: originNear, far: originFar },
      tunnel: new Tunnel(clientNear, originNear, IDLE, resolve),
      ended: promise,
    };
  }
});

describe('a tunnel in which nothing passes', () => {
  afterEach(() => {
    vi.useRealTimers();
  });

  function still(): Scene {
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'performance'] });
    return dig();
  }

  test('is cut after its time', async () => {
    const scene = still();
    await vi.advanceTimersByTimeAsync(IDLE - 1);
    expect(scene.ends).toBe(0);
    await vi.advanceTimersByTimeAsync(1);
    expect(await scene.ended).toEqual({ bytesReceived: 0, bytesSent: 0, idle: true });
    expect(vi.getTimerCount()).toBe(0);
  });

  test.each(['client', 'origin'] as const)('has its time anew with each byte of the %s', async (side) => {
    const scene = still();
    scene.client.resume();
    scene.origin.resume();
    for (let i = 0; i < 5; i++) {
      await vi.advanceTimersByTimeAsync(IDLE - 1000);
      scene[side].write('x');
      await turn();
    }
    expect(scene.ends).toBe(0);
    await vi.advanceTimersByTimeAsync(IDLE);
    expect(await scene.ended).toMatchObject({ idle: true });
  });

  test('is cut when one side has ended and the other never does', async () => {
    const scene = still();
    scene.origin.resume();
    scene.client.resume();
    scene.client.end();
    await turn();
    await vi.advanceTimersByTimeAsync(IDLE);
    expect(await scene.ended).toMatchObject({ idle: true });
  });

  test('leaves no timer behind when it ends before', async () => {
    const scene = still();
    scene.tunnel.cut();
    expect(await scene.ended).toMatchObject({ idle: false });
    expect(vi.getTimerCount()).toBe(0);
  });
});
