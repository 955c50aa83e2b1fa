import { createHash } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import type { Socket } from 'node:net';
import { type Frame, type FrameError, readFrame, writeFrame } from './websocket-frame.ts';

/**
 * A WebSocket that sends back what it gets (RFC 6455): enough for a browser or `ws` to talk to. Frames go back as they
 * came, so a message in several frames, or of bytes, is echoed just so.
 */
export function acceptEcho(request: IncomingMessage, socket: Socket, head: Buffer): void {
  socket.on('error', () => socket.destroy());
  const key = request.headers['sec-websocket-key'];
  if (
    request.url?.split('?', 1)[0] !== '/ws' ||
    key === undefined ||
    request.headers['sec-websocket-version'] !== '13'
  ) {
    socket.end('HTTP/1.1 404 Not Found\r\nConnection: close\r\nContent-Length: 0\r\n\r\n');
    return;
  }
  socket.write(
    'HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n' +
      `Sec-WebSocket-Accept: ${acceptOf(key)}\r\n\r\n`,
  );
  echo(socket, head);
}

/** RFC 6455 §4.2.2: proves that the server understood the handshake. */
function acceptOf(key: string): string {
  return createHash('sha1').update(`${key}258EAFA5-E914-47DA-95CA-C5AB0DC85B11`).digest('base64');
}

function echo(socket: Socket, head: Buffer): void {
  let unread: Buffer = Buffer.alloc(0);

  const take = (bytes: Buffer) => {
    unread = Buffer.concat([unread, bytes]);
    for (let frame = readFrame(unread); frame !== undefined; frame = readFrame(unread)) {
      if (frame.kind === 'error' || frame.opcode === 0x8) {
        socket.off('data', take);
        socket.end(closeFrame(frame));
        return;
      }
      unread = unread.subarray(frame.size);
      const reply = replyTo(frame);
      if (reply !== undefined && !socket.write(reply)) socket.pause();
    }
  };

  socket.on('data', take);
  socket.on('drain', () => socket.resume());
  socket.on('end', () => socket.end());
  take(head);
}

/** A ping is answered by a pong, a pong by nothing, everything else by itself. */
function replyTo(frame: Frame): Buffer | undefined {
  if (frame.opcode === 0xa) return undefined;
  return writeFrame({ ...frame, opcode: frame.opcode === 0x9 ? 0xa : frame.opcode });
}

/** The client's own close, or ours with the status of what is wrong (RFC 6455 §7.4.1). */
function closeFrame(frame: Frame | FrameError): Buffer {
  if (frame.kind === 'frame') return writeFrame(frame);
  const payload = Buffer.alloc(2);
  payload.writeUInt16BE(frame.status);
  return writeFrame({ fin: true, opcode: 0x8, payload });
}
