import { type AddressSet, normalizeAddress } from '../base/address.ts';
import type { RequestHead } from './exchange.ts';

/**
 * Who the client is. Of what a request says about that only the words of trusted proxies count, and a proxy's word is
 * the element it appended: the chain is read from the right, from our peer outwards, as far as trust reaches. What
 * stands further left was said by the client or by nobody we know. It is neither believed nor sent on: many origins
 * take the leftmost address for the client, and for them too it must be the one that we found.
 */

/** What a request says of who sent it: of several fields of one name, the values joined by ", ". */
export interface ForwardingFields {
  readonly xForwardedFor: string | undefined;
  readonly xForwardedProto: string | undefined;
  readonly xForwardedHost: string | undefined;
  readonly forwarded: string | undefined;
}

export interface Client {
  /** In canonical text, without a port. */
  readonly address: string;
  /** How and whom the client asked, for `X-Forwarded-Proto` and `X-Forwarded-Host`. */
  readonly proto: 'http' | 'https';
  readonly host: string;
  /** The proxies in between, the client's neighbour first, our peer last. Empty: the client is our peer. */
  readonly through: readonly string[];
  /** Whether our peer is a trusted proxy: then its request id and the like may be kept. */
  readonly peerTrusted: boolean;
}

/** The head's own view of the request: how it came to us. */
export type Received = Pick<RequestHead, 'scheme' | 'authority'>;

/** How much of a chain is read, from its right end: no real one is longer, and the rest may be anything. */
const MAX_HOPS = 50;
const MAX_CHAIN = 4096;

/** More than any address with its zone and port, and more than any host with its port. */
const MAX_NODE = 100;
const MAX_HOST = 270;

const NOBODY: readonly string[] = [];

/**
 * `peer` is the other end of the connection, in canonical text (`normalizeAddress`, once a connection); after a PROXY
 * header, what that says. `X-Forwarded-For` wins over `Forwarded` when both are there: balancers that append to the
 * first and let a client's own `Forwarded` pass are the rule.
 */
export function identify(peer: string, received: Received, fields: ForwardingFields, trusted: AddressSet): Client {
  if (!trusted.has(peer)) {
    return { address: peer, proto: received.scheme, host: received.authority, through: NOBODY, peerTrusted: false };
  }
  const chain =
    fields.xForwardedFor !== undefined
      ? follow(fields.xForwardedFor, X_FORWARDED_FOR, peer, trusted)
      : fields.forwarded !== undefined
        ? follow(fields.forwarded, FORWARDED, peer, trusted)
        : undefined;
  return {
    address: chain?.address ?? peer,
    proto: believedProto(lastElement(fields.xForwardedProto)) ?? chain?.proto ?? received.scheme,
    host: believedHost(lastElement(fields.xForwardedHost)) ?? chain?.host ?? received.authority,
    through: chain?.through ?? NOBODY,
    peerTrusted: true,
  };
}

/** The `X-Forwarded-For` to send on: the client, then the proxies it came through. */
export function xForwardedForValue(client: Client): string {
  const address = client.address === '' ? 'unknown' : client.address;
  return client.through.length === 0 ? address : `${address}, ${client.through.join(', ')}`;
}

/**
 * The `Forwarded` to send on (RFC 7239 §4). The first element is what the client asked for, the last is what we
 * received from our peer; with no proxy in between they are one.
 */
export function forwardedValue(client: Client, received: Received): string {
  const first = element(client.address, client.host, client.proto);
  if (client.through.length === 0) return first;
  const between = client.through.slice(0, -1).map((proxy) => `for=${node(proxy)}`);
  const last = element(client.through.at(-1) as string, received.authority, received.scheme);
  return [first, ...between, last].join(', ');
}

function element(address: string, host: string, proto: string): string {
  const quoted = TOKEN.test(host) ? host : PRINTABLE.test(host) ? `"${host.replace(/["\\]/g, '\\$&')}"` : undefined;
  return quoted === undefined
    ? `for=${node(address)};proto=${proto}`
    : `for=${node(address)};host=${quoted};proto=${proto}`;
}

/** RFC 7239 §6: an IPv6 address in brackets, and so in quotes; a peer without an address (a UNIX socket) is unknown. */
function node(address: string): string {
  if (address === '') return 'unknown';
  return address.includes(':') ? `"[${address}]"` : address;
}

const TOKEN = /^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/;
const PRINTABLE = /^[\x21-\x7e]+$/;

/** What one proxy appended. No address: one that is hidden (`_hidden`, `unknown`), or none at all. */
interface Hop {
  readonly address?: string | undefined;
  readonly proto?: Client['proto'] | undefined;
  readonly host?: string | undefined;
}

/** How a list is read from its right end: the rest of it, however it may be broken, has no say in that. */
interface Grammar {
  /** Where the element begins that ends before `end`. */
  start(list: string, end: number): number;
  /** `undefined` when it is malformed. */
  read(element: string): Hop | undefined;
}

