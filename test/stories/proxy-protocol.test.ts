import { beforeAll, describe, expect, test } from 'vitest';
import { curl } from '../support/curl.ts';
import { startHaproxy } from '../support/haproxy.ts';
import { answer, type ScriptedOrigin, startOrigin } from '../support/origin.ts';
import { describeWithPeers } from '../support/peers.ts';
import { type Portico, startPortico } from '../support/portico.ts';
import { type ConnectOptions, connectRaw, fetchRaw } from '../support/raw-client.ts';
import { within } from '../support/wait.ts';
import { frontDoor } from './front-door.ts';

/** A balancer in front that passes TCP on and says in a PROXY header who the client is. */

/** Addresses of this machine that clients come from: listed balancers, and nobody in particular. */
const BALANCER = '127.0.0.1';
const STRANGER = '127.0.0.9';

let origin: ScriptedOrigin;
let portico: Portico;
beforeAll(async () => {
  origin = await startOrigin(({ target, fields }) => {
    const [, forwardedFor] = fields.find(([name]) => name.toLowerCase() === 'x-forwarded-for') ?? [];
    return answer(`${target} for ${forwardedFor}`);
  });
  portico = await startPortico(
    frontDoor({
      origins: [origin.url],
      site: { access: { deny: ['203.0.113.66'] } },
      listener: { proxy_protocol_from: [BALANCER], timeouts: { head: '1s' } },
    }),
  );
});

describeWithPeers(['haproxy', 'curl'], 'a real HAProxy', () => {
  const versions = ['send-proxy', 'send-proxy-v2'] as const;

  test.each(versions)('tells the client of plain HTTP: %s', async (option) => {
    const haproxy = await startHaproxy(`127.0.0.1:${portico.port(0)} ${option}`);
    const reply = await curl(`http://127.0.0.1:${haproxy.port}/plain-${option}`, '--interface', '127.0.0.7');
    expect(reply).toMatchObject({ exit: 0, status: 200, text: `/plain-${option} for 127.0.0.7` });
    expect(await portico.accessLog.lineFor(`/plain-${option}`)).toMatchObject({ client: '127.0.0.7' });
  });

  test.each(versions)('tells the client of HTTPS, which it cannot look into: %s', async (option) => {
    const haproxy = await startHaproxy(`127.0.0.1:${portico.port(1)} ${option}`);
    for (const [version, address] of [
      ['1.1', '127.0.0.7'],
      ['2', '127.0.0.8'],
    ] as const) {
      const url = `https://127.0.0.1:${haproxy.port}/secure-${option}-${version}`;
      const reply = await curl(url, '--interface', address, `--http${version}`);
      expect(reply).toMatchObject({ exit: 0, status: 200, version, text: expect.stringContaining(` for ${address}`) });
      const line = await portico.accessLog.lineFor(`/secure-${option}-${version}`);
      expect(line).toMatchObject({ client: address, scheme: 'https' });
    }
  });

  test.each(versions)('tells many clients apart at the same time: %s', async (option) => {
    const haproxy = await startHaproxy(`127.0.0.1:${portico.port(1)} ${option}`);
    const addresses = Array.from({ length: 30 }, (_, index) => `127.0.1.${index + 1}`);
    const asked = addresses.map(async (localAddress) => {
      const options = { tls: {}, socket: { localAddress } };
      return (await fetchRaw(haproxy.port, `/many`, options)).body;
    });
    expect(await Promise.all(asked)).toEqual(addresses.map((address) => `/many for ${address}`));
  });
});

