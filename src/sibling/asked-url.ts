import type { Question } from '../cache/inquiry.ts';

/** A URL in a question, taken apart. */
export type AskedUrl = Pick<Question, 'scheme' | 'host' | 'target'>;

/**
 * Reads a URL as caches write it when they ask each other. Nothing is put right: what is spelt otherwise than keys are
 * (a host in capitals, `:80`) is a URL to which there is no response. `other`: a URL, but of a scheme that we do not
 * serve. `undefined`: it is no URL.
 */
export function parseAskedUrl(url: string): AskedUrl | 'other' | undefined {
  const match = /^([a-z][a-z0-9+.-]*):\/\/([^/?#@\\]+)((?:[/?].*)?)$/i.exec(url);
  if (match === null || !/^[\x21\x22\x24-\x7e\x80-\xff]+$/.test(url)) return undefined;
  const [, scheme, host = '', rest = ''] = match;
  if (scheme !== 'http' && scheme !== 'https') return 'other';
  return { scheme, host, target: rest.startsWith('/') ? rest : `/${rest}` };
}
