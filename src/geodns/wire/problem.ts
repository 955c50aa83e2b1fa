/**
 * What is wrong with a piece of text that a person wrote, in words: `expected an IPv4 address, got "1.2.3"`. Whatever
 * reads text returns it in place of what was to be read; only within one reading is it thrown.
 */
export class Problem extends Error {
  override readonly name = 'Problem';
}

/** Calls what throws a `Problem`, and returns it instead. */
export function orProblem<T>(read: () => T): T | Problem {
  try {
    return read();
  } catch (error) {
    if (error instanceof Problem) return error;
    throw error;
  }
}

/** Text within a problem's words: quoted, and not so long that it hides them. */
export function shown(text: string): string {
  return JSON.stringify(text.length > 80 ? `${text.slice(0, 77)}...` : text);
}