describe('a PROXY header', () => {
  const REQUEST = 'GET /behind HTTP/1.1\r\nHost: a\r\n\r\n';
  const V1 = 'PROXY TCP4 203.0.113.5 198.51.100.1 4711 443\r\n';

  const headers = {
    'of version 1': { header: V1, client: '203.0.113.5' },
    'of version 1 for IPv6': { header: 'PROXY TCP6 2001:db8::5 2001:db8::1 4711 443\r\n', client: '2001:db8::5' },
    'of version 1 that knows nothing': { header: 'PROXY UNKNOWN\r\n', client: BALANCER },
    'of version 2': { header: version2('203.0.113.6'), client: '203.0.113.6' },
    'of version 2 for the balancer itself': { header: version2('203.0.113.6', 'local'), client: BALANCER },
  } as const;

  test.each(Object.entries(headers))('%s tells the client', async (_, { header, client }) => {
    const balancer = await connectRaw(portico.port(0));
    await balancer.send(header + REQUEST);
    expect(await balancer.response()).toMatchObject({ status: 200, body: `/behind for ${client}` });
    // It holds for all of the connection.
    await balancer.send(REQUEST);
    expect(await balancer.response()).toMatchObject({ body: `/behind for ${client}` });
  });

  test.each(Object.entries(headers))('%s may come split at any byte', async (_, { header, client }) => {
    const bytes = header + REQUEST;
    const splits = Array.from({ length: header.length + 2 }, (_, at) => at + 1);
    for (const at of splits) {
      const balancer = await connectRaw(portico.port(0));
      await balancer.send(bytes.slice(0, at), bytes.slice(at));
      expect(await balancer.response(), `split at ${at}`).toMatchObject({ body: `/behind for ${client}` });
      balancer.close();
    }
  });

  test('may come byte by byte', async () => {
    const balancer = await connectRaw(portico.port(0));
    await balancer.send(...(V1 + REQUEST));
    expect(await balancer.response()).toMatchObject({ body: '/behind for 203.0.113.5' });
  });

  test("tells whom access rules are about, and whose word on X-Forwarded-For counts: not the balancer's", async () => {
    const denied = await connectRaw(portico.port(0));
    await denied.send(`PROXY TCP4 203.0.113.66 198.51.100.1 4711 80\r\n${REQUEST}`);
    expect(await denied.response()).toMatchObject({ status: 403 });

    const spoofing = await connectRaw(portico.port(0));
    await spoofing.send(`${V1}GET /spoofed HTTP/1.1\r\nHost: a\r\nX-Forwarded-For: 192.0.2.1\r\n\r\n`);
    expect(await spoofing.response()).toMatchObject({ body: '/spoofed for 203.0.113.5' });
  });

  test('is required from who is listed: without one there is no answer', async () => {
    const balancer = await connectRaw(portico.port(0));
    await balancer.send(REQUEST);
    expect(await balancer.untilClosed()).toEqual([]);
    expect(balancer.received).toHaveLength(0);
    await expect(connectRaw(portico.port(1), { tls: {} }), 'a TLS handshake').rejects.toThrow();
  });

  test('that never becomes whole is waited for no longer than a head', async () => {
    const balancer = await connectRaw(portico.port(0));
    await balancer.send('PROXY TCP4 203.0.113.5');
    expect(await balancer.untilClosed()).toEqual([]);
  });

  test('that lies about its form closes the connection, and others are served', async () => {
    for (const header of [
      'PROXY TCP4 1.2.3.4\r\n',
      'PROXY TCP4 a b 1 2\r\n',
      `${version2('1.2.3.4').slice(0, 13)}\xff\0\0`,
    ]) {
      const balancer = await connectRaw(portico.port(0));
      await balancer.send(header + REQUEST);
      expect(await balancer.untilClosed()).toEqual([]);
    }
    const next = await connectRaw(portico.port(0));
    await next.send(V1 + REQUEST);
    expect(await next.response()).toMatchObject({ status: 200 });
  });

  describe('from who is not listed', () => {
    const from: ConnectOptions = { socket: { localAddress: STRANGER } };

    test('is a bad request', async () => {
      for (const header of [V1, version2('203.0.113.6')]) {
        const stranger = await connectRaw(portico.port(0), from);
        await stranger.send(header + REQUEST);
        const [response, ...more] = await stranger.untilClosed();
        expect(response).toMatchObject({ status: 400 });
        expect(more).toEqual([]);
      }
    });

    test('ends a TLS handshake', async () => {
      const stranger = await connectRaw(portico.port(1), from);
      await stranger.send(V1);
      await within(stranger.closed, 'the close');
    });

    test('is not needed: its own address is the client', async () => {
      const response = await fetchRaw(portico.port(0), '/direct', from);
      expect(response).toMatchObject({ status: 200, body: `/direct for ${STRANGER}` });
    });
  });
});

/** Version 2 for TCP over IPv4, as latin1. */
function version2(source: string, command: 'proxy' | 'local' = 'proxy'): string {
  const bytes = Buffer.alloc(28);
  Buffer.from('\r\n\r\n\0\r\nQUIT\n', 'latin1').copy(bytes);
  bytes.writeUInt8(command === 'proxy' ? 0x21 : 0x20, 12);
  bytes.writeUInt8(0x11, 13);
  bytes.writeUInt16BE(12, 14);
  Buffer.from(source.split('.').map(Number)).copy(bytes, 16);
  Buffer.from([198, 51, 100, 1]).copy(bytes, 20);
  bytes.writeUInt16BE(4711, 24);
  bytes.writeUInt16BE(443, 26);
  return bytes.toString('latin1');
}
