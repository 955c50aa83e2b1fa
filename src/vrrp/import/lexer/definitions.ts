import type { Place } from '../findings.ts';

/** `$NAME=VALUE`, and what stands where `$NAME` or `${NAME}` does. Values are put in when they are used. */

export interface Definition {
  readonly place: Place;
  /** More than one: of a definition of several lines, which may only stand at the end of a line. */
  readonly lines: readonly DefinedLine[];
  readonly isMultiline: boolean;
}

export interface DefinedLine {
  readonly text: string;
  readonly place: Place;
}

/** `$NAME=VALUE`. `undefined`: it is no definition. */
export function definitionIn(text: string): { readonly name: string; readonly value: string } | undefined {
  const [, name, value] = /^\$([A-Za-z_][A-Za-z0-9_]*)=[ \t]*(.*)$/s.exec(text) ?? [];
  return name === undefined || value === undefined ? undefined : { name, value };
}

export interface Replaced {
  readonly text: string;
  readonly changed: boolean;
  /** The further lines of a definition that stood at the end. */
  readonly rest: readonly DefinedLine[];
  /** It would have become longer than keepalived takes. */
  readonly isTooLong: boolean;
}

/** keepalived's own limit of a line is 1024 bytes; ours is against definitions that contain themselves. */
const LONGEST = 16_384;

/** `$NAME` needs white space, a comma, a parenthesis or the end behind it; `${NAME}` and `${NAME ARGUMENTS}` do not. */
const USE = /\$(?:\{([A-Za-z_][A-Za-z0-9_]*)((?:[ \t]+[A-Za-z0-9_]+)*)\}|([A-Za-z_][A-Za-z0-9_]*)(?=[ \t,)]|$))/;

/**
 * Puts definitions in, also those that come with what was put in. What is not defined stays as it is.
 * `find`: of a name and what stands behind it in braces.
 */
export function replaceIn(
  text: string,
  find: (name: string, args: readonly string[]) => Definition | undefined,
): Replaced {
  let done = '';
  let left = text;
  let rest: readonly DefinedLine[] = [];
  let changed = false;
  for (;;) {
    const found = USE.exec(left);
    if (found === null) return { text: done + left, changed, rest, isTooLong: false };
    const [use, braced, args = '', plain] = found;
    const after = left.slice(found.index + use.length);
    const definition = find(braced ?? (plain as string), args.split(/[ \t]+/).filter(Boolean));
    if (definition === undefined || (definition.isMultiline && after !== '')) {
      done += left.slice(0, found.index + 1);
      left = left.slice(found.index + 1);
      continue;
    }
    const [first, ...more] = definition.lines;
    changed = true;
    // What stood behind an outer definition comes after the inner one.
    if (definition.isMultiline) rest = [...more, ...rest];
    done += left.slice(0, found.index);
    left = (first?.text ?? '') + after;
    if (done.length + left.length > LONGEST || rest.length > LONGEST) {
      return { text: '', changed, rest: [], isTooLong: true };
    }
  }
}
