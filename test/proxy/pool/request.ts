import type { RequestHead } from '../../../src/proxy/exchange.ts';
import { collectFields } from '../../../src/proxy/fields.ts';

/** A GET with these fields. */
export function parseHead(target: string, fields: readonly string[] = []): RequestHead {
  const collected = collectFields(fields);
  if (typeof collected === 'string') throw new Error(`no such fields: ${collected}`);
  return {
    method: 'GET',
    version: '1.1',
    scheme: 'http',
    authority: 'www.example.com',
    target,
    fields: collected.fields,
    known: collected.known,
  };
}
