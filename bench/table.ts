import type { Aim, Row } from './figures.ts';

/** The figures for a reader at a terminal. */

/** `unit`: what is counted. */
const headOf = (unit: string) =>
  ['work', 'server', `${unit}/CPU-s`, 'spread', `${unit}/s`, 'cores busy', 'Portico / it', 'aim'] as const;

/** Columns with text; the others hold figures and are flush right. */
const FLUSH_LEFT = new Set([0, 1, 7]);

export function formatTable(rows: readonly Row[], unit: string): string {
  const head = headOf(unit);
  const cells = rows.map((row, index) => cellsOf(row, row.work !== rows[index - 1]?.work));
  const all = [[...head], ...cells];
  const widths = head.map((_, column) => Math.max(...all.map((line) => line[column]?.length ?? 0)));
  const lines = all.map((line) =>
    line
      .map((cell, column) => (FLUSH_LEFT.has(column) ? cell.padEnd(widths[column] ?? 0) : pad(cell, widths[column])))
      .join('  ')
      .trimEnd(),
  );
  const gaps = cells.flatMap(([work], index) => (work === '' ? [] : [index + 1]));
  return lines.flatMap((line, index) => (gaps.includes(index) ? ['', line] : [line])).join('\n');
}

function cellsOf(row: Row, first: boolean): string[] {
  const name = first ? row.work : '';
  if (row.problems.length > 0) return [name, row.server, '–', '', '', '', '', `invalid: ${row.problems.join(', ')}`];
  const ratio = row.ratio === undefined ? '' : `${row.ratio.toFixed(2)} ×`;
  const figures = [thousands(row.requestsPerCpuSecond), `± ${percent(row.spread)}`];
  return [name, row.server, ...figures, thousands(row.requestsPerSecond), row.coresBusy.toFixed(2), ratio, aimOf(row)];
}

function aimOf({ ratio, aim, own }: Row): string {
  if (own !== undefined) return `${own.ratio.toFixed(2)} × ${own.aim.peer}, ${verdictOn(own.aim, own.ratio)}`;
  return aim === undefined ? '' : verdictOn(aim, ratio);
}

function verdictOn(aim: Aim, ratio: number | undefined): string {
  const verdict = ratio === undefined ? '' : ratio >= aim.ratio ? ': met' : ': missed';
  const later = aim.later === undefined ? '' : `, later ${aim.later.toFixed(2)} ×`;
  return `at least ${aim.ratio.toFixed(2)} ×${verdict}${later}`;
}

function pad(cell: string, width = 0): string {
  return cell.padStart(width);
}

function thousands(figure: number): string {
  return `${(figure / 1000).toFixed(figure < 10_000 ? 2 : 1)} k`;
}

function percent(share: number): string {
  return `${(share * 100).toFixed(0)} %`;
}
