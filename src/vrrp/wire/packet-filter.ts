import type { Bytes } from '../../base/units.ts';
import type { AddressBytes } from './address.ts';
import { attribute, FLAG, nested, netlinkMessage } from './netlink-message.ts';

/**
 * Rules of nf_tables that keep packets of TCP from this host, which is all that is asked of it. Its numbers are in network order
 * (linux/netfilter/nf_tables.h); a change is a batch of messages, each with 4 bytes behind its header: family, version, resource.
 */

const SUBSYSTEM = 10;
const BATCH = { BEGIN: 0x10, END: 0x11 } as const;
const MESSAGE = { NEW_TABLE: 0, NEW_CHAIN: 3, NEW_RULE: 6, DELETE_RULE: 8 } as const;

/** NFPROTO_INET: both families; told apart in rules. */
const FAMILY = { NONE: 0, INET: 1, IPV4: 2, IPV6: 10 } as const;

/** It goes with the socket by which it was made, however that ends (Linux 5.12). */
const OWNED = 0x2;
const PREROUTING = 0;
/** Before all that others have there, connection tracking among it. */
const RAW = -300;

const TCP = 6;
/** Of the flags in a header of TCP: the first packet of a connection has the one and not the other. */
const SYN = 0x02;
const ACK = 0x10;
const FLAGS_AT = 13;

/** Of tables, chains, rules and expressions, what is said of them. */
const TABLE = { NAME: 1, FLAGS: 2 } as const;
const CHAIN = { TABLE: 1, NAME: 3, HOOK: 4, TYPE: 7 } as const;
const HOOK = { NUMBER: 1, PRIORITY: 2 } as const;
const RULE = { TABLE: 1, CHAIN: 2, EXPRESSIONS: 4 } as const;
const LIST_ELEMENT = 1;
const EXPRESSION = { NAME: 1, DATA: 2 } as const;
const META = { TO: 1, KEY: 2 } as const;
const PAYLOAD = { TO: 1, BASE: 2, OFFSET: 3, LENGTH: 4 } as const;
const BITWISE = { FROM: 1, TO: 2, LENGTH: 3, MASK: 4, XOR: 5 } as const;
const COMPARE = { FROM: 1, OPERATION: 2, DATA: 3 } as const;
const IMMEDIATE = { TO: 1, DATA: 2 } as const;
const DATA = { VALUE: 1, VERDICT: 2 } as const;
const VERDICT_CODE = 1;

/** Where expressions leave a value for the next one; 0 is what becomes of the packet. */
const REGISTER = number(1);
const VERDICT = number(0);

/** What is loaded: of a packet itself, and of its headers. */
const KEY = { INTERFACE: number(4), FAMILY: number(15), PROTOCOL: number(16) } as const;
const BASE = { NETWORK: 1, TRANSPORT: 2 } as const;
const EQUAL = number(0);
const DROPPED = number(0);

const CHAIN_NAME = text('arriving');

/** A table of our own, with nothing in it yet. `name`: of nobody else on this host. */
export function newTable(name: string, sequence: number): Buffer {
  const table = [attribute(TABLE.NAME, text(name)), attribute(TABLE.FLAGS, number(OWNED))];
  const chain = [
    attribute(CHAIN.TABLE, text(name)),
    attribute(CHAIN.NAME, CHAIN_NAME),
    nested(CHAIN.HOOK, attribute(HOOK.NUMBER, number(PREROUTING)), attribute(HOOK.PRIORITY, number(RAW))),
    attribute(CHAIN.TYPE, text('filter')),
  ];
  return batch(
    sequence,
    message(MESSAGE.NEW_TABLE, FLAG.CREATE, sequence, table),
    message(MESSAGE.NEW_CHAIN, FLAG.CREATE, sequence, chain),
  );
}

export interface Unwanted {
  /** The interface's index. */
  readonly interface: number;
  /** `MOST_RULES` at the most. */
  readonly addresses: readonly AddressBytes[];
  /** `opening`: the first packet of each connection. */
  readonly which: 'opening' | 'all';
}

/** How many may be in one batch. */
export const MOST_RULES = 16;

