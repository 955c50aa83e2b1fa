import { describe, expect, test } from 'vitest';
import { PROXY_ERRORS } from '../../src/proxy/error.ts';
import { errorPage } from '../../src/proxy/error-page.ts';
import type { PageFacts } from '../../src/proxy/page-facts.ts';

const FACTS: PageFacts = {
  status: 400,
  method: 'GET',
  accept: '*/*',
  host: '',
  requestId: 'r-1',
  startedAt: 0,
  error: 'bad_request',
  retryAfter: 0,
};

describe('the page for an error of our own', () => {
  test('is HTML that loads nothing and does not come back', () => {
    const { status, fields, body } = errorPage(FACTS);
    const page = String(body);
    expect(status).toBe(400);
    expect(page).toContain('<title>Bad Request - this site</title>');
    expect(page).toContain('<p>The request is not well formed.</p>');
    expect(page).toContain('<code>r-1</code>');
    expect(page).not.toMatch(/\{\{|http-equiv/);
    expect(fields).toEqual([
      'content-type',
      'text/html; charset=utf-8',
      'content-length',
      String(body?.length),
      'cache-control',
      'no-store',
      'vary',
      'Accept',
      'x-content-type-options',
      'nosniff',
      'content-security-policy',
      expect.stringContaining("default-src 'none'"),
    ]);
  });

  test('is JSON for who asks for it, without what there is nothing to say about', () => {
    const reply = errorPage({ ...FACTS, accept: 'application/json', error: undefined });
    expect(JSON.parse(String(reply.body))).toEqual({
      type: 'about:blank',
      title: 'Bad Request',
      status: 400,
      detail: 'The request is not well formed.',
      request_id: 'r-1',
    });
  });

  test('is three lines of text for who asks for that', () => {
    const reply = errorPage({ ...FACTS, accept: 'text/plain' });
    expect(String(reply.body)).toBe('400 Bad Request\nThe request is not well formed.\nRequest: r-1\n');
  });

  test('says when to come back, where that is of use', () => {
    expect(errorPage({ ...FACTS, status: 503, retryAfter: 500 }).fields.slice(-2)).toEqual(['retry-after', '1']);
  });

  test('has no body for HEAD', () => expect(errorPage({ ...FACTS, method: 'HEAD' }).body).toBeUndefined());

  test.each(Object.entries(PROXY_ERRORS))('has words for %s, and none about the program', (error, { status }) => {
    const page = String(errorPage({ ...FACTS, status, error: error as keyof typeof PROXY_ERRORS }).body);
    expect(page).toMatch(/<h1>[A-Z][A-Za-z -]+<\/h1>\n<p>[A-Z][^<]+\.<\/p>/);
    expect(page).not.toMatch(/portico|node/i);
  });
});
