/** What a path is compared with in settings: `/prefix`, `= /exact` or `~ expression`. */

/** How messages and editors name the form. */
export const PATH_PATTERN = '"/prefix", "= /exact" or "~ regular expression"';

/** What such a text begins with, whatever follows. */
export const PATH_PATTERN_START = /^(\/|= \/|~ )/;

export function isPathPattern(input: string): boolean {
  if (!input.startsWith('~ ')) return input.startsWith('= /') || input.startsWith('/');
  try {
    new RegExp(input.slice(2));
    return true;
  } catch {
    return false;
  }
}
