import { isIPv4, isIPv6, type Socket } from 'node:net';
import { formatAddress, normalizeAddress } from '../base/address.ts';
import type { Ms } from '../base/units.ts';
import type { Endpoints } from './exchange.ts';

/**
 * The PROXY protocol, versions 1 and 2, as HAProxy's proxy-protocol.txt has it: a balancer in front that does not look
 * into the connection says, before its first byte, between whom it is. Nothing is guessed (§2): where a header is
 * required a connection without one is closed, and elsewhere it is nothing but a bad request.
 */

export interface ProxyHeader {
  readonly kind: 'header';
  /** Its bytes; what follows belongs to the connection. */
  readonly length: number;
  /** `undefined`: the balancer speaks for itself, or of something else than TCP. The connection's own ends hold. */
  readonly endpoints: Endpoints | undefined;
}

export type ProxyHeaderParse =
  | ProxyHeader
  | { readonly kind: 'incomplete' }
  | { readonly kind: 'invalid'; readonly reason: string };

/** §2.1: the longest line, PROXY UNKNOWN with two full IPv6 addresses, CRLF included. */
const MAX_LINE = 107;

/** Address block and TLVs of version 2. Senders use a few hundred bytes at most; the field would allow 64 KiB. */
const MAX_V2_LENGTH = 4096;

const V1_START = [...Buffer.from('PROXY ')];
const V2_SIGNATURE = [0x0d, 0x0a, 0x0d, 0x0a, 0x00, 0x0d, 0x0a, 0x51, 0x55, 0x49, 0x54, 0x0a];
const LF = 0x0a;
const CR = 0x0d;

const INCOMPLETE = { kind: 'incomplete' } as const;

/** Reads the header that `bytes` begin with. What can never become one is invalid at its first wrong byte. */
export function parseProxyHeader(bytes: Uint8Array): ProxyHeaderParse {
  if (agrees(bytes, V2_SIGNATURE)) return parseV2(bytes);
  if (agrees(bytes, V1_START)) return parseV1(bytes);
  return invalid('the connection does not begin with a PROXY header');
}

/**
 * §2.1. One line of ASCII; of UNKNOWN, what stands behind it is ignored:
 *
 *     PROXY TCP4 192.0.2.1 198.51.100.1 56324 443␍␊
 *     PROXY TCP6 2001:db8::1 2001:db8::2 56324 443␍␊
 *     PROXY UNKNOWN …␍␊
 *           family source destination and their ports, one space between
 */
function parseV1(bytes: Uint8Array): ProxyHeaderParse {
  const seen = bytes.subarray(0, MAX_LINE);
  const end = seen.findIndex((byte) => byte === CR || byte === LF);
  if (end === -1 || (end === seen.length - 1 && seen[end] === CR)) {
    return seen.length < MAX_LINE ? INCOMPLETE : invalid(`the line is longer than ${MAX_LINE} bytes`);
  }
  if (seen[end] !== CR || seen[end + 1] !== LF) return invalid('the line does not end with CR LF');

  const length = end + 2;
  const line = String.fromCharCode(...seen.subarray(V1_START.length, end));
  const [family, source = '', destination = '', sourcePort = '', destinationPort = '', ...more] = line.split(' ');
  if (family === 'UNKNOWN') return { kind: 'header', length, endpoints: undefined };

  const isFamily = family === 'TCP4' ? isIPv4 : family === 'TCP6' ? isUnzonedIPv6 : undefined;
  if (isFamily === undefined) return invalid('the family is none of TCP4, TCP6 and UNKNOWN');
  if (more.length > 0) return invalid('the line has too many fields');
  if (!isFamily(source) || !isFamily(destination)) return invalid(`an address is not one of ${family}`);
  if (!isPort(sourcePort) || !isPort(destinationPort)) return invalid('a port is not a number from 0 to 65535');

  const endpoints = {
    remoteAddress: normalizeAddress(source) as string,
    remotePort: Number(sourcePort),
    localAddress: normalizeAddress(destination) as string,
    localPort: Number(destinationPort),
  };
  return { kind: 'header', length, endpoints };
}

