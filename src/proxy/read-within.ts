import type { Readable } from 'node:stream';
import type { Ms } from '../base/units.ts';
import { ProxyError } from './error.ts';

/**
 * The chunks of a stream that a client sends. Throws `request_timeout` when one is longer in coming than `patience`, and
 * `client_disconnected` when the stream breaks. The stream is left as it is: a reader that stops early does not close
 * the client's connection.
 */
export async function* readWithin(stream: Readable, patience: Ms): AsyncGenerator<Uint8Array> {
  const chunks = stream.iterator({ destroyOnReturn: false });
  while (true) {
    const next = await within(chunks.next(), patience);
    if (next.done) return;
    yield next.value as Uint8Array;
  }
}

function within<T>(read: Promise<T>, patience: Ms): Promise<T> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => reject(new ProxyError('request_timeout')), patience);
    read.then(
      (value) => {
        clearTimeout(timer);
        resolve(value);
      },
      (cause: unknown) => {
        clearTimeout(timer);
        reject(new ProxyError('client_disconnected', String(cause), { cause }));
      },
    );
  });
}
