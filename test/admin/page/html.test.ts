import { describe, expect, test } from 'vitest';
import { type Content, html } from '../../../src/admin/page/html.ts';

describe('markup', () => {
  test.each([
    { name: 'marks', content: `<b a="1" c='2'>&`, expected: '&lt;b a=&quot;1&quot; c=&#39;2&#39;&gt;&amp;' },
    { name: 'entities that are there already', content: '&amp;', expected: '&amp;amp;' },
    { name: 'controls', content: 'a\u0000b\u001bc\u0085', expected: 'a\ufffdb\ufffdc\ufffd' },
    { name: 'what turns the writing direction', content: 'a\u202egpj\u2066', expected: 'a\ufffdgpj\ufffd' },
    { name: 'tabs and line feeds, which are text', content: 'a\tb\nc', expected: 'a\tb\nc' },
    { name: 'other scripts', content: 'é 日本 שלום', expected: 'é 日本 שלום' },
    { name: 'numbers', content: 0, expected: '0' },
    { name: 'nothing', content: undefined, expected: '' },
    { name: 'what is not the case', content: false as const, expected: '' },
    { name: 'markup', content: html`<i>${'<'}</i>`, expected: '<i>&lt;</i>' },
    { name: 'lists', content: [html`<i>`, '<', ['>']], expected: '<i>&lt;&gt;' },
  ])('has $name as expected', ({ content, expected }: { content: Content; expected: string }) => {
    expect(html`<p>${content}</p>`.toString()).toBe(`<p>${expected}</p>`);
  });
});
