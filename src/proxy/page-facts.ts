import { STATUS_CODES } from '../base/node-http.ts';
import type { Ms } from '../base/units.ts';
import type { ProxyErrorCode } from './error.ts';

/** All that a page of our own can know. An origin's name and address are not among it, so no page can give them away. */
export interface PageFacts {
  readonly status: number;
  readonly method: string;
  readonly accept: string | undefined;
  /** Empty when the request names none. */
  readonly host: string;
  readonly requestId: string;
  /** Epoch milliseconds of the request's arrival. */
  readonly startedAt: number;
  /** Told to visitors as it is, for support; never the message that goes with it. */
  readonly error: ProxyErrorCode | undefined;
  /** When to come back; 0: it is of no use. */
  readonly retryAfter: Ms;
}

/** What `{{name}}` in a page stands for. */
export const PLACEHOLDERS = {
  /** `503` */
  status: (facts) => String(facts.status),
  /** `Service Unavailable` */
  reason: (facts) => reasonOf(facts.status),
  /** A sentence in plain English: `The servers of this site took too long to answer.` */
  detail: (facts) => detailOf(facts.status),
  /** `www.example.com`, or `this site` when the request names no host. */
  host: (facts) => facts.host || 'this site',
  /** The same that stands in the access log. */
  request_id: (facts) => facts.requestId,
  /** Whole seconds, as in the Retry-After field: `30` */
  retry_after: (facts) => String(secondsOf(facts.retryAfter)),
  /** The same in words: `30 seconds`, `5 minutes` */
  retry_in: (facts) => inWords(secondsOf(facts.retryAfter)),
  /** When the request came, in UTC: `2026-10-01T12:00:00Z` */
  time: (facts) => `${new Date(facts.startedAt).toISOString().slice(0, 19)}Z`,
  /** The error's name in RFC 9209, such as `connection_timeout`; empty when there is none. */
  error: (facts) => facts.error ?? '',
} as const satisfies Record<string, (facts: PageFacts) => string>;

export type Placeholder = keyof typeof PLACEHOLDERS;

/** 413 has had its new name since RFC 9110; Node keeps the old one. */
export function reasonOf(status: number): string {
  return status === 413 ? 'Content Too Large' : (STATUS_CODES[status] ?? 'Error');
}

export function detailOf(status: number): string {
  return DETAILS[status] ?? (status < 500 ? 'This request cannot be answered.' : 'Something went wrong on our side.');
}

/** Rounded up: who comes back too early finds nothing new. */
export function secondsOf(time: Ms): number {
  return Math.ceil(time / 1000);
}

/** Says what happened, and what to do where something can be done. No word on how the site is built. */
const DETAILS: Readonly<Record<number, string>> = {
  400: 'The request is not well formed.',
  403: 'You are not allowed to open this.',
  404: 'There is nothing here.',
  405: 'This method is not allowed here.',
  408: 'The request took too long to arrive.',
  413: 'What was sent is larger than this site accepts.',
  414: 'The address is too long.',
  417: 'The request expects what this site does not offer.',
  421: 'The request was meant for another site.',
  431: 'The request carries too much. Deleting the cookies of this site often helps.',
  501: 'The request asks for what this site does not support.',
  502: 'The servers of this site gave no proper answer.',
  503: 'The servers of this site are busy or being worked on.',
  504: 'The servers of this site took too long to answer.',
  505: 'This version of HTTP is not supported.',
  508: 'The request came back to where it had been before.',
};

/** In the unit that a person would use, in one number. */
function inWords(seconds: number): string {
  if (seconds < 120) return seconds === 1 ? '1 second' : `${seconds} seconds`;
  if (seconds < 2 * 3600) return `${Math.ceil(seconds / 60)} minutes`;
  if (seconds < 2 * 86_400) return `${Math.ceil(seconds / 3600)} hours`;
  return `${Math.ceil(seconds / 86_400)} days`;
}
