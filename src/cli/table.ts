import type { InspectColor } from 'node:util';
import { type Screen, visible } from './screen.ts';

/** A table for people: aligned, without borders, no wider than the terminal. */

export interface Column {
  readonly title: string;
  /** Numbers stand at the right. */
  readonly align?: 'right';
  /** Left out where there is too little room, the highest first. Without: never. */
  readonly dispensable?: number;
}

export type Cell = string | { readonly text: string; readonly style: InspectColor };

const GAP = '  ';

/** A last column that would have less is not worth its room. */
const LEAST_LAST = 12;

/** Lines with line feeds. A table of which no cell has a text in some column does without it. */
export function table(columns: readonly Column[], rows: readonly (readonly Cell[])[], screen: Screen): string {
  const shown = fitting(
    columns.map((column, index) => ({ column, index, width: widthOf(column, rows, index) })).filter(isUsed(rows)),
    screen.width,
  );
  const head = shown.map(({ column }) => ({ text: column.title, style: 'dim' }) as const);
  const body = rows.map((row) => shown.map(({ index }) => row[index] ?? ''));
  const titled = columns.some(({ title }) => title !== '');
  return (titled ? [head, ...body] : body).map((cells) => `${line(cells, shown, screen)}\n`).join('');
}

interface Placed {
  readonly column: Column;
  readonly index: number;
  readonly width: number;
}

function isUsed(rows: readonly (readonly Cell[])[]) {
  return ({ index }: Placed) => rows.some((row) => textOf(row[index] ?? '') !== '');
}

function widthOf({ title }: Column, rows: readonly (readonly Cell[])[], index: number): number {
  return Math.max(displayWidth(title), ...rows.map((row) => displayWidth(textOf(row[index] ?? ''))));
}

/** Without columns that can be done without, until the rest fits; what is still too much, the last one loses. */
function fitting(all: readonly Placed[], limit: number): readonly Placed[] {
  let placed = all;
  while (total(placed) - spare(placed) > limit) {
    const ranks = placed.map(({ column }) => column.dispensable ?? 0);
    const highest = Math.max(0, ...ranks);
    if (highest === 0) break;
    placed = placed.filter((_, index) => ranks[index] !== highest);
  }
  const last = placed.at(-1);
  if (last === undefined || total(placed) <= limit) return placed;
  return [...placed.slice(0, -1), { ...last, width: Math.max(1, last.width - (total(placed) - limit)) }];
}

function total(placed: readonly Placed[]): number {
  return placed.reduce((sum, { width }) => sum + width, GAP.length * Math.max(0, placed.length - 1));
}

/** What the last column can lose. */
function spare(placed: readonly Placed[]): number {
  const last = placed.at(-1);
  return last === undefined || last.column.align === 'right' ? 0 : Math.max(0, last.width - LEAST_LAST);
}

function line(cells: readonly Cell[], placed: readonly Placed[], screen: Screen): string {
  const texts = cells.map((cell, index) => {
    const { column, width = 0 } = placed[index] ?? {};
    const isLast = index === cells.length - 1;
    const text = cut(textOf(cell), width);
    const space = ' '.repeat(Math.max(0, width - displayWidth(text)));
    const painted = typeof cell === 'string' ? text : screen.paint(cell.style, text);
    if (column?.align === 'right') return space + painted;
    return isLast ? painted : painted + space;
  });
  return texts.join(GAP).trimEnd();
}

function textOf(cell: Cell): string {
  return visible(typeof cell === 'string' ? cell : cell.text);
}

/** At most so wide, with `…` for what is missing. */
export function cut(text: string, width: number): string {
  if (displayWidth(text) <= width) return text;
  let kept = '';
  let used = 1;
  for (const character of text) {
    used += displayWidth(character);
    if (used > width) break;
    kept += character;
  }
  return `${kept.trimEnd()}…`;
}

/** Columns of a terminal: marks take none, and what East Asia writes takes two. */
export function displayWidth(text: string): number {
  let width = 0;
  for (const character of text) {
    if (/\p{Mark}|\p{Cf}/u.test(character)) continue;
    width +=
      /\p{Script=Han}|\p{Script=Hiragana}|\p{Script=Katakana}|\p{Script=Hangul}|\p{Emoji_Presentation}|[\u3000-\u303f\uff00-\uff60]/u.test(
        character,
      )
        ? 2
        : 1;
  }
  return width;
}
