import { findProgram, missing, type Program, requireProgram, versionOf } from './programs.ts';

/** What all servers that can be measured have in common. */
export interface Entrant {
  readonly name: string;
  /** `undefined`: it needs nothing but us. */
  readonly program: Program | undefined;
  readonly versionFlag: string;
}

/** Those that are wanted and installed; the notes say what is left out. */
export function installedKinds<K extends Entrant>(
  kinds: readonly K[],
  wanted: readonly string[],
  notes: string[],
): K[] {
  return kinds.filter(({ name, program }) => {
    if (!wanted.includes(name)) return false;
    if (program === undefined || findProgram(program) !== undefined) return true;
    notes.push(`${name} is left out: ${missing(program)}`);
    return false;
  });
}

export function versionsOf(kinds: readonly Entrant[]): Record<string, string> {
  return Object.fromEntries(
    kinds.map(({ name, program, versionFlag }) => [
      name,
      program === undefined ? `on Node ${process.versions.node}` : versionOf(requireProgram(program), versionFlag),
    ]),
  );
}

/** For the notes. */
export function leftOut({ name }: Entrant, error: unknown): string {
  return `${name} is left out: ${error instanceof Error ? error.message : String(error)}`;
}

/** Tells on standard error what is being done, on one line where that is a terminal. */
export function showProgress(seconds: number): (line: string) => void {
  const { stderr } = process;
  stderr.write(`About ${Math.ceil(seconds * 1.03)} s.\n`);
  return (line) => stderr.write(stderr.isTTY ? `\r\x1b[K${line}` : `${line}\n`);
}
