// biome-ignore-all lint/suspicious/noTemplateCurlyInString: definitions of keepalived look like that
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, expect, test } from 'vitest';
import { Findings } from '../../../../src/vrrp/import/findings.ts';
import { Reader } from '../../../../src/vrrp/import/lexer/reader.ts';
import { wordsOf } from '../../../../src/vrrp/import/lexer/words.ts';
import { KeepalivedCheck } from '../../../support/keepalived.ts';
import { MAY_MAKE_LANS } from '../../../support/lan.ts';
import { describeWithPeers } from '../../../support/peers.ts';
import { tempDir } from '../../../support/temp.ts';
import { filesOf } from '../sources.ts';

/**
 * keepalived itself says how it reads: of each line that begins with a word which it does not know it tells the line and the
 * word, with comments, conditions, definitions, sequences and braces resolved.
 */
const title = MAY_MAKE_LANS ? 'keepalived' : 'keepalived (no right to make network namespaces: skipped)';
describeWithPeers(['keepalived'], title, () => {
  let check: KeepalivedCheck;
  let directory: string;

  beforeAll(async () => {
    directory = await tempDir('keepalived');
    if (MAY_MAKE_LANS) check = KeepalivedCheck.open();
  });

  test.skipIf(!MAY_MAKE_LANS)('reads lines as we do', () => {
    const path = join(directory, 'lines.conf');
    writeFileSync(path, LINES);
    expect(ourWords(path)).toEqual(theirWords(check.of(path).said));
  });

  test.skipIf(!MAY_MAKE_LANS)('reads any mixture of them as we do', () => {
    const random = numbers(20_261_121);
    const differing = Array.from({ length: 150 }, (_, index) => {
      const path = join(directory, `random-${index}.conf`);
      const text = mixture(random);
      writeFileSync(path, text);
      const [ours, theirs] = [ourWords(path, text), theirWords(check.of(path).said)];
      return JSON.stringify(ours) === JSON.stringify(theirs) ? undefined : { text, ours, theirs };
    }).filter((each) => each !== undefined);
    expect(differing.slice(0, 2)).toEqual([]);
  });
});

const LINES = String.raw`
a1 b # c
a2"x"y
"a3 q" z
a4!b
$A=foo bar
$B= \
 m1 $A \
 m2${'${A}'} \
  m3
$B
pre $B
~SEQ(N,1,3) s${'${N}'}
~SEQ(N,3) t$N u
~SEQx(H,0x9,11) h${'${H}'}
~LST({P,Q},{1,2},{3}) l${'${P}-${Q}'}
~SEQ(I,0,1) ~SEQ(J,0,1) i${'${I}j${J}'}
~SEQ(K,5,-2,1) k${'${K}'}
~SEQ(K,-2) k${'${K}'}
~SEQ(K,0) k${'${K}'}
@lb1 c1
@^lb1 c2
@other c3
@^other c4
@lb1 $CC=1
c${'${CC}'}
$EMPTY=
e${'${EMPTY}'}x
u${'${UNDEF}'}y
v$UNDEF z
w \
 next
$NEST=$A-${'${A}'}
n$NEST
n${'${NEST}'}
blk { in1
 in2 { x } } after
"q { r" s
'q1 { r' s
$ML=one \
two
${'${ML}'} tail
tail${'${ML}'}
`;

const PIECES = [
  ...['a', 'b c', '"d e"', 'f"g"h', '# x', '! y', '{', '}', ' { ', '} ', "'i j'", 'k,l', '(m)', '"{ n }"', 'o\\p'],
  ...[
    '$A',
    '${A}',
    '$B',
    '${B}x',
    '$C',
    '${U}',
    '$U',
    '@lb1 ',
    '@^lb1 ',
    '@zz ',
    '~SEQ(N,1,2) ',
    '${N}',
    '~LST(N,p,q) ',
  ],
];
const DEFINED = [
  '$A=1',
  '$A=x y',
  '$B=${A}z',
  '$A=',
  '@lb1 $B=2',
  '@zz $B=3',
  '$C= \\\n u ${A} \\\n v',
  '$C= \\\n { \\\n w \\\n }',
];

function mixture(random: (below: number) => number): string {
  const pick = (list: readonly string[]) => list[random(list.length)] as string;
  const line = () =>
    random(4) === 0 ? pick(DEFINED) : `w${random(9)}${Array.from({ length: random(5) }, () => pick(PIECES)).join(' ')}`;
  const started = () =>
    random(3) === 0 ? `${pick(['@lb1 ', '@^zz ', '~SEQ(M,1,3) ', '~LST(M,r,s) '])}x\${M}` : line();
  return `${Array.from({ length: 12 }, started).join('\n')}\n`;
}

/** Which of them keepalived tells of: all but those that it knows. */
function ourWords(path: string, text: string = LINES): string[] {
  const reader = new Reader({ files: filesOf({}), findings: new Findings(), configId: 'lb1', env: {} });
  return [...reader.read(path, text)].map((line) => wordsOf(line.text)?.[0] ?? '').filter((word) => word !== '');
}

/** It reads a file several times: the first one is told without its name. */
function theirWords(said: readonly string[]): string[] {
  return said.flatMap((line) => {
    if (!line.startsWith('(Line ')) return [];
    if (line.includes("Unexpected '{'")) return ['{'];
    const [, word] = /Unknown keyword '(.*)'$/.exec(line) ?? [];
    return word === undefined ? [] : [word];
  });
}

/** The same numbers each time. */
function numbers(seed: number): (below: number) => number {
  let state = seed;
  return (below) => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return Math.floor((state / 2 ** 32) * below);
  };
}
