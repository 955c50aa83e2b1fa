import { z } from 'zod';
import type { Path } from './problem.ts';

/**
 * What the schema knows of a place in the configuration, found by walking it: zod tells what is wrong with a value, but
 * not what else could have stood there.
 */

/** The names of the settings that this version has at `path`. */
export function settingsAt(schema: z.core.$ZodType, path: Path): string[] {
  return objectsAt(schema, path).flatMap(({ shape }) =>
    Object.keys(shape).filter(
      (name) => !kindsOf(shape[name] as z.core.$ZodType).some((kind) => kind instanceof z.ZodNever),
    ),
  );
}

/**
 * Takes out sections with nothing in them: `logs:` alone on its line is null to YAML and means that all of it is left
 * at its default. Lists and single values with nothing in them stay, and are refused: `allow:` must not mean "everybody"
 * because its lines were commented out.
 */
export function withoutEmptySections(value: unknown, schema: z.core.$ZodType): unknown {
  const kinds = kindsOf(schema);
  if (Array.isArray(value)) {
    const list = kinds.find((kind) => kind instanceof z.ZodArray);
    return list === undefined ? value : value.map((item) => withoutEmptySections(item, list.element));
  }
  if (typeof value !== 'object' || value === null) return value;
  const entries = Object.entries(value).flatMap(([key, inner]) => {
    const below = kinds.map((kind) => belowMap(kind, key)).find((found) => found !== undefined);
    if (below === undefined) return [[key, inner]];
    return inner === null && isSection(below) ? [] : [[key, withoutEmptySections(inner, below)]];
  });
  return Object.fromEntries(entries);
}

function objectsAt(schema: z.core.$ZodType, path: Path): z.ZodObject[] {
  const [step, ...rest] = path;
  const kinds = kindsOf(schema);
  if (step === undefined) return kinds.filter((kind) => kind instanceof z.ZodObject);
  return kinds.flatMap((kind) => {
    const below =
      typeof step === 'string' ? belowMap(kind, step) : kind instanceof z.ZodArray ? kind.element : undefined;
    return below === undefined ? [] : objectsAt(below, rest);
  });
}

function belowMap(kind: z.core.$ZodType, key: string): z.core.$ZodType | undefined {
  if (kind instanceof z.ZodRecord) return kind.valueType;
  return kind instanceof z.ZodObject && Object.hasOwn(kind.shape, key) ? kind.shape[key] : undefined;
}

function isSection(schema: z.core.$ZodType): boolean {
  const optional = z.safeParse(schema, undefined).success;
  return optional && kindsOf(schema).some((kind) => kind instanceof z.ZodObject);
}

/** What may stand here: the schema without its wrappers, or all branches of a union. */
function kindsOf(schema: z.core.$ZodType): z.core.$ZodType[] {
  if (schema instanceof z.ZodOptional || schema instanceof z.ZodDefault || schema instanceof z.ZodPrefault) {
    return kindsOf(schema.unwrap());
  }
  if (schema instanceof z.ZodUnion) return schema.options.flatMap(kindsOf);
  return schema instanceof z.ZodPipe ? kindsOf(schema.in) : [schema];
}
