/**
 * Frames of RFC 6455 §5.2, as far as an echo needs them:
 *
 *      0               1               2               3
 *     +-+-+-+-+-------+-+-------------+-------------------------------+
 *     |F|R|R|R| opcode|M| payload len |  extended payload length      |
 *     |I|S|S|S|  (4)  |A|     (7)     |  (16 bits for 126, 64 for 127)|
 *     |N|V|V|V|       |S|             |                               |
 *     +-+-+-+-+-------+-+-------------+-------------------------------+
 *     |  masking key (32 bits, from clients always)  |  payload …     |
 */

export interface Frame {
  readonly kind: 'frame';
  readonly fin: boolean;
  readonly opcode: number;
  readonly payload: Buffer;
  /** How many bytes it took on the wire. */
  readonly size: number;
}

/** Not a frame that a client may send, or too long for us: the connection has to be closed with this status. */
export interface FrameError {
  readonly kind: 'error';
  readonly status: typeof PROTOCOL_ERROR | typeof MESSAGE_TOO_BIG;
}

const PROTOCOL_ERROR = 1002;
const MESSAGE_TOO_BIG = 1009;
const LONGEST_PAYLOAD = 0xffff;
const OPCODES = new Set([0x0, 0x1, 0x2, 0x8, 0x9, 0xa]);

/** The frame that a client's bytes begin with; `undefined` while it is not whole. */
export function readFrame(bytes: Buffer): Frame | FrameError | undefined {
  const [first, second] = bytes;
  if (first === undefined || second === undefined) return undefined;

  const fin = (first & 0x80) !== 0;
  const opcode = first & 0x0f;
  const isControl = opcode >= 0x8;
  const shortLength = second & 0x7f;
  const isMasked = (second & 0x80) !== 0;
  if ((first & 0x70) !== 0 || !OPCODES.has(opcode) || !isMasked || (isControl && (!fin || shortLength > 125))) {
    return { kind: 'error', status: PROTOCOL_ERROR };
  }
  if (shortLength === 127) return { kind: 'error', status: MESSAGE_TOO_BIG };

  const maskAt = shortLength === 126 ? 4 : 2;
  const payloadAt = maskAt + 4;
  if (bytes.length < payloadAt) return undefined;
  const length = shortLength === 126 ? bytes.readUInt16BE(2) : shortLength;
  const size = payloadAt + length;
  if (bytes.length < size) return undefined;

  const mask = bytes.subarray(maskAt, payloadAt);
  const payload = Buffer.from(bytes.subarray(payloadAt, size));
  for (let i = 0; i < length; i++) payload[i] = (payload[i] as number) ^ (mask[i % 4] as number);
  return { kind: 'frame', fin, opcode, payload, size };
}

/** As servers send it: without a mask. The payload has at most 65,535 bytes. */
export function writeFrame({ fin, opcode, payload }: Pick<Frame, 'fin' | 'opcode' | 'payload'>): Buffer {
  if (payload.length > LONGEST_PAYLOAD) throw new RangeError(`a payload of ${payload.length} bytes`);
  const isShort = payload.length < 126;
  const head = Buffer.alloc(isShort ? 2 : 4);
  head[0] = (fin ? 0x80 : 0) | opcode;
  head[1] = isShort ? payload.length : 126;
  if (!isShort) head.writeUInt16BE(payload.length, 2);
  return Buffer.concat([head, payload]);
}
