import type { JsonSchema } from '../../src/config/schema.ts';

/** Every setting that the schema has, by path: `listeners[].limits.head`, `pools.*.balance`. */
export function* settingsOf(schema: JsonSchema, path = ''): Generator<[path: string, setting: JsonSchema]> {
  const { properties = {}, items, additionalProperties, anyOf = [] } = schema;
  for (const [name, setting] of Object.entries(properties)) {
    yield [join(path, name), setting];
    yield* settingsOf(setting, join(path, name));
  }
  if (items !== undefined) yield* settingsOf(items, `${path}[]`);
  if (typeof additionalProperties === 'object') yield* settingsOf(additionalProperties, join(path, '*'));
  for (const branch of anyOf) yield* settingsOf(branch, path);
}

/** A setting that a file names: its path in the schema, and the map in the file that it may be taken out of. */
export interface NamedSetting {
  readonly path: string;
  readonly name: string;
  readonly holder: Record<string, unknown>;
  readonly required: boolean;
}

/** Every setting that `value` names. */
export function* settingsNamed(value: unknown, schema: JsonSchema, path = ''): Generator<NamedSetting> {
  const { properties, required = [], items, additionalProperties, anyOf = [] } = schema;
  if (Array.isArray(value)) {
    for (const item of items === undefined ? [] : value) yield* settingsNamed(item, items ?? {}, `${path}[]`);
  } else if (isMap(value)) {
    for (const [name, inner] of Object.entries(value)) {
      const setting = properties?.[name];
      if (setting !== undefined) {
        yield { path: join(path, name), name, holder: value, required: required.includes(name) };
        yield* settingsNamed(inner, setting, join(path, name));
      } else if (typeof additionalProperties === 'object') {
        yield* settingsNamed(inner, additionalProperties, join(path, '*'));
      }
    }
  }
  for (const branch of anyOf) yield* settingsNamed(value, branch, path);
}

function join(path: string, name: string): string {
  return path === '' ? name : `${path}.${name}`;
}

function isMap(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
