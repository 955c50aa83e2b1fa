import type { Ms } from '../base/units.ts';

/** What a check found, in words for an operator: short, on one line, and the same each time for the same thing. */

/** What a check waits for. */
export type Awaited = 'connection' | 'end of the TLS handshake' | 'answer' | 'end of the answer';

export function overdue(awaited: Awaited, limit: Ms): string {
  return `no ${awaited} within ${inWords(limit)}`;
}

export function unexpectedStatus(expected: readonly (readonly [number, number])[], got: number): string {
  const ranges = expected.map(([from, to]) => (from === to ? String(from) : `${from}-${to}`));
  return `expected status ${ranges.join(',')}, got ${got}`;
}

export function failure(error: unknown, awaited: Awaited): string {
  const { code, message, reason } = told(error);
  const known = BY_CODE[code];
  if (known !== undefined) return known;
  // Node has one code for both, and says by the message which it was.
  if (code === 'ECONNRESET') return `connection ${message.includes(code) ? 'reset' : 'closed'} before the ${awaited}`;
  if (code === 'EPIPE') return `connection closed before the ${awaited}`;
  if (code.startsWith('HPE_')) return short(`not an HTTP response: ${message.replace(/^Parse Error: /, '')}`);
  if (CERTIFICATE.test(code)) return short(`certificate refused: ${message}`);
  if (/^(EPROTO$|ERR_SSL_|ERR_TLS_|ERR_OSSL_)/.test(code)) return short(`TLS: ${reason ?? message}`);
  return short(message);
}

/** 2000 ▸ `2s`, 1500 ▸ `1500ms`, 120 000 ▸ `2m`. */
function inWords(time: Ms): string {
  if (time % 60_000 === 0 && time > 0) return `${time / 60_000}m`;
  return time % 1000 === 0 ? `${time / 1000}s` : `${time}ms`;
}

const BY_CODE: Readonly<Record<string, string>> = {
  ECONNREFUSED: 'connection refused',
  ENOTFOUND: 'the name of the host is not known',
  EAI_AGAIN: 'the name server does not answer',
  EHOSTUNREACH: 'no route to the host',
  ENETUNREACH: 'no route to the host',
  ETIMEDOUT: 'no connection: the host does not answer',
  EADDRNOTAVAIL: 'no local port or address is free',
};

/** Verification failures as Node and OpenSSL call them. */
const CERTIFICATE =
  /^(ERR_TLS_CERT|CERT_|UNABLE_TO_|DEPTH_ZERO_|SELF_SIGNED_|ERROR_IN_CERT|CRL_|HOSTNAME_MISMATCH|INVALID_CA|INVALID_PURPOSE|PATH_LENGTH_EXCEEDED)/;

const LONGEST = 200;

/** The other side has a say in some messages, a certificate's names for one. */
function short(message: string): string {
  const line = message.replace(/[\p{Cc}\s]+/gu, ' ').trim();
  return line.length > LONGEST ? `${line.slice(0, LONGEST - 1)}…` : line;
}

interface Told {
  readonly code: string;
  readonly message: string;
  /** OpenSSL's own words, without the numbers and file names that stand around them. */
  readonly reason: string | undefined;
}

function told(error: unknown): Told {
  if (!(error instanceof Error)) return { code: '', message: String(error), reason: undefined };
  // One error for each address that was tried.
  const one = error instanceof AggregateError ? (error.errors.find((each) => each instanceof Error) ?? error) : error;
  const { code, message, reason } = one as NodeJS.ErrnoException & { readonly reason?: string };
  const text = message || error.message || error.name;
  return { code: String(code ?? ''), message: text, reason: reason ?? OPENSSL_LINE.exec(text)?.[1] };
}

/** `error:0A00010B:SSL routines::wrong version number:…` */
const OPENSSL_LINE = /error:[0-9A-F]+:[^:]*:[^:]*:([^:]+):/;
