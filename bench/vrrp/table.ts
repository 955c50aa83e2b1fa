import type { Ms } from '../../src/base/units.ts';
import type { Program } from '../../test/support/vrrp-router.ts';
import type { Outcome, Trial } from './trials.ts';

/** The figures for a reader at a terminal. */

export interface VrrpRow {
  readonly trial: Trial;
  readonly pair: readonly [Program, Program];
  readonly outcomes: readonly Outcome[];
  readonly problem: string | undefined;
}

const HEAD = [
  'trial',
  'active, backup',
  'gap ms',
  'from – to',
  '/ keepalived',
  'silence ms',
  'advert to advert',
  'failed',
  'both ms',
  'stall ms',
  'aim',
];

/** Columns with text; the others hold figures and are flush right. */
const FLUSH_LEFT = new Set([0, 1, 10]);

export function formatVrrpTable(rows: readonly VrrpRow[]): string {
  const lines = [HEAD, ...rows.map((row) => cellsOf(row, rows))];
  const widths = HEAD.map((_, column) => Math.max(...lines.map((line) => line[column]?.length ?? 0)));
  return lines
    .map((line) =>
      line
        .map((cell, column) =>
          FLUSH_LEFT.has(column) ? cell.padEnd(widths[column] ?? 0) : cell.padStart(widths[column] ?? 0),
        )
        .join('  ')
        .trimEnd(),
    )
    .join('\n');
}

function cellsOf(row: VrrpRow, rows: readonly VrrpRow[]): string[] {
  const { trial, pair, outcomes, problem } = row;
  const head = [trial.name, pair.join(', ')];
  if (outcomes.length === 0) return [...head, ...HEAD.slice(3).map(() => ''), `invalid: ${problem}`];
  const gaps = outcomes.map(({ gap }) => gap);
  const silences = outcomes.flatMap(({ silence }) => silence ?? []);
  const takeovers = outcomes.flatMap(({ takeover }) => takeover ?? []);
  const ratio = ratioOf(row, rows);
  return [
    ...head,
    median(gaps).toFixed(0),
    `${Math.min(...gaps).toFixed(0)} – ${Math.max(...gaps).toFixed(0)}`,
    ratio === undefined ? '' : `${ratio.toFixed(2)} ×`,
    silences.length === 0 ? '' : median(silences).toFixed(0),
    takeovers.length === 0 ? '' : median(takeovers).toFixed(1),
    outcomes.map(({ failed }) => failed).join(' '),
    median(outcomes.map(({ double }) => double)).toFixed(1),
    Math.max(...outcomes.map(({ stall }) => stall)).toFixed(0),
    problem === undefined ? verdict(row, ratio) : `invalid: ${problem}`,
  ];
}

/** To keepalived by itself, in the same run. */
function ratioOf({ trial, outcomes, pair }: VrrpRow, rows: readonly VrrpRow[]): number | undefined {
  if (pair.every((program) => program === 'keepalived')) return undefined;
  const base = rows.find((row) => row.trial === trial && row.pair.every((program) => program === 'keepalived'));
  if (base === undefined || base.outcomes.length === 0) return undefined;
  return median(outcomes.map(({ gap }) => gap)) / median(base.outcomes.map(({ gap }) => gap));
}

function verdict({ trial: { aim }, pair: [active], outcomes }: VrrpRow, ratio: number | undefined): string {
  if (aim === undefined || (active === 'keepalived' && !('gapRatio' in aim))) return '';
  if ('gapRatio' in aim) return ratio === undefined ? '' : told(`at most ${aim.gapRatio} ×`, ratio <= aim.gapRatio);
  if ('gap' in aim)
    return told(
      `at most ${aim.gap} ms`,
      outcomes.every(({ gap }) => gap <= aim.gap),
    );
  return told(
    `${aim.failed} failed`,
    outcomes.every(({ failed }) => failed <= aim.failed),
  );
}

function told(aim: string, isMet: boolean): string {
  return `${aim}: ${isMet ? 'met' : 'missed'}`;
}

function median(figures: readonly Ms[]): Ms {
  const sorted = figures.toSorted((x, y) => x - y);
  const middle = sorted.length / 2;
  return ((sorted[Math.floor(middle)] ?? 0) + (sorted[Math.ceil(middle) - 1] ?? 0)) / 2;
}
