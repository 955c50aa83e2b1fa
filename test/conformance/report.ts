import { hasPassed, KINDS, type Kind, type TestOutcome } from './verdict.ts';

/** The outcome for a reader at a terminal. */

export interface Score {
  readonly passed: number;
  readonly all: number;
}

export function scoreOf(outcomes: readonly TestOutcome[], kind: Kind): Score {
  const ofKind = outcomes.filter((outcome) => outcome.kind === kind);
  return { passed: ofKind.filter(hasPassed).length, all: ofKind.length };
}

/** Categories down, kinds across, `passed/all`. */
export function formatScores(outcomes: readonly TestOutcome[]): string {
  const categories = [...new Set(outcomes.map(({ category }) => category))];
  const rows = categories.map((category) => [
    category,
    ...scoresOf(outcomes.filter((outcome) => outcome.category === category)),
  ]);
  const lines = [['category', ...KINDS], ...rows, ['all', ...scoresOf(outcomes)]];
  return lines.map((line) => line.map((cell, column) => pad(cell, column)).join('')).join('\n');
}

function scoresOf(outcomes: readonly TestOutcome[]): string[] {
  return KINDS.map((kind) => {
    const { passed, all } = scoreOf(outcomes, kind);
    return all === 0 ? '–' : `${passed}/${all}`;
  });
}

function pad(cell: string, column: number): string {
  return column === 0 ? cell.padEnd(20) : cell.padStart(11);
}

/** A line for each that is not passed, with what the suite says of it. Checks are left out: they are no failures. */
export function formatNotPassed(outcomes: readonly TestOutcome[]): string {
  return outcomes
    .filter((outcome) => outcome.kind !== 'check' && !hasPassed(outcome))
    .map(({ id, kind, verdict, message }) =>
      `${kind} ${verdict.replace('_', ' ')}: ${id}  ${firstLine(message)}`.trimEnd(),
    )
    .sort()
    .join('\n');
}

/** A message may quote a whole body. */
function firstLine(message: string): string {
  const [line = ''] = message.split('\n');
  return line.length > 160 ? `${line.slice(0, 160)}…` : line;
}
