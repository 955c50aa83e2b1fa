import type { z } from 'zod';
import { show } from '../../base/setting.ts';
import type { ProblemPart } from '../problem.ts';

/** What zod found, in our words: "expected …, got …", each with where it is. */
export function problemParts(error: z.ZodError, schema: z.ZodType, place: 'body' | 'query'): ProblemPart[] {
  return error.issues.flatMap((issue) => {
    const at = (path: readonly PropertyKey[]) =>
      place === 'body' ? { pointer: pointerOf(path) } : { parameter: String(path[0] ?? '') };
    if (issue.code !== 'unrecognized_keys') return [{ ...at(issue.path), detail: issue.message }];
    const known = namesAt(schema, issue.path);
    const what = place === 'body' ? 'member' : 'parameter';
    const detail =
      known.length === 0 ? `is no known ${what}` : `is no known ${what}, expected one of ${known.join(', ')}`;
    return issue.keys.map((key) => ({ ...at([...issue.path, key]), detail }));
  });
}

/** For what the schema itself has no words for. */
export function messageOf(issue: z.core.$ZodRawIssue): string | undefined {
  const what = expectation(issue);
  return what === undefined ? undefined : `expected ${what}, got ${show(issue.input)}`;
}

function expectation(issue: z.core.$ZodRawIssue): string | undefined {
  switch (issue.code) {
    case 'invalid_type':
      return TYPES[issue.expected] ?? issue.expected;
    case 'invalid_value':
      return issue.values.length === 1 ? String(issue.values[0]) : `one of ${issue.values.join(', ')}`;
    case 'too_small':
      return `at least ${issue.minimum} ${unitOf(issue.origin)}`;
    case 'too_big':
      return `at most ${issue.maximum} ${unitOf(issue.origin)}`;
    default:
      return undefined;
  }
}

const TYPES: Readonly<Record<string, string>> = {
  string: 'text',
  int: 'a whole number',
  number: 'a number',
  boolean: 'true or false',
  array: 'a list',
  object: 'a JSON object',
};

function unitOf(origin: string): string {
  return origin === 'string' ? 'characters' : origin === 'array' ? 'items' : '';
}

/** RFC 6901, as a fragment: `#/select/host`. */
function pointerOf(path: readonly PropertyKey[]): string {
  return `#${path.map((step) => `/${String(step).replaceAll('~', '~0').replaceAll('/', '~1')}`).join('')}`;
}

function namesAt(schema: z.ZodType, path: readonly PropertyKey[]): string[] {
  const { shape } = schema as Partial<z.ZodObject>;
  const [step, ...rest] = path;
  if (step === undefined) return Object.keys(shape ?? {});
  const below = shape?.[String(step)];
  return below === undefined ? [] : namesAt(below as z.ZodType, rest);
}
