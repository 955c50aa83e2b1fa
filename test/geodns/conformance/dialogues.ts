import { expect } from 'vitest';
import type { HostPort } from '../../../src/base/address.ts';
import type { Transport } from '../../../src/geodns/answer/source.ts';
import { RCODE, TYPE } from '../../../src/geodns/wire/types.ts';
import { type DnsMessage, type DnsQueryParts, dnsQuery, parseDnsMessage } from '../../support/dns-message.ts';
import { RawUdp } from '../../support/raw-udp.ts';
import { frame, TcpClient } from '../server/tcp-client.ts';
import { UdpClient } from '../server/udp-client.ts';
import { exchange } from './exchange.ts';
import { CLIENT_COOKIE, COOKIE, cookie } from './probe.ts';
import { sizedName } from './site.ts';

/** What takes more than one message to show. */
export interface Dialogue {
  readonly name: string;
  play(at: HostPort): Promise<void>;
}

const TRANSPORTS: readonly Transport[] = ['udp', 'tcp'];

export const DIALOGUES: readonly Dialogue[] = [
  ...TRANSPORTS.map((transport) => ({
    name: `by ${transport}: a server cookie that comes back is valid, and stays the same`,
    async play(at: HostPort) {
      const first = cookieOf(await ask(cookie(CLIENT_COOKIE), transport, at));
      expect(first).toMatch(new RegExp(`^${CLIENT_COOKIE}`));
      for (const by of TRANSPORTS) expect(cookieOf(await ask(cookie(first), by, at))).toBe(first);
    },
  })),
  {
    name: 'a server cookie is of one client cookie',
    async play(at) {
      const other = '1112131415161718';
      const first = cookieOf(await ask(cookie(CLIENT_COOKIE), 'udp', at));
      const mixed = other + first.slice(16);
      const back = cookieOf(await ask(cookie(mixed), 'udp', at));
      expect(back.slice(0, 16)).toBe(other);
      expect(back).not.toBe(mixed);
    },
  },
  {
    name: 'a server cookie is of one address',
    async play(at) {
      const first = cookieOf(await ask(cookie(CLIENT_COOKIE), 'udp', at));
      const elsewhere = await UdpClient.open('127.0.0.77');
      const { bytes } = await elsewhere.ask(dnsQuery(cookie(first)), at);
      expect(cookieOf(parseDnsMessage(bytes))).not.toBe(first);
    },
  },
  {
    name: 'a server cookie with one bit changed is answered, and replaced',
    async play(at) {
      const first = cookieOf(await ask(cookie(CLIENT_COOKIE), 'udp', at));
      const last = Number.parseInt(first.slice(-1), 16) ^ 1;
      const changed = first.slice(0, -1) + last.toString(16);
      const reply = await ask(cookie(changed), 'udp', at);
      expect(reply.rcode).toBe(RCODE.NOERROR);
      expect(cookieOf(reply)).not.toBe(changed);
    },
  },
  {
    name: 'a server cookie too long or too short is none',
    async play(at) {
      const first = cookieOf(await ask(cookie(CLIENT_COOKIE), 'udp', at));
      for (const changed of [`${first}00`, first.slice(0, 32 - 2)]) {
        const reply = await ask(cookie(changed), 'udp', at);
        if (changed.length / 2 >= 16) expect(cookieOf(reply)).not.toBe(changed);
        else expect(reply.rcode).toBe(RCODE.FORMERR);
      }
    },
  },
  {
    name: 'a cookie that was asked for without a question is valid for one',
    async play(at) {
      const first = cookieOf(await ask({ question: '', ...cookie(CLIENT_COOKIE) }, 'udp', at));
      expect(cookieOf(await ask(cookie(first), 'udp', at))).toBe(first);
    },
  },
  {
    name: 'what was truncated is whole by TCP',
    async play(at) {
      const query = { name: `${sizedName(12_000)}.example.com.`, type: TYPE.TXT, edns: {} };
      expect(await ask(query, 'udp', at)).toMatchObject({ tc: true, rcode: RCODE.NOERROR, answers: [] });
      expect(await ask(query, 'tcp', at)).toMatchObject({ tc: false, answers: [{ type: TYPE.TXT }] });
    },
  },
  {
    name: 'queries on one TCP connection, sent at once and in pieces, all have their replies',
    async play(at) {
      const ids = Array.from({ length: 50 }, (_, i) => i + 1);
      const bytes = Buffer.concat(ids.map((id) => frame(dnsQuery({ id, name: `n${id}.example.com.` }))));
      const client = await TcpClient.open(at);
      for (let from = 0; from < bytes.length; from += 701) {
        client.send(bytes.subarray(from, from + 701));
        await new Promise(setImmediate);
      }
      await client.next(ids.length - 1);
      const replies = client.all.map((text) => parseDnsMessage(Buffer.from(text, 'latin1')));
      expect(replies.map(({ id }) => id).sort((a, b) => a - b)).toEqual(ids);
      for (const { id, questions } of replies) expect(questions[0]?.name).toBe(`n${id}.example.com.`);
    },
  },
  {
    name: 'a message that cannot be read does not spoil the TCP connection for the next one',
    async play(at) {
      const client = await TcpClient.open(at);
      client.send(frame(dnsQuery({ id: 1, question: 'c00c00010001' })));
      client.send(frame(dnsQuery({ id: 2 })));
      await client.next(1);
      const replies = client.all.map((text) => parseDnsMessage(Buffer.from(text, 'latin1')));
      expect(replies.map(({ id, rcode }) => ({ id, rcode }))).toEqual([
        { id: 1, rcode: RCODE.FORMERR },
        { id: 2, rcode: RCODE.NOERROR },
      ]);
    },
  },
];

/** For root alone. */
export const raw = RawUdp.open();

/** Shows that a query from port 0, to which nobody can reply, does no harm. */
export async function playPortZero(at: HostPort): Promise<void> {
  const query = dnsQuery({});
  for (let i = 0; i < 100; i++) raw?.send(query, { host: '127.0.0.1', port: 0 }, at);
  expect(await ask({}, 'udp', at)).toMatchObject({ rcode: RCODE.NOERROR });
}

async function ask(parts: DnsQueryParts, transport: Transport, at: HostPort): Promise<DnsMessage> {
  const reply = await exchange(dnsQuery(parts), transport, at);
  if (reply === undefined) throw new Error('there is no reply');
  return parseDnsMessage(reply);
}

function cookieOf({ opt }: DnsMessage): string {
  const cookies = opt?.options[COOKIE];
  if (cookies === undefined) throw new Error('the reply has no cookie');
  return cookies;
}
