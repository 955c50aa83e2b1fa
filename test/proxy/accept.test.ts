import { describe, expect, test } from 'vitest';
import { chooseForm } from '../../src/proxy/accept.ts';

describe('the form of our own pages', () => {
  test.each([
    ['no Accept at all', undefined, 'html'],
    ['an empty one', '', 'html'],
    ['nothing but commas', ' , ,', 'html'],
    ['curl', '*/*', 'html'],
    ['Chrome opening a page', 'text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,*/*;q=0.8', 'html'],
    ['old Java', 'text/html, image/gif, image/jpeg, *; q=.2, */*; q=.2', 'html'],
    ['axios', 'application/json, text/plain, */*', 'json'],
    ['an API client', 'application/json', 'json'],
    ['a charset beside the type', 'application/json; charset=utf-8', 'json'],
    ['capital letters', 'Application/JSON;Q=0.9, TEXT/html;Q=0.1', 'json'],
    ['a problem asked for by name', 'application/problem+json', 'problem'],
    ['a problem rather than other JSON', 'application/problem+json, application/json;q=0.9', 'problem'],
    ['other JSON rather than a problem', 'application/problem+json;q=0.5, application/json', 'json'],
    ['some dialect of JSON', 'application/vnd.api+json', 'json'],
    ['text', 'text/plain', 'text'],
    ['any text', 'text/*', 'html'],
    ['any application', 'application/*', 'json'],
  ])('is what suits %s', (_, accept, expected) => expect(chooseForm(accept)).toBe(expected));

  test.each([
    ['the higher weight', 'text/html;q=0.2, application/json;q=0.9', 'json'],
    ['the higher weight of three digits', 'text/html;q=0.899, application/json;q=0.9', 'json'],
    ['the first of equals', 'application/json, text/html', 'json'],
    ['the first of equals, the other way round', 'text/html, application/json', 'html'],
    ['the more precise of equals', '*/*, application/json', 'json'],
    ['the weight of the most precise range', 'text/*, text/html;q=0.1, application/json;q=0.5', 'text'],
    ['the higher weight of a type named twice', 'text/html;q=0.1, text/plain;q=0.5, text/html', 'html'],
    ['what is left when a type is refused', 'text/html;q=0, */*', 'text'],
    ['what is left when text is refused', 'text/*;q=0, */*;q=0.1', 'json'],
  ])('goes by %s', (_, accept, expected) => expect(chooseForm(accept)).toBe(expected));

  test.each([
    ['an image in Firefox', 'image/avif,image/webp,image/png,image/svg+xml,image/*;q=0.8,*/*;q=0.5'],
    ['a stylesheet', 'text/css,*/*;q=0.1'],
    ['an image or anything', 'image/*,*/*'],
    ['nothing that we have', 'application/xml'],
    ['all to be refused', '*/*;q=0'],
  ])('is text for who asks for %s', (_, accept) => expect(chooseForm(accept)).toBe('text'));

  test.each([
    ['a weight that is no number', 'application/json;q=high, text/plain;q=0.1', 'text'],
    ['an empty weight', 'application/json;q=, text/plain;q=0.1', 'text'],
    ['a weight above 1', 'application/json;q=2, text/plain;q=0.1', 'text'],
    ['a weight below 0', 'application/json;q=-1, text/plain;q=0.1', 'text'],
  ])('passes over %s', (_, accept, expected) => expect(chooseForm(accept)).toBe(expected));

  test('is found without reading all of an endless Accept', () => {
    expect(chooseForm(`${'a/b;q=0.1,'.repeat(3000)}application/json`)).toBe('text');
  });
});
