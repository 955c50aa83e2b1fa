import type { StoredResponse } from './stored.ts';

/** A stored response as bytes: JSON in latin1, as header fields are. */
export function encodeHead(stored: StoredResponse): Buffer {
  return Buffer.from(JSON.stringify(stored), 'latin1');
}

export function decodeHead(head: Buffer): StoredResponse {
  return JSON.parse(head.toString('latin1')) as StoredResponse;
}
