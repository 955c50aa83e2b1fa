import type { Ms } from '../../base/units.ts';
import type { Question } from '../../cache/inquiry.ts';
import { parseAskedUrl } from '../asked-url.ts';
import type { IcpAnswer, IcpMessage } from './message.ts';

/** What is stale sooner is no HIT: by the time that it has arrived it would be of little use. As Squid's. */
export const FRESH_FOR: Ms = 30_000;

export interface AnswerParts {
  readonly mayAsk: boolean;
  /** Whether a HIT for an https URL is of use to who asks without fields. */
  mayAskForHttps(): boolean;
  /** Whether we have it, and it stays fresh for so long. */
  holds(question: Question, freshFor: Ms): boolean;
  /** Whether nobody should count on us to fetch anything. */
  isBusy(): boolean;
}

/** `undefined`: it is no question; nobody is answered. */
export function answerTo(message: IcpMessage, parts: AnswerParts): IcpAnswer | undefined {
  if (message.opcode !== 'QUERY' && message.opcode !== 'EXACT_QUERY') return undefined;
  const url = parseAskedUrl(message.url);
  // In this order, as Squid.
  if (url === undefined) return 'ERR';
  if (!parts.mayAsk) return 'DENIED';
  const fields = message.opcode === 'EXACT_QUERY' ? message.fields : undefined;
  const isOfUse = url !== 'other' && (url.scheme === 'http' || fields !== undefined || parts.mayAskForHttps());
  if (isOfUse && parts.holds({ ...url, fields }, FRESH_FOR)) return 'HIT';
  return parts.isBusy() ? 'MISS_NOFETCH' : 'MISS';
}
