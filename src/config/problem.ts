/** What is wrong with a configuration, and where. */
export interface Problem {
  readonly file: string;
  /** Absent when the problem is with the file as a whole. */
  readonly position?: Position;
  readonly path: Path;
  /** What is wrong and what was expected, on one line. */
  readonly message: string;
}

/** Line and column, both from 1, as editors count. */
export interface Position {
  readonly line: number;
  readonly column: number;
}

/** Keys and indices from the top of the document to a setting. */
export type Path = readonly (string | number)[];

/** A problem that a check found. It knows the setting; the loader knows the place of the setting in the file. */
export interface Finding {
  readonly path: Path;
  readonly message: string;
  /** Whether the key itself is at fault rather than its value. */
  readonly atKey?: boolean;
  /** The place in the text, where that is known better. */
  readonly offset?: number;
  /** It is in a file that the setting names: `FILE`, or `FILE:LINE`. */
  readonly elsewhere?: string;
  /** Warnings do not keep a configuration from being used. */
  readonly severity?: 'warning';
}

/** `file:line:column path: what is wrong, what was expected` */
export function formatProblem({ file, position, path, message }: Problem): string {
  const place = position === undefined ? file : `${file}:${position.line}:${position.column}`;
  return path.length === 0 ? `${place}: ${message}` : `${place} ${formatPath(path)}: ${message}`;
}

/** `pools.app.origins[1].weight`; keys that would be misread are quoted: `pools["app.v2"]`. */
export function formatPath(path: Path): string {
  return path.map(formatStep).join('');
}

function formatStep(step: string | number, index: number): string {
  if (typeof step === 'number') return `[${step}]`;
  if (!/^[\w-]+$/.test(step)) return `[${JSON.stringify(step)}]`;
  return index === 0 ? step : `.${step}`;
}