/**
 * §2.2. Integers are big-endian; `length` counts what follows it:
 *
 *      0                                  12     13     14       16
 *     +----------------------------------+---+---+---+---+--------+------------------+------------
 *     | signature 0D 0A 0D 0A 00 0D 0A   |ver|cmd|fam|tra| length | addresses, ports | TLVs …
 *     |           51 55 49 54 0A         | 2 |   |   |   |        | 12, 36, 216      |
 *     +----------------------------------+---+---+---+---+--------+------------------+------------
 *
 *     command    0 LOCAL    1 PROXY
 *     family     0 UNSPEC   1 INET: source 4, destination 4, ports 2 + 2
 *                           2 INET6: source 16, destination 16, ports 2 + 2    3 UNIX: 108 + 108
 *     transport  0 UNSPEC   1 STREAM   2 DGRAM
 */
function parseV2(bytes: Uint8Array): ProxyHeaderParse {
  const [versionAndCommand, familyAndTransport] = bytes.subarray(12, 14);
  if (versionAndCommand === undefined) return INCOMPLETE;
  if (versionAndCommand >> 4 !== 2) return invalid('the version is not 2');
  const command = versionAndCommand & 15;
  if (command > 1) return invalid('the command is neither LOCAL nor PROXY');
  if (bytes.length < 16) return INCOMPLETE;

  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const following = view.getUint16(14);
  if (following > MAX_V2_LENGTH) return invalid(`it announces more than ${MAX_V2_LENGTH} bytes`);
  const length = 16 + following;
  if (bytes.length < length) return INCOMPLETE;
  // LOCAL: "must … discard the protocol block including the family which is ignored".
  if (command === 0) return { kind: 'header', length, endpoints: undefined };

  const family = (familyAndTransport as number) >> 4;
  const transport = (familyAndTransport as number) & 15;
  const addressLength = [0, 12, 36, 216][family];
  if (addressLength === undefined || transport > 2) return invalid('the family or the transport is unknown');
  // Whoever does not say over what leaves open where its TLVs begin.
  if (family === 0 || transport === 0) return { kind: 'header', length, endpoints: undefined };
  if (following < addressLength) return invalid('it is too short for its addresses');

  const reason = wrongTlv(bytes.subarray(0, length), 16 + addressLength);
  if (reason !== undefined) return invalid(reason);
  // "automatically falls back to the UNSPEC mode for the valid combinations … that it does not support": UNIX, UDP.
  const tcp = transport === 1 && family !== 3;
  return { kind: 'header', length, endpoints: tcp ? readEndpoints(view, family === 1 ? 4 : 16) : undefined };
}

function readEndpoints(view: DataView, addressBytes: 4 | 16): Endpoints {
  const word = (at: number) => view.getUint32(at);
  const address = (at: number) => {
    if (addressBytes === 4) return formatAddress(word(at));
    const text = formatAddress([word(at), word(at + 4), word(at + 8), word(at + 12)]);
    return normalizeAddress(text) as string; // a mapped one is IPv4
  };
  const ports = 16 + 2 * addressBytes;
  return {
    remoteAddress: address(16),
    remotePort: view.getUint16(ports),
    localAddress: address(16 + addressBytes),
    localPort: view.getUint16(ports + 2),
  };
}

const TYPE_CRC32C = 0x03;

/**
 * §2.2, §2.2.3. Extensions are skipped, but they must fill the header exactly, and a checksum among them must be right.
 *
 *     +------+--------+---------------+
 *     | type | length | value …       |     CRC32C: type 3, length 4, over the header with these four bytes at 0
 *     |  1   |   2    | length bytes  |
 *     +------+--------+---------------+
 */