/** From here on what comes by TCP, by this interface and for these addresses, is dropped. */
export function dropTcp(table: string, { interface: index, addresses, which }: Unwanted, sequence: number): Buffer {
  const rules = addresses.map((address) => {
    const elements = expressions(index, address, which).map((each) => nested(LIST_ELEMENT, each));
    const rule = [...inChain(table), nested(RULE.EXPRESSIONS, ...elements)];
    return message(MESSAGE.NEW_RULE, FLAG.CREATE | FLAG.APPEND, sequence, rule);
  });
  return batch(sequence, ...rules);
}

/** From here on nothing is dropped. */
export function dropNothing(table: string, sequence: number): Buffer {
  return batch(sequence, message(MESSAGE.DELETE_RULE, 0, sequence, inChain(table)));
}

function inChain(table: string): readonly Buffer[] {
  return [attribute(RULE.TABLE, text(table)), attribute(RULE.CHAIN, CHAIN_NAME)];
}

/** One after the other: the first that does not hold ends it. */
function expressions(index: number, address: AddressBytes, which: Unwanted['which']): readonly Buffer[] {
  const isIpv4 = address.length === 4;
  const isOpening = [loaded(BASE.TRANSPORT, FLAGS_AT, 1), masked(SYN | ACK), isEqual(Uint8Array.of(SYN))];
  return [
    told(KEY.INTERFACE),
    isEqual(hostOrder(index)),
    told(KEY.FAMILY),
    isEqual(Uint8Array.of(isIpv4 ? FAMILY.IPV4 : FAMILY.IPV6)),
    told(KEY.PROTOCOL),
    isEqual(Uint8Array.of(TCP)),
    loaded(BASE.NETWORK, isIpv4 ? 16 : 24, address.length),
    isEqual(address),
    ...(which === 'opening' ? isOpening : []),
    expression('immediate', [
      attribute(IMMEDIATE.TO, VERDICT),
      nested(IMMEDIATE.DATA, nested(DATA.VERDICT, attribute(VERDICT_CODE, DROPPED))),
    ]),
  ];
}

function told(key: Buffer): Buffer {
  return expression('meta', [attribute(META.TO, REGISTER), attribute(META.KEY, key)]);
}

/** Of a header, so many bytes at its offset. */
function loaded(base: number, offset: Bytes, length: Bytes): Buffer {
  return expression('payload', [
    attribute(PAYLOAD.TO, REGISTER),
    attribute(PAYLOAD.BASE, number(base)),
    attribute(PAYLOAD.OFFSET, number(offset)),
    attribute(PAYLOAD.LENGTH, number(length)),
  ]);
}

/** Of the byte that was loaded, these bits. */
function masked(bits: number): Buffer {
  return expression('bitwise', [
    attribute(BITWISE.FROM, REGISTER),
    attribute(BITWISE.TO, REGISTER),
    attribute(BITWISE.LENGTH, number(1)),
    nested(BITWISE.MASK, attribute(DATA.VALUE, Uint8Array.of(bits))),
    nested(BITWISE.XOR, attribute(DATA.VALUE, Uint8Array.of(0))),
  ]);
}

function isEqual(value: Uint8Array): Buffer {
  return expression('cmp', [
    attribute(COMPARE.FROM, REGISTER),
    attribute(COMPARE.OPERATION, EQUAL),
    nested(COMPARE.DATA, attribute(DATA.VALUE, value)),
  ]);
}

function expression(name: string, data: readonly Buffer[]): Buffer {
  return Buffer.concat([attribute(EXPRESSION.NAME, text(name)), nested(EXPRESSION.DATA, ...data)]);
}

function batch(sequence: number, ...messages: readonly Buffer[]): Buffer {
  const edge = (type: number) => netlinkMessage(type, FLAG.REQUEST, sequence, head(FAMILY.NONE, SUBSYSTEM), []);
  return Buffer.concat([edge(BATCH.BEGIN), ...messages, edge(BATCH.END)]);
}

function message(type: number, more: number, sequence: number, attributes: readonly Buffer[]): Buffer {
  const flags = FLAG.REQUEST | FLAG.ACK | more;
  return netlinkMessage((SUBSYSTEM << 8) | type, flags, sequence, head(FAMILY.INET, 0), attributes);
}

function head(family: number, resource: number): Buffer {
  return Buffer.of(family, 0, resource >> 8, resource & 0xff);
}

function number(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeInt32BE(value);
  return bytes;
}

/** As meta data are that are no part of a packet. */
function hostOrder(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32LE(value);
  return bytes;
}

function text(value: string): Buffer {
  return Buffer.from(`${value}\0`);
}
