// biome-ignore-all lint/suspicious/noTemplateCurlyInString: definitions of keepalived look like that
import { describe, expect, test } from 'vitest';
import { Findings } from '../../../../src/vrrp/import/findings.ts';
import { Reader } from '../../../../src/vrrp/import/lexer/reader.ts';
import { filesOf, MAIN } from '../sources.ts';

/** The logical lines of a configuration. */
function read(text: string, files: Readonly<Record<string, string>> = {}): { lines: string[]; findings: Findings } {
  const findings = new Findings();
  const reader = new Reader({ files: filesOf(files), findings, configId: 'lb1', env: { HOME: '/root' } });
  return { lines: [...reader.read(MAIN, text)].map((line) => line.text), findings };
}

function verdictOf(findings: Findings, line: number): string | undefined {
  return findings.of({ file: MAIN, line })?.verdict;
}

describe('a configuration as keepalived reads it', () => {
  test.each([
    { name: 'loses comments', text: 'a # b\n! c\n  d ! e # f', lines: ['a', 'd'] },
    { name: 'keeps what is a comment elsewhere in double quotes', text: 'a "b # c" d ! e', lines: ['a "b # c" d'] },
    { name: 'may have lines of Windows', text: 'a\r\nb\r\n', lines: ['a', 'b'] },
    { name: 'has braces alone', text: 'a { b { c } } d', lines: ['a', '{', 'b', '{', 'c', '}', '}', 'd'] },
    { name: 'has braces within double quotes', text: 'a "{ b }" { c', lines: ['a "{ b }"', '{', 'c'] },
    { name: 'is not joined by a backslash', text: 'a \\\nb', lines: ['a\\', 'b'] },
    { name: 'has what is for this host', text: '@lb1 a\n@lb2 b\n@^lb1 c\n@^lb2 d', lines: ['a', 'd'] },
    { name: 'has what is for this host behind a brace', text: 'a { @lb1 b\n@lb2 c }\n}', lines: ['a', '{', 'b', '}'] },
    {
      name: 'puts definitions in',
      text: '$A=b c\nx $A\ny${A}z\n$A\n$AB\n${B}',
      lines: ['x b c', 'yb cz', 'b c', '$AB', '$', '{', 'B', '}'],
    },
    { name: 'puts definitions in when they are used', text: '$A=1${B}\n$B=2\n${A}\n$B=3\n${A}', lines: ['12', '13'] },
    { name: 'has empty definitions', text: '$A=\nx${A}y', lines: ['xy'] },
    { name: 'has definitions for some hosts', text: '@lb1 $A=1\n@lb2 $A=2\nx $A', lines: ['x 1'] },
    { name: 'has conditions in definitions', text: '$A=@lb1\n$B=@lb2\n$A x\n$B y', lines: ['x'] },
    {
      name: 'has definitions of several lines',
      text: '$A= \\\n b ${C} \\\n c { \\\n }\n$C=1\n$A\nx $A',
      lines: ['b 1', 'c', '{', '}', 'x b 1', 'c', '{', '}'],
    },
    {
      name: 'has them within each other',
      text: '$A= \\\n a${N} \\\n b\n$B= \\\n $N=1 \\\n $A \\\n $N=2 \\\n $A\n$B',
      lines: ['a1', 'b', 'a2', 'b'],
    },
    {
      name: 'has them at the end of a line alone',
      text: '$A=a \\\nb\nx${A} y\nz${A}',
      lines: ['x$', '{', 'A', '}', 'y', 'za', 'b'],
    },
    { name: 'has sequences', text: '~SEQ(N,1,3) a$N\n~SEQ(N,2) b${N}', lines: ['a1', 'a2', 'a3', 'b1', 'b2'] },
    {
      name: 'has sequences with a step, downwards, and from definitions',
      text: '$E=5\n~SEQ(N,1,2,$E) a${N}\n~SEQ(N,3,1) b${N}\n~SEQ(N,-2) c${N}',
      lines: ['a1', 'a3', 'a5', 'b3', 'b2', 'b1', 'c-1', 'c-2'],
    },
    {
      name: 'has sequences in hexadecimal',
      text: '~SEQx(N,0x0e,0x11) fe80::${N}',
      lines: ['fe80::e', 'fe80::f', 'fe80::10', 'fe80::11'],
    },
    {
      name: 'has sequences within sequences',
      text: '~SEQ(A,0,1) ~SEQ(B,0,1) ${A}${B}',
      lines: ['00', '01', '10', '11'],
    },
    {
      name: 'has lists',
      text: '~LST(A, x, y) a${A}\n~LST({A, B}, {1, 2}, {3}) ${A}-${B}',
      lines: ['ax', 'ay', '1-2', '3-'],
    },
    {
      name: 'has lists of definitions of several lines',
      text: '$M= \\\n a${N} \\\n b\n~LST(N, 1, 2) $M',
      lines: ['a1', 'b', 'a2', 'b'],
    },
    { name: 'has comments that come with a definition', text: 'a${_HASH}b\nc ${_BANG}', lines: ['a', 'c'] },
    {
      name: 'knows where it is',
      text: '${_INSTANCE} ${_PWD} ${_ENV HOME} ${_RANDOM 3 5}',
      lines: ['lb1 /etc/keepalived /root 3'],
    },
  ])('$name', ({ text, lines }) => {
    expect(read(text).lines).toEqual(lines);
  });

  test('includes files beside the one that names them, and what these include', () => {
    const files = {
      '/etc/keepalived/conf.d/a.conf': 'a1\ninclude more/*\na2',
      '/etc/keepalived/conf.d/b.conf': 'b $X',
      '/etc/keepalived/conf.d/more/c': '$X=1\nc',
    };
    const { lines } = read('before\ninclude conf.d/*\nafter $X', files);
    expect(lines).toEqual(['before', 'a1', 'c', 'a2', 'b 1', 'after 1']);
  });

  test('tells of a file that is not there', () => {
    const { lines, findings } = read('include missing.conf\na');
    expect({ lines, verdict: verdictOf(findings, 1) }).toEqual({ lines: ['a'], verdict: 'refused' });
  });

  test('ends when files include each other', () => {
    const { lines, findings } = read('include b', {
      '/etc/keepalived/b': 'b\ninclude b',
    });
    expect(lines.length).toBeLessThan(40);
    expect(findings.of({ file: '/etc/keepalived/b', line: 2 })?.verdict).toBe('refused');
  });

  test.each([
    { name: 'contain themselves', text: '$A=x${A}\n${A}' },
    { name: 'of several lines contain themselves', text: '$A= \\\n x \\\n $A\n$A' },
    { name: 'and sequences are without end', text: '$A= \\\n ~SEQ(X,1,60000) $A \\\n y\n$A' },
    { name: 'repeat too much', text: '~SEQ(A,1,60000) ~SEQ(B,1,60000) ~SEQ(C,1,60000) x' },
    { name: 'count to the end of numbers', text: '~SEQ(A,1,9007199254740991) x' },
    {
      name: 'grow by doubling',
      text: `$A=xx\n${Array.from({ length: 40 }, (_, i) => `$A${i + 1}=\${A${i === 0 ? '' : i}}\${A${i === 0 ? '' : i}}`).join('\n')}\n\${A40}`,
    },
  ])('ends when definitions $name', ({ text }) => {
    const { lines, findings } = read(text);
    expect(lines.length).toBeLessThan(300_000);
    const told = text.split('\n').map((_, index) => verdictOf(findings, index + 1));
    expect(told).toContain('refused');
  });

  test('tells which definitions are used, and what is for other hosts', () => {
    const { findings } = read('$A=1\n$B=2\nx $A\n@lb2 y');
    expect([1, 2, 3, 4].map((line) => verdictOf(findings, line))).toEqual(['exact', 'dropped', undefined, 'dropped']);
  });
});
