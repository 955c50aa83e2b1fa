import { createHash } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import type { OwnReply } from '../../src/proxy/error-page.ts';
import type { PageFacts } from '../../src/proxy/page-facts.ts';
import { type SplashPages, splashPage } from '../../src/proxy/splash.ts';
import { compileTemplate } from '../../src/proxy/splash-template.ts';

const BUILT_IN: SplashPages = { html: {}, json: {} };

const BROWSER = 'text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8';

const FACTS: PageFacts = {
  status: 503,
  method: 'GET',
  accept: BROWSER,
  host: 'www.example.com',
  requestId: 'r-1',
  startedAt: Date.UTC(2026, 9, 1, 12),
  error: 'destination_unavailable',
  retryAfter: 29_001,
};

function show(facts: Partial<PageFacts> = {}, pages = BUILT_IN): OwnReply {
  return splashPage(pages, { ...FACTS, ...facts });
}

function field(reply: OwnReply, name: string): string | undefined {
  const index = reply.fields.findIndex((text, at) => at % 2 === 0 && text === name);
  return index === -1 ? undefined : reply.fields[index + 1];
}

describe('every splash page', () => {
  test.each([
    ['HTML', BROWSER, 'text/html; charset=utf-8'],
    ['text', 'text/plain', 'text/plain; charset=utf-8'],
    ['JSON', 'application/json', 'application/json'],
    ['a problem', 'application/problem+json', 'application/problem+json'],
  ])('as %s says what it is, when to come back, and that it is not to be kept', (_, accept, type) => {
    const reply = show({ accept });
    expect(reply.status).toBe(503);
    expect(field(reply, 'content-type')).toBe(type);
    expect(field(reply, 'content-length')).toBe(String(reply.body?.length));
    expect(field(reply, 'retry-after')).toBe('30');
    expect(field(reply, 'cache-control')).toBe('no-store');
    expect(field(reply, 'vary')).toBe('Accept');
    expect(field(reply, 'x-content-type-options')).toBe('nosniff');
  });

  test.each([BROWSER, 'text/plain', 'application/json'])('answers HEAD with the fields of GET: %s', (accept) => {
    const head = show({ accept, method: 'HEAD' });
    expect(head.fields).toEqual(show({ accept }).fields);
    expect(head.body).toBeUndefined();
  });

  test('counts bytes, not characters', () => {
    const reply = show({}, { html: { index: compileTemplate('größer') }, json: {} });
    expect(field(reply, 'content-length')).toBe('8');
  });
});

describe("a site's own pages", () => {
  const pages: SplashPages = {
    html: { '503': compileTemplate('busy {{host}}'), index: compileTemplate('down {{host}}') },
    json: { index: compileTemplate('{"host":"{{host}}","retry":{{retry_after}}}') },
  };

  test('are shown by status', () => {
    expect(String(show({ status: 503 }, pages).body)).toBe('busy www.example.com');
    expect(String(show({ status: 504 }, pages).body)).toBe('down www.example.com');
  });

  test('are escaped as HTML or as JSON', () => {
    const host = '"><script>';
    expect(String(show({ host }, pages).body)).toBe('busy &#34;&#62;&#60;script&#62;');
    const json = show({ host, accept: 'application/json' }, pages).body;
    expect(JSON.parse(String(json))).toEqual({ host, retry: 30 });
  });

  test('in JSON are labelled as they were asked for', () => {
    const reply = show({ accept: 'application/problem+json' }, pages);
    expect(field(reply, 'content-type')).toBe('application/problem+json');
    expect(JSON.parse(String(reply.body))).toEqual({ host: 'www.example.com', retry: 30 });
  });

  test('may load what they like', () => expect(field(show({}, pages), 'content-security-policy')).toBeUndefined());
});

describe('the built-in page', () => {
  const page = String(show().body);

  test('tells the host, the reason, and what to send to support', () => {
    expect(page).toContain('<p class="host">www.example.com</p>');
    expect(page).toContain('The servers of this site are busy or being worked on.');
    expect(page).toContain('<code>r-1</code>');
    expect(page).toContain('503 Service Unavailable');
    expect(page).toContain('2026-10-01T12:00:00Z');
  });

  test('comes back by itself after a GET', () => {
    expect(page).toContain('<meta http-equiv="refresh" content="30">');
    expect(page).toContain('in 30 seconds');
  });

  test('does not come back by itself after a POST, which would lose what was sent', () => {
    const after = String(show({ method: 'POST' }).body);
    expect(after).not.toContain('http-equiv');
    expect(after).toContain('What you sent may not have arrived.');
  });

  test('has no placeholder left', () => expect(page).not.toContain('{{'));

  test('loads nothing, and its policy allows its style sheet alone', () => {
    expect(page).not.toMatch(/<(?:script|link|img|iframe)|https?:|url\(|@import| style=/);
    const style = /<style>(.*)<\/style>/s.exec(page)?.[1] ?? '';
    const hash = createHash('sha256').update(style).digest('base64');
    expect(field(show(), 'content-security-policy')).toContain(`default-src 'none'; style-src 'sha256-${hash}'`);
  });

  test('has a language, a title, a landmark, one heading and fits a phone', () => {
    expect(page).toContain('<html lang="en">');
    expect(page).toContain('<title>Not available right now - www.example.com</title>');
    expect(page).toContain('<main>');
    expect(page.match(/<h1>/g)).toHaveLength(1);
    expect(page).toContain('content="width=device-width, initial-scale=1"');
    expect(page).toContain('prefers-color-scheme:dark');
  });
});

describe('for programs', () => {
  test('a splash is an RFC 9457 problem', () => {
    expect(JSON.parse(String(show({ accept: 'application/problem+json' }).body))).toEqual({
      type: 'about:blank',
      title: 'Service Unavailable',
      status: 503,
      detail: 'The servers of this site are busy or being worked on.',
      error: 'destination_unavailable',
      request_id: 'r-1',
      retry_after: 30,
    });
  });

  test('a splash is four lines of text', () => {
    expect(String(show({ accept: 'text/plain' }).body)).toBe(
      '503 Service Unavailable\nThe servers of this site are busy or being worked on.\nTry again in 30 s.\nRequest: r-1\n',
    );
  });
});
