import type { z } from 'zod';
import { closest } from '../base/closest.ts';
import { show } from '../base/setting.ts';
import { settingsAt } from './known.ts';
import type { Finding, Path } from './problem.ts';

/** Says in our words what zod found: every message "expected …, got …", every path down to the setting at fault. */
export function explain(error: z.ZodError, schema: z.ZodType): Finding[] {
  return error.issues.flatMap((issue) => findingsOf(issue, [], schema));
}

/** The message for what the schema itself has no words for. Handed to `safeParse` as its `error`. */
export function stockMessage(issue: z.core.$ZodRawIssue): string | undefined {
  const what = expectation(issue);
  return what === undefined ? undefined : `expected ${what}, got ${show(issue.input)}`;
}

function findingsOf(issue: z.core.$ZodIssue, parent: Path, schema: z.ZodType): Finding[] {
  const path = [...parent, ...(issue.path as Path)];
  switch (issue.code) {
    case 'unrecognized_keys': {
      const known = settingsAt(schema, path);
      return issue.keys.map((key) => ({ path: [...path, key], atKey: true, message: unknownKey(key, known) }));
    }
    case 'invalid_key':
      return issue.issues.slice(0, 1).map(({ message }) => ({ path, atKey: true, message }));
    case 'invalid_union':
      return branchFindings(issue, path, schema) ?? [{ path, message: issue.message }];
    default:
      return [{ path, message: issue.message, atKey: issue.code === 'invalid_type' && issue.expected === 'never' }];
  }
}

/**
 * A map where a map may stand was meant as that map: the problems within it are told, rather than that it is no text
 * either. Whatever fits no branch is told once, by the union's own message.
 */
function branchFindings(union: z.core.$ZodIssueInvalidUnion, path: Path, schema: z.ZodType): Finding[] | undefined {
  const branch = union.errors.find((issues) => issues.some(isWithin));
  return branch?.flatMap((issue) => findingsOf(issue, path, schema));
}

function isWithin(issue: z.core.$ZodIssue): boolean {
  return issue.path.length > 0 || issue.code === 'unrecognized_keys';
}

function unknownKey(key: string, known: readonly string[]): string {
  const meant = closest(key, known);
  return meant === undefined
    ? `is no known setting, expected one of ${known.join(', ')}`
    : `is no known setting, did you mean ${meant}?`;
}

function expectation(issue: z.core.$ZodRawIssue): string | undefined {
  switch (issue.code) {
    case 'invalid_type':
      return TYPES[issue.expected];
    case 'invalid_value':
      return either(issue.values.map(String));
    case 'too_small':
      return issue.origin === 'array' ? `a list of at least ${issue.minimum}` : undefined;
    default:
      return undefined;
  }
}

const TYPES: Readonly<Record<string, string>> = {
  object: 'a map',
  record: 'a map',
  array: 'a list',
  string: 'text',
  number: 'a number',
  int: 'a whole number',
  boolean: 'true or false',
};

function either(options: readonly string[]): string {
  return options.length < 2 ? options.join('') : `${options.slice(0, -1).join(', ')} or ${options.at(-1)}`;
}
