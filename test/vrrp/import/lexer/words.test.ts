import { describe, expect, test } from 'vitest';
import { withoutComment } from '../../../../src/vrrp/import/lexer/comments.ts';
import { shellWordsOf, wordsOf } from '../../../../src/vrrp/import/lexer/words.ts';

describe('words of a line', () => {
  test.each([
    { text: 'a  b\tc', words: ['a', 'b', 'c'] },
    { text: 'a "b c" d', words: ['a', 'b c', 'd'] },
    { text: 'a"b c"d', words: ['a', 'b c', 'd'] },
    { text: "a 'b c'", words: ['a', "'b", "c'"] },
    { text: 'a ""', words: ['a', ''] },
    { text: 'a "b', words: undefined },
    { text: '', words: [] },
  ])('$text', ({ text, words }) => {
    expect(wordsOf(text)).toEqual(words);
  });
});

describe('words of a program', () => {
  test.each([
    { text: 'a "b c" d', words: ['a', 'b c', 'd'] },
    { text: 'abcd" efg h jkl "mnop', words: ['abcd efg h jkl mnop'] },
    { text: `a 'b "c" d'`, words: ['a', 'b "c" d'] },
    { text: String.raw`a "b \"c\" d"`, words: ['a', 'b "c" d'] },
    { text: String.raw`\x41\102\cA\n\q\\`, words: ['AB\x01\nq\\'] },
    { text: String.raw`a\ b`, words: ['a b'] },
    { text: "a ''", words: ['a', ''] },
    { text: 'a "b', words: undefined },
    { text: 'a\\', words: undefined },
  ])('$text', ({ text, words }) => {
    expect(shellWordsOf(text)).toEqual(words);
  });
});

describe('a comment', () => {
  test.each([
    { line: ' a # b', text: 'a', isQuoteOpen: false },
    { line: 'a "# b" ! c', text: 'a "# b"', isQuoteOpen: false },
    { line: String.raw`a \# b \! c`, text: 'a # b ! c', isQuoteOpen: false },
    { line: String.raw`a "\# b"`, text: String.raw`a "\# b"`, isQuoteOpen: false },
    { line: 'a "b', text: 'a "b', isQuoteOpen: true },
    { line: 'a   \\', text: 'a\\', isQuoteOpen: false },
  ])('$line', ({ line, ...expected }) => {
    expect(withoutComment(line)).toEqual(expected);
  });
});
