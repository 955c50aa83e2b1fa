import type { Probe } from './probe.ts';
import { NAMES, TYPES } from './probes-of-answers.ts';
import { COOKIES, EDNS, SIZES, SIZES_BY_TCP } from './probes-of-edns.ts';
import { HEADERS, QUESTIONS, RECORDS } from './probes-of-messages.ts';
import { SUBNETS } from './probes-of-subnets.ts';

/** All of them, by what they are about. */
export const PROBES: Readonly<Record<string, readonly Probe[]>> = {
  header: HEADERS,
  question: QUESTIONS,
  'records of a query': RECORDS,
  EDNS,
  cookies: COOKIES,
  'client subnet': SUBNETS,
  'types and classes': TYPES,
  names: NAMES,
  sizes: [...SIZES, ...SIZES_BY_TCP],
};