function wrongTlv(header: Uint8Array, start: number): string | undefined {
  const view = new DataView(header.buffer, header.byteOffset, header.byteLength);
  let checksum: number | undefined;
  for (let at = start; at < header.length; ) {
    const value = at + 3;
    const next = value > header.length ? value : value + view.getUint16(at + 1);
    if (next > header.length) return 'an extension is cut off';
    if (header[at] === TYPE_CRC32C) {
      if (next - value !== 4) return 'the checksum is not four bytes long';
      if (checksum !== undefined) return 'it has two checksums';
      checksum = value;
    }
    at = next;
  }
  if (checksum === undefined) return undefined;
  const zeroed = new Uint8Array(header).fill(0, checksum, checksum + 4);
  return crc32c(zeroed) === view.getUint32(checksum) ? undefined : 'the checksum is wrong';
}

/** RFC 9260 appendix A (Castagnoli); `node:zlib` has the other CRC-32. Bit by bit: a header is short, and one a connection. */
function crc32c(bytes: Uint8Array): number {
  let crc = 0xffff_ffff;
  for (const byte of bytes) {
    crc ^= byte;
    for (let bit = 0; bit < 8; bit++) crc = (crc >>> 1) ^ (crc & 1 ? 0x82f6_3b78 : 0);
  }
  return ~crc >>> 0;
}

/** Why no header was read: it is `invalid`, took too long (`timeout`), or the connection was `closed` before its end. */
export interface ProxyHeaderFailure {
  readonly kind: 'invalid' | 'timeout' | 'closed';
  readonly reason: string;
}

/**
 * Takes the header, and no byte more, off a connection on which nothing was read or listened to before. After a failure
 * the socket is destroyed. Otherwise `done` must hand it on before it returns: an end or an error that comes next finds
 * no listener of ours any more, which is why this is a callback and not a promise.
 *
 * Best handed on to the `connection` listener of the server that accepted it, which ours stood in for. By
 * `emit('connection', socket)` a server that does not listen itself takes it too, but such an `http.Server` never looks
 * at its `headersTimeout` and `requestTimeout`. For half-closed clients the socket needs `allowHalfOpen`.
 */
export function readProxyHeader(
  socket: Socket,
  deadline: Ms,
  done: (outcome: ProxyHeader | ProxyHeaderFailure) => void,
): void {
  let bytes: Uint8Array = new Uint8Array(0);
  const onReadable = () => {
    for (let chunk: Buffer | null = socket.read(); chunk !== null; chunk = socket.read()) {
      bytes = bytes.length === 0 ? chunk : Buffer.concat([bytes, chunk]);
      const parse = parseProxyHeader(bytes);
      if (parse.kind === 'incomplete') continue;
      if (parse.kind === 'invalid') return fail('invalid', parse.reason);
      stop();
      if (bytes.length > parse.length) socket.unshift(bytes.subarray(parse.length));
      return done(parse);
    }
  };
  const onEnd = () => fail('closed', `the connection ended after ${bytes.length} bytes`);
  const onError = (error: Error) => fail('closed', error.message);
  const timer = setTimeout(() => fail('timeout', `no whole PROXY header within ${deadline} ms`), deadline);
  socket.on('readable', onReadable).on('end', onEnd).on('close', onEnd).on('error', onError);

  function stop(): void {
    clearTimeout(timer);
    socket.off('readable', onReadable).off('end', onEnd).off('close', onEnd).off('error', onError);
  }

  function fail(kind: ProxyHeaderFailure['kind'], reason: string): void {
    stop();
    socket.destroy();
    done({ kind, reason });
  }
}

function invalid(reason: string): ProxyHeaderParse {
  return { kind: 'invalid', reason };
}

/** Whether they are alike as far as both go. */
function agrees(bytes: Uint8Array, expected: readonly number[]): boolean {
  for (let i = 0; i < bytes.length && i < expected.length; i++) {
    if (bytes[i] !== expected[i]) return false;
  }
  return true;
}

function isUnzonedIPv6(text: string): boolean {
  return isIPv6(text) && !text.includes('%');
}

/** "Heading zeroes are not permitted." */
function isPort(text: string): boolean {
  return /^(0|[1-9]\d{0,4})$/.test(text) && Number(text) <= 65_535;
}
