import { type Findings, type LineFinding, refused, type Verdict } from './findings.ts';
import { withoutComment } from './lexer/comments.ts';
import { definitionIn } from './lexer/definitions.ts';

/** Every line of the source that says something, with what became of it. */

export interface ReportedFile {
  readonly path: string;
  readonly lines: readonly ReportedLine[];
}

export interface ReportedLine extends LineFinding {
  readonly line: number;
  /** Without its comment; passwords are not shown. */
  readonly text: string;
}

export interface Source {
  readonly path: string;
  readonly text: string;
}

/** Blank lines, comments and lines of braces alone say nothing. A line that nobody judged is refused. */
export function reportOf(sources: readonly Source[], findings: Findings): readonly ReportedFile[] {
  return sources.map(({ path, text }) => ({
    path,
    lines: text.split('\n').flatMap((written, index): ReportedLine[] => {
      const { text: bare } = withoutComment(written.replace(/\r+$/, ''));
      const place = { file: path, line: index + 1 };
      const found = findings.of(place);
      if (found?.verdict !== 'refused' && /^[{}\s\\]*$/.test(bare)) return [];
      const { verdict, whys } = found ?? { verdict: UNREAD.verdict, whys: [UNREAD.why ?? ''] };
      return [{ line: index + 1, text: withoutSecrets(bare, findings.secrets), verdict, whys }];
    }),
  }));
}

const UNREAD = refused('it was not understood');

/** How many lines came to each verdict. */
export function countsOf(files: readonly ReportedFile[]): Readonly<Record<Verdict, number>> {
  const counts = { exact: 0, dropped: 0, approximate: 0, refused: 0 };
  for (const { lines } of files) for (const { verdict } of lines) counts[verdict]++;
  return counts;
}

const HIDDEN = '********';

/** Passwords and keys, also of hosts that are not meant, and of definitions that stand for them. */
function withoutSecrets(text: string, secrets: ReadonlySet<string>): string {
  const masked = text
    .replace(/(\bauth_pass[ \t]+)("[^"]*"?|[^\s{}]+)/g, `$1${HIDDEN}`)
    .replace(/(\bkey[ \t]+\S+[ \t]+)(?!file:)("[^"]*"?|[^\s{}]+)/g, `$1${HIDDEN}`);
  const { name, value } = definitionIn(masked.replace(/^@\S+[ \t]+/, '')) ?? {};
  const isSecret =
    value !== undefined && value !== '' && [...secrets].some((secret) => secret !== '' && secret.includes(value));
  return isSecret ? `$${name}=${HIDDEN}` : masked;
}
