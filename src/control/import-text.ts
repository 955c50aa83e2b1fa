import type { InspectColor } from 'node:util';
import { type Screen, visible } from '../cli/screen.ts';
import type { Verdict } from '../vrrp/import/findings.ts';
import type { Imported } from '../vrrp/import/import-keepalived.ts';
import { countsOf, type ReportedFile, type ReportedLine } from '../vrrp/import/report.ts';

/** What became of each line, for people. */

export interface ToldHow {
  /** The name of a file as it was given. */
  shown(path: string): string;
  /** Files of passwords and keys that are there now. */
  readonly written: readonly string[];
  readonly screen: Screen;
}

const COLOURS: Readonly<Record<Verdict, InspectColor>> = {
  exact: 'green',
  dropped: 'dim',
  approximate: 'yellow',
  refused: 'red',
};

/** Of the longest verdict. */
const VERDICT_WIDTH = 'approximate'.length;

export function importAsText({ files, notes, secrets }: Imported, { shown, written, screen }: ToldHow): string {
  const told = files.map((file) => `${shown(file.path)}\n${linesOf(file, screen)}\n`);
  const isWritten = new Set(written);
  const left = notes.filter((note) => !secrets.some(({ file }) => isWritten.has(file) && note.startsWith(file)));
  const more =
    left.length === 0 ? '' : `No line says so, but:\n${left.map((note) => `  ${visible(note)}\n`).join('')}\n`;
  const made = written.map((file) => `written: ${visible(file)}\n`).join('');
  return `${told.join('')}${more}${made}${summary(files)}\n`;
}

function linesOf({ lines }: ReportedFile, screen: Screen): string {
  const width = Math.max(3, String(lines.at(-1)?.line ?? 0).length);
  return lines.map((line, index) => lineOf(line, lines[index - 1], width, screen)).join('');
}

/** Reasons that the line before had as well are not told again. */
function lineOf(reported: ReportedLine, before: ReportedLine | undefined, width: number, screen: Screen): string {
  const { line, verdict, text, whys } = reported;
  const isAgain = before?.verdict === verdict && before.whys.join('\n') === whys.join('\n');
  const painted = screen.paint(COLOURS[verdict], verdict.padEnd(VERDICT_WIDTH));
  const head = `  ${String(line).padStart(width)}  ${painted}  ${visible(text)}\n`;
  const indent = ' '.repeat(2 + width + 2 + VERDICT_WIDTH + 4);
  return head + (isAgain ? [] : whys).map((why) => `${indent}${visible(why)}\n`).join('');
}

function summary(files: readonly ReportedFile[]): string {
  const { exact, approximate, dropped, refused } = countsOf(files);
  const lines = exact + approximate + dropped + refused;
  const last = refused === 0 ? 'none refused' : `${refused} REFUSED`;
  return `${lines} lines: ${exact} exact, ${approximate} approximate, ${dropped} dropped, ${last}`;
}
