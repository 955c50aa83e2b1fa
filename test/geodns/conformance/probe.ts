import { expect } from 'vitest';
import type { Transport } from '../../../src/geodns/answer/source.ts';
import { RCODE, TYPE } from '../../../src/geodns/wire/types.ts';
import { type DnsMessage, type DnsQueryParts, dnsQuery, parseDnsMessage } from '../../support/dns-message.ts';
import { NEGATIVE_TTL } from './site.ts';

/** One message to a name server that serves `site.ts`, and what must come back. */
export interface Probe {
  readonly name: string;
  readonly query: DnsQueryParts | Buffer;
  /** What each server must reply; what gdnsd does in place of it is told beside. */
  readonly expected: Expected | 'silence';
  /** Absent: by UDP and by TCP. */
  readonly only?: Transport;
  readonly gdnsd?: Difference;
}

/** Where gdnsd does otherwise, and why we do not do so, too. */
export interface Difference {
  readonly but: Partial<Expected> | 'silence';
  readonly why: string;
}

/** What is expected of a reply. What is not told is not looked at, but for what is true of all (`checkReply`). */
export interface Expected {
  readonly rcode: number;
  readonly aa?: boolean;
  /** Default: false. */
  readonly tc?: boolean;
  /** Whether the question comes back, byte for byte as it was asked. Default: true. */
  readonly question?: boolean;
  readonly answers?: number;
  /** Whether the authority section is the zone's SOA, with the TTL of a negative answer (RFC 2308 §5). */
  readonly soa?: boolean;
  readonly opt?: boolean;
  /** The DO flag, if there is OPT. */
  readonly dnssecOk?: boolean;
  /** SCOPE PREFIX-LENGTH of the client subnet that comes back. `undefined`: none does. */
  readonly scope?: number | undefined;
  /** Whether both cookies come back, with a server's part that is not what was sent. */
  readonly cookie?: boolean;
  /** Bytes. */
  readonly length?: number;
  readonly more?: (reply: DnsMessage) => void;
}

/** What a server says of itself in all replies. */
export interface ServerTraits {
  /** In OPT: how long a UDP message to it may be. */
  readonly udpLength: number;
}

export const COOKIE = 10;
export const SUBNET = 8;
export const CLIENT_COOKIE = '0102030405060708';

/** Parts of a query that has one option: of the client subnet, or of a cookie. Its data is hexadecimal. */
export const ecs = (data: string): DnsQueryParts => ({ edns: { options: [[SUBNET, data]] } });
export const cookie = (data: string): DnsQueryParts => ({ edns: { options: [[COOKIE, data]] } });

/** A query whose question could not be read has none in the reply. */
export const MALFORMED: Expected = { rcode: RCODE.FORMERR, question: false, answers: 0, soa: false };

export function bytesOf({ query }: Pick<Probe, 'query'>): Buffer {
  return Buffer.isBuffer(query) ? query : dnsQuery(query);
}

/** What gdnsd must reply. */
export function expectedOfGdnsd({ expected, gdnsd }: Probe): Expected | 'silence' {
  if (gdnsd === undefined) return expected;
  if (gdnsd.but === 'silence') return 'silence';
  return { ...(expected === 'silence' ? MALFORMED : expected), ...gdnsd.but };
}

/** Holds a reply against what is expected of it, and against what holds for each reply to a query. */
export function checkReply(
  query: Buffer,
  reply: Buffer | undefined,
  expected: Expected | 'silence',
  transport: Transport,
  { udpLength }: ServerTraits,
): void {
  if (expected === 'silence') {
    expect(reply?.toString('hex')).toBeUndefined();
    return;
  }
  if (reply === undefined) throw new Error('there is no reply');
  const message = parseDnsMessage(reply);
  checkHeader(query, reply, message);
  if (message.opt !== undefined) expect(message.opt).toMatchObject({ udpLength, version: 0 });
  // The longest that any of the two sends (RFC 9715 §3.1).
  if (transport === 'udp') expect(reply.length).toBeLessThanOrEqual(message.opt === undefined ? 512 : 1232);
  check(message, query, reply, expected);
}

function checkHeader(query: Buffer, reply: Buffer, message: DnsMessage): void {
  const flags = query.readUInt16BE(2);
  expect(message).toMatchObject({ id: query.readUInt16BE(0), qr: true, ra: false, ad: false, cd: false });
  expect(message.opcode).toBe((flags >>> 11) & 15);
  expect(message.rd).toBe((flags & 0x0100) !== 0);
  expect(reply.readUInt16BE(2) & 0x0040).toBe(0);
}

function check(message: DnsMessage, query: Buffer, reply: Buffer, expected: Expected): void {
  const { question = true, tc = false, aa, answers, opt, dnssecOk, length } = expected;
  expect(message.rcode).toBe(expected.rcode);
  expect(message.questions).toHaveLength(question ? 1 : 0);
  if (question) checkQuestion(query, reply);
  expect(message.tc).toBe(tc);
  if (aa !== undefined) expect(message.aa).toBe(aa);
  if (answers !== undefined) expect(message.answers).toHaveLength(answers);
  if (opt !== undefined) expect(message.opt !== undefined).toBe(opt);
  if (dnssecOk !== undefined) expect(message.opt?.dnssecOk).toBe(dnssecOk);
  if (length !== undefined) expect(reply).toHaveLength(length);
  if (expected.soa !== undefined) checkSoa(message, expected.soa);
  if ('scope' in expected) checkScope(message, query, expected.scope);
  if (expected.cookie !== undefined) checkCookie(message, query, expected.cookie);
  expected.more?.(message);
}

function checkQuestion(query: Buffer, reply: Buffer): void {
  let end = 12;
  while (reply[end] !== 0) end += 1 + (reply[end] as number);
  expect(reply.toString('hex', 12, end + 5)).toBe(query.toString('hex', 12, end + 5));
}

function checkSoa({ authorities }: DnsMessage, isThere: boolean): void {
  const soas = authorities.filter(({ type }) => type === TYPE.SOA);
  const wanted = isThere ? [{ name: 'example.com.', ttl: NEGATIVE_TTL }] : [];
  expect(soas.map(({ name, ttl }) => ({ name, ttl }))).toEqual(wanted);
}

/** Family, prefix and address come back as they were sent (RFC 7871 §7.2.1). */
function checkScope({ opt }: DnsMessage, query: Buffer, scope: number | undefined): void {
  const sent = parseDnsMessage(query).opt?.options[SUBNET] ?? '';
  const back = scope === undefined ? undefined : `${sent.slice(0, 6)}${hex(scope)}${sent.slice(8)}`;
  expect(opt?.options[SUBNET]).toBe(back);
}

function checkCookie({ opt }: DnsMessage, query: Buffer, isThere: boolean): void {
  const back = opt?.options[COOKIE];
  if (!isThere) {
    expect(back).toBeUndefined();
    return;
  }
  // The client's, and 8 to 32 bytes (RFC 7873 §4).
  expect(back).toMatch(new RegExp(`^${CLIENT_COOKIE}([0-9a-f]{2}){8,32}$`));
  expect(query.toString('hex')).not.toContain(back);
}

function hex(byte: number): string {
  return byte.toString(16).padStart(2, '0');
}
