import { describe, expect, test } from 'vitest';
import type { PageFacts } from '../../src/proxy/page-facts.ts';
import { compileTemplate, escapeHtml, escapeJson, fillTemplate } from '../../src/proxy/splash-template.ts';

const FACTS: PageFacts = {
  status: 503,
  method: 'GET',
  accept: undefined,
  host: 'www.example.com',
  requestId: 'r-1',
  startedAt: Date.UTC(2026, 9, 1, 12, 0, 0, 999),
  error: 'connection_timeout',
  retryAfter: 30_000,
};

function fill(page: string, facts: Partial<PageFacts> = {}, escaped = escapeHtml): string {
  return fillTemplate(compileTemplate(page), { ...FACTS, ...facts }, escaped);
}

describe('a placeholder', () => {
  test.each([
    ['status', '503'],
    ['reason', 'Service Unavailable'],
    ['detail', 'The servers of this site are busy or being worked on.'],
    ['host', 'www.example.com'],
    ['request_id', 'r-1'],
    ['retry_after', '30'],
    ['retry_in', '30 seconds'],
    ['time', '2026-10-01T12:00:00Z'],
    ['error', 'connection_timeout'],
  ])('{{%s}} becomes %s', (name, value) => {
    expect(fill(`<{{${name}}}>`)).toBe(`<${value}>`);
    expect(fill(`<{{ ${name} }}>`)).toBe(`<${value}>`);
  });

  test.each(['{{origin}}', '{{toString}}', '{{constructor}}', '{{Host}}', '{{}}', '{{ host', '{host}', '{{{time'])(
    'that is none of ours stays as it is: %s',
    (page) => expect(fill(page)).toBe(page),
  );

  test('may stand beside others, at the start and at the end', () => {
    expect(fill('{{status}}{{host}} and {{status}}')).toBe('503www.example.com and 503');
  });

  test('is not looked for in values', () => {
    expect(fill('{{host}}', { host: '{{request_id}}' }, (value) => value)).toBe('{{request_id}}');
  });

  test.each([
    { name: 'host', facts: { host: '' }, value: 'this site' },
    { name: 'error', facts: { error: undefined }, value: '' },
    { name: 'reason', facts: { status: 413 }, value: 'Content Too Large' },
    { name: 'reason', facts: { status: 599 }, value: 'Error' },
    { name: 'detail', facts: { status: 599 }, value: 'Something went wrong on our side.' },
    { name: 'detail', facts: { status: 418 }, value: 'This request cannot be answered.' },
    { name: 'retry_after', facts: { retryAfter: 1001 }, value: '2' },
    { name: 'retry_in', facts: { retryAfter: 1 }, value: '1 second' },
    { name: 'retry_in', facts: { retryAfter: 119_000 }, value: '119 seconds' },
    { name: 'retry_in', facts: { retryAfter: 120_000 }, value: '2 minutes' },
    { name: 'retry_in', facts: { retryAfter: 121_000 }, value: '3 minutes' },
    { name: 'retry_in', facts: { retryAfter: 7_200_000 }, value: '2 hours' },
    { name: 'retry_in', facts: { retryAfter: 604_800_000 }, value: '7 days' },
  ])('{{$name}} of $facts is "$value"', ({ name, facts, value }) => {
    expect(fill(`{{${name}}}`, facts)).toBe(value);
  });
});

describe('escaping', () => {
  test('leaves no character with a meaning in HTML, whatever the host', () => {
    expect(fill('<a title="{{host}}">{{host}}</a>', { host: '"><script>x()' })).toBe(
      '<a title="&#34;&#62;&#60;script&#62;x&#40;&#41;">&#34;&#62;&#60;script&#62;x&#40;&#41;</a>',
    );
  });

  test.each([...'<>&"\'`=\\(){}$;#\r\n\t\0\u00a0'])('replaces %j', (char) => {
    expect(escapeHtml(`a${char}b`)).toBe(`a&#${char.charCodeAt(0)};b`);
  });

  test.each(['www.example.com:8443', '[2001:db8::1]', 'münchen.example', '日本.example', 'a-b_c~d+e/f@g'])(
    'leaves %s as it is',
    (value) => expect(escapeHtml(value)).toBe(value),
  );

  test.each(['"},{"x":"', '\\', '\u0000\n', '\ud800'])('keeps %j inside its JSON string', (host) => {
    const page = fill('{"host":"{{host}}","status":{{status}}}', { host }, escapeJson);
    expect(JSON.parse(page)).toEqual({ host, status: 503 });
  });
});
