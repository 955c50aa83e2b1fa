import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { z } from 'zod';
import { parseConfig } from '../../src/config/document.ts';
import { loadSettings } from '../../src/config/load.ts';
import { formatProblem } from '../../src/config/problem.ts';
import { jsonSchema } from '../../src/config/schema.ts';
import { settingsSchema } from '../../src/config/settings.ts';
import { settingsNamed, settingsOf } from './schema-walk.ts';

const DIRECTORY = join(import.meta.dirname, '../../config');

describe('a configuration that ships', () => {
  const names = globSync('*.yaml', { cwd: DIRECTORY }).sort();

  test('is one of these', () => {
    expect(names).toEqual(['full.yaml', 'minimal.yaml', 'quickstart.yaml']);
  });

  test.each(names)('loads without a warning: %s', (name) => {
    const result = loadSettings(join(DIRECTORY, name), {});
    expect([...(result.ok ? [] : result.problems), ...result.warnings].map(formatProblem)).toEqual([]);
  });

  test.each(names)('names the schema to editors, and fits it: %s', (name) => {
    expect(read(name).split('\n')[0]).toBe('# yaml-language-server: $schema=portico.schema.json');
    const validator = z.fromJSONSchema(jsonSchema() as Parameters<typeof z.fromJSONSchema>[0]);
    expect(validator.safeParse(parseConfig(read(name), {}).value).error).toBeUndefined();
  });
});

describe('config/full.yaml', () => {
  const schema = jsonSchema();

  test('names every setting, those without a default in a comment', () => {
    const all = new Set([...settingsOf(schema)].map(([path]) => path));
    const value = parsed(withCommentedSettings(read('full.yaml')));
    expect(new Set([...settingsNamed(value, schema)].map(({ path }) => path))).toEqual(all);
    expect(settingsSchema.safeParse(value).error).toBeUndefined();
  });

  test('has in a comment only what has no default but its absence', () => {
    const live = new Set([...settingsNamed(parsed(read('full.yaml')), schema)].map(({ path }) => path));
    const commented = [...settingsOf(schema)].filter(([path]) => !live.has(path));
    const withDefault = commented.filter(([, setting]) => setting.default !== undefined).map(([path]) => path);
    // Lists that are empty by default, and maps in place of which the default is off: the comment shows what one looks like.
    const shown = ['listeners[].certificates', 'sites[].routes', 'sites[].cache.refresh'];
    shown.push('pools.*.health_check', 'pools.*.sticky', 'siblings', 'dns', 'vrrp', 'admin');
    expect(withDefault.filter((path) => !shown.some((each) => path.startsWith(each)))).toEqual([]);
  });

  test('gives every setting the value it has when it is left out', () => {
    const whole = parsed(read('full.yaml'));
    const settings = settingsSchema.parse(whole);
    const changed: string[] = [];
    for (const { path, name, holder, required } of settingsNamed(whole, schema)) {
      if (required) continue;
      const written = holder[name];
      delete holder[name];
      if (!isSame(settingsSchema.parse(whole), settings)) changed.push(path);
      holder[name] = written;
    }
    expect(changed).toEqual([]);
  });
});

function read(name: string): string {
  return readFileSync(join(DIRECTORY, name), 'utf8');
}

function parsed(yaml: string): unknown {
  const { value, findings } = parseConfig(yaml, {});
  expect(findings).toEqual([]);
  return value;
}

/** `#name: value` is a setting, as are the lines below it that are indented; `# words` are words. */
function withCommentedSettings(yaml: string): string {
  return yaml.replaceAll(/^( *)#(\w+:| {2})/gm, '$1$2');
}

function isSame(a: unknown, b: unknown): boolean {
  return JSON.stringify(a) === JSON.stringify(b);
}
