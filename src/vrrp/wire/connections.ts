import type { Bytes } from '../../base/units.ts';
import { type AddressBytes, copied, type Family, IPV4_LENGTH, IPV6_LENGTH } from './address.ts';
import { AF, messagesIn, NETLINK_HEADER } from './netlink.ts';
import { attribute, FLAG, netlinkMessage } from './netlink-message.ts';

/** sock_diag(7): which connections of TCP there are. */

const BY_FAMILY = 20;
const TCP = 6;

/** inet_diag_req_v2: family, protocol, extensions, 0, states (4), and which socket, here any (48). */
const REQUEST: Bytes = 56;
const STATES_AT: Bytes = 4;

/** linux/inet_diag.h: a program that chooses; its operations say where it goes on, if so (1 byte) and if not (2). */
const PROGRAM = 1;
const JUMP = 1;
const OWN_ADDRESS_IS = 7;
const ANY_PORT = -1;
/** inet_diag_bc_op, and inet_diag_hostcond: family, bits, 0, port (4), address. */
const OPERATION: Bytes = 4;
const CONDITION: Bytes = 8;

/** By which states a connection is asked for, as bits (netinet/tcp.h). SYN_RECV is told as itself, or as 12. */
export const STATES = {
  /** In which a client may lose something: not those in which it has all that was sent, FIN_WAIT2 (5) and TIME_WAIT (6). */
  OPEN: bits(1, 3, 4, 8, 9, 11, 12),
  /** All but LISTEN. */
  ANY: bits(1, 2, 3, 4, 5, 6, 7, 8, 9, 11, 12),
} as const;

function bits(...states: readonly number[]): number {
  return states.reduce((all, state) => all | (1 << state), 0);
}

/** The other end of one. */
export interface Remote {
  readonly address: AddressBytes;
  readonly port: number;
}

/**
 * Asks for the connections of these addresses, all of one family, that are in some of `STATES`. Of sockets of one family: of addresses of IPv4
 * there are also those of `::ffff:0:0/96`, which are of IPv6.
 */
export function dumpConnections(
  addresses: readonly AddressBytes[],
  sockets: Family,
  states: number,
  sequence: number,
): Buffer {
  const request = Buffer.alloc(REQUEST);
  request[0] = familyNumber(sockets);
  request[1] = TCP;
  request.writeUInt32LE(states, STATES_AT);
  return netlinkMessage(BY_FAMILY, FLAG.REQUEST | FLAG.DUMP, sequence, request, [
    attribute(PROGRAM, isOneOf(addresses)),
  ]);
}

/** One condition after the other, each with a jump to the end behind it; who comes behind the end is none. */
function isOneOf(addresses: readonly AddressBytes[]): Buffer {
  const size = addresses.reduce((sum, address) => sum + conditionSize(address) + OPERATION, 0);
  const program = Buffer.alloc(size);
  let at = 0;
  addresses.forEach((address, i) => {
    const condition = conditionSize(address);
    const isLast = i === addresses.length - 1;
    program[at] = OWN_ADDRESS_IS;
    program[at + 1] = condition;
    program.writeUInt16LE(condition + OPERATION + (isLast ? OPERATION : 0), at + 2);
    program[at + OPERATION] = familyNumber(address.length === 4 ? 4 : 6);
    program[at + OPERATION + 1] = address.length * 8;
    program.writeInt32LE(ANY_PORT, at + OPERATION + 4);
    program.set(address, at + OPERATION + CONDITION);
    at += condition;
    program[at] = JUMP;
    program[at + 1] = OPERATION;
    program.writeUInt16LE(size - at, at + 2);
    at += OPERATION;
  });
  return program;
}

function conditionSize(address: AddressBytes): Bytes {
  return OPERATION + CONDITION + address.length;
}

function familyNumber(family: Family): number {
  return family === 4 ? AF.INET : AF.INET6;
}

/** inet_diag_msg, behind the header: family, state, timer, tries, ports (2 each), addresses (16 each). */
const REMOTE_PORT_AT: Bytes = NETLINK_HEADER + 6;
const REMOTE_AT: Bytes = NETLINK_HEADER + 24;
const MAPPED = Buffer.from('00000000000000000000ffff', 'hex');

/** Those that are told of in an answer. */
export function connectionsIn(datagrams: readonly Buffer[]): readonly Remote[] {
  const isOne = (message: Buffer) => message.readUInt16LE(4) === BY_FAMILY && message.length >= REMOTE_AT + IPV6_LENGTH;
  return datagrams.flatMap(messagesIn).filter(isOne).map(remoteIn);
}

function remoteIn(message: Buffer): Remote {
  const port = message.readUInt16BE(REMOTE_PORT_AT);
  const isIpv4 = message[NETLINK_HEADER] === AF.INET;
  const isMapped = message.subarray(REMOTE_AT, REMOTE_AT + MAPPED.length).equals(MAPPED);
  const from = isIpv4 || !isMapped ? REMOTE_AT : REMOTE_AT + MAPPED.length;
  return { address: copied(message, from, isIpv4 || isMapped ? IPV4_LENGTH : IPV6_LENGTH), port };
}
