import { describe, expect, test } from 'vitest';
import type { Question } from '../../../src/cache/inquiry.ts';
import { type AnswerParts, answerTo } from '../../../src/sibling/icp/answer.ts';
import type { IcpMessage } from '../../../src/sibling/icp/message.ts';

const URL = 'http://www.site.test/cc/a';
const HTTPS = 'https://www.site.test/cc/a';

/** Holds all that is at www.site.test. */
const PARTS: AnswerParts = {
  mayAsk: true,
  mayAskForHttps: () => false,
  holds: ({ host }, freshFor) => host === 'www.site.test' && freshFor === 30_000,
  isBusy: () => false,
};

const blind = (url: string): IcpMessage => ({ opcode: 'QUERY', requestNumber: 1, url });
const exact = (url: string, fields: string[] = []): IcpMessage => ({
  ...{ opcode: 'EXACT_QUERY', requestNumber: 1, url, fields },
});
const OTHER = 'http://www.other.test/';

describe('a question', () => {
  test.each([
    { name: 'for what we have', answer: 'HIT' },
    { name: 'for what we have not', url: OTHER, answer: 'MISS' },
    { name: 'for what we have, while we are busy', parts: { isBusy: () => true }, answer: 'HIT' },
    {
      name: 'for what we have not, while we are busy',
      url: OTHER,
      parts: { isBusy: () => true },
      answer: 'MISS_NOFETCH',
    },
    { name: 'from a stranger', parts: { mayAsk: false }, answer: 'DENIED' },
    { name: 'for no URL', url: 'not a url', answer: 'ERR' },
    { name: 'for no URL from a stranger', url: 'not a url', parts: { mayAsk: false }, answer: 'ERR' },
    { name: 'for a URL of another scheme', url: 'ftp://www.site.test/cc/a', answer: 'MISS' },
  ])('$name: $answer', ({ url = URL, parts = {}, answer }) => {
    for (const message of [blind(url), exact(url)]) expect(answerTo(message, { ...PARTS, ...parts })).toBe(answer);
  });

  test.each([
    { name: 'without fields, by who would come by plain HTTP', message: blind(HTTPS), answer: 'MISS' },
    { name: 'without fields, by who would come by TLS', message: blind(HTTPS), may: true, answer: 'HIT' },
    { name: 'with its fields', message: exact(HTTPS), answer: 'HIT' },
  ])('for an https URL $name: $answer', ({ message, may = false, answer }) => {
    expect(answerTo(message, { ...PARTS, mayAskForHttps: () => may })).toBe(answer);
  });

  test('with fields is handed on with them, a blind one without', () => {
    const questions: Question[] = [];
    const holds = (question: Question) => questions.push(question) > 0;
    answerTo(exact(`${URL}?b`, ['accept', '*/*']), { ...PARTS, holds });
    answerTo(blind(URL), { ...PARTS, holds });
    expect(questions).toEqual([
      { scheme: 'http', host: 'www.site.test', target: '/cc/a?b', fields: ['accept', '*/*'] },
      { scheme: 'http', host: 'www.site.test', target: '/cc/a', fields: undefined },
    ]);
  });
});

test.each(['HIT', 'MISS', 'ERR', 'MISS_NOFETCH', 'DENIED', 'SECHO', 'DECHO'] as const)(
  '%s is no question',
  (opcode) => {
    expect(answerTo({ opcode, requestNumber: 1, url: URL }, PARTS)).toBeUndefined();
  },
);
