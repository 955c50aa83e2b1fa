import type { IncomingMessage } from 'node:http';
import { BODY_LIMIT } from './mount.ts';
import { Problem } from './problem.ts';

/** All of a request's body. Throws a `Problem` for one over `BODY_LIMIT`: what comes beyond it is read and dropped. */
export function readBody(request: IncomingMessage): Promise<Buffer> {
  const { promise, resolve, reject } = Promise.withResolvers<Buffer>();
  const tooLarge = new Problem('too-large', `expected at most ${BODY_LIMIT} bytes`);
  if (Number(request.headers['content-length'] ?? 0) > BODY_LIMIT) {
    reject(tooLarge);
    return promise;
  }
  const chunks: Buffer[] = [];
  let length = 0;
  request.on('data', (chunk: Buffer) => {
    length += chunk.length;
    if (length <= BODY_LIMIT) chunks.push(chunk);
    else {
      chunks.length = 0;
      reject(tooLarge);
    }
  });
  request.once('end', () => resolve(Buffer.concat(chunks)));
  request.once('close', () => reject(new Problem('bad-request', 'the body broke off')));
  return promise;
}
