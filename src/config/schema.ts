import { z } from 'zod';
import { settingsSchema } from './settings.ts';

/** As much of JSON Schema as ours needs. */
export interface JsonSchema {
  description?: string;
  default?: unknown;
  anyOf?: JsonSchema[];
  pattern?: string;
  items?: JsonSchema;
  properties?: Record<string, JsonSchema>;
  required?: string[];
  additionalProperties?: JsonSchema | false;
  [keyword: string]: unknown;
}

/**
 * The JSON Schema of a configuration file, for editors: completion, descriptions, defaults, and the common mistakes
 * underlined. It may let pass what `loadSettings` refuses, but never the other way round.
 */
export function jsonSchema(): JsonSchema {
  // Draft 7 is the newest that yaml-language-server knows in full.
  const schema = z.toJSONSchema(settingsSchema, { io: 'input', target: 'draft-07' }) as JsonSchema;
  const { $schema, ...rest } = forEditors(schema);
  // The host name of the machine that writes the schema is no one else's default.
  delete rest.properties?.node?.properties?.name?.default;
  return { $schema, title: 'The configuration of Portico', ...rest, definitions: { variable: VARIABLE } };
}

const VARIABLE: JsonSchema = { description: 'A variable of the environment', type: 'string', pattern: '\\$\\{' };

/** Turns the schema of what we read into that of what is written: in a file, `${NAME}` may stand for any value. */
function forEditors(schema: JsonSchema): JsonSchema {
  const { description, default: standard, ...rest } = schema;
  return {
    ...(description !== undefined && { description }),
    ...(standard !== undefined && !isEmptyMap(standard) && { default: standard }),
    ...orVariable(rest),
  };
}

function orVariable(schema: JsonSchema): JsonSchema {
  const { properties, required = [], items, additionalProperties, anyOf, pattern } = schema;
  if (properties !== undefined) {
    const named = Object.entries(properties).map(([name, each]) => [
      name,
      orNothing(forEditors(each), !required.includes(name)),
    ]);
    return { ...schema, properties: Object.fromEntries(named) };
  }
  if (items !== undefined) return { ...schema, items: forEditors(items) };
  if (typeof additionalProperties === 'object') {
    return { ...schema, additionalProperties: forEditors(additionalProperties) };
  }
  const reference = { $ref: '#/definitions/variable' };
  if (anyOf !== undefined && pattern === undefined) {
    return {
      ...schema,
      anyOf: [...anyOf.map((branch) => ('properties' in branch ? forEditors(branch) : branch)), reference],
    };
  }
  return isAnyText(schema) ? schema : { anyOf: [schema, reference] };
}

/** A section that may be left out may also be empty. */
function orNothing(schema: JsonSchema, optional: boolean): JsonSchema {
  if (!optional) return schema;
  if ('properties' in schema) return { ...schema, type: ['object', 'null'] };
  const isSection = schema.anyOf?.some((branch) => 'properties' in branch) === true;
  return isSection ? { ...schema, anyOf: [...(schema.anyOf ?? []), { type: 'null' }] } : schema;
}

function isAnyText({ type, pattern, ...rest }: JsonSchema): boolean {
  return type === 'string' && pattern === undefined && !('enum' in rest) && !('const' in rest);
}

function isEmptyMap(value: unknown): boolean {
  return typeof value === 'object' && !Array.isArray(value) && Object.keys(value ?? {}).length === 0;
}