const X_FORWARDED_FOR: Grammar = {
  start: (list, end) => (end === 0 ? 0 : list.lastIndexOf(',', end - 1) + 1),
  read: (element) => ({ address: nodeAddress(element) }),
};

const FORWARDED: Grammar = { start: startOfForwardedElement, read: readForwardedElement };

/**
 * Goes from our peer along the chain to the first address that is not trusted, or to the leftmost. What is no address,
 * an empty element too, ends the way: the last good hop is the client then. Every element on the way was written by a
 * trusted proxy, so the furthest one that tells a scheme or a host tells what the client asked for.
 */
function follow(list: string, grammar: Grammar, peer: string, trusted: AddressSet) {
  const hops = [peer];
  let proto: Client['proto'] | undefined;
  let host: string | undefined;
  let end = list.length;
  while (end >= 0 && hops.length <= MAX_HOPS) {
    const start = grammar.start(list, end);
    if (list.length - start > MAX_CHAIN) break;
    const hop = grammar.read(list.slice(start, end));
    if (hop === undefined) break;
    proto = hop.proto ?? proto;
    host = hop.host ?? host;
    if (hop.address === undefined) break;
    hops.push(hop.address);
    if (!trusted.has(hop.address)) break;
    end = start - 1;
  }
  const address = hops.pop() as string;
  return { address, through: hops.reverse(), proto, host };
}

/** `192.0.2.1`, `192.0.2.1:4711`, `2001:db8::1`, `[2001:db8::1]`, `[2001:db8::1]:4711`, each as the bare address. */
const NODE = /^[ \t]*(?:(?:\[([0-9A-Fa-f:.]+)\]|([0-9.]+))(?::(?:\d{1,5}|_[0-9A-Za-z._-]+))?|([^ \t]+))[ \t]*$/;

function nodeAddress(text: string): string | undefined {
  if (text.length > MAX_NODE) return undefined;
  const [, bracketed, ipv4, bare] = NODE.exec(text) ?? [];
  if (bracketed !== undefined && !bracketed.includes(':')) return undefined;
  return normalizeAddress(bracketed ?? ipv4 ?? bare ?? '');
}

/** A comma within a quoted string is none. A quote is escaped when the backslashes before it are odd in number. */
function startOfForwardedElement(list: string, end: number): number {
  let quoted = false;
  const limit = Math.max(0, list.length - MAX_CHAIN - 1);
  for (let i = end - 1; i >= limit; i--) {
    const char = list[i];
    if (char === ',' && !quoted) return i + 1;
    if (char !== '"') continue;
    let backslashes = 0;
    while (quoted && list[i - 1 - backslashes] === '\\') backslashes++;
    if (backslashes % 2 === 0) quoted = !quoted;
    i -= backslashes;
  }
  return limit;
}

/**
 * One `name=value` and its semicolon (RFC 7239 §4), or the semicolon alone. Beyond the grammar we take space around the
 * semicolon, and the `:`, `[` and `]` of addresses and ports without the quotes that they need: both are common, and
 * neither makes anything ambiguous.
 */
const PAIR =
  /[ \t]*(?:([!#$%&'*+.^_`|~0-9A-Za-z-]+)=(?:"((?:[^"\\]|\\.)*)"|([!#$%&'*+.^_`|~0-9A-Za-z:[\]-]+))[ \t]*)?(?:;|$)/y;

function readForwardedElement(element: string): Hop | undefined {
  const pairs = new Map<string, string>();
  let at = 0;
  while (at < element.length) {
    PAIR.lastIndex = at;
    const match = PAIR.exec(element);
    if (match === null) return undefined;
    const [whole, name, quoted, token] = match;
    at += whole.length;
    if (name === undefined) continue;
    const key = name.toLowerCase();
    if (pairs.has(key)) return undefined; // §4: no parameter more than once
    pairs.set(key, quoted === undefined ? (token as string) : quoted.replace(/\\(.)/g, '$1'));
  }
  const address = pairs.get('for');
  return {
    address: address === undefined ? undefined : nodeAddress(address),
    proto: believedProto(pairs.get('proto')),
    host: believedHost(pairs.get('host')),
  };
}

/** Of a list, the element that the nearest proxy set; nothing when it is too long for what we look for. */
function lastElement(list: string | undefined): string | undefined {
  if (list === undefined) return undefined;
  const start = list.lastIndexOf(',') + 1;
  return list.length - start > MAX_HOST ? undefined : list.slice(start).trim();
}

function believedProto(text: string | undefined): Client['proto'] | undefined {
  const proto = text?.toLowerCase();
  return proto === 'http' || proto === 'https' ? proto : undefined;
}

/** A name or an address with or without a port, as in `Host`; what is more than that is no host. */
function believedHost(text: string | undefined): string | undefined {
  if (text === undefined || text.length > MAX_HOST) return undefined;
  return /^(?:\[[0-9A-Fa-f:.]+\]|[0-9A-Za-z._-]+)(?::\d{1,5})?$/.test(text) ? text.toLowerCase() : undefined;
}
