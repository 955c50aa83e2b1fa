import { z } from 'zod';

/** Schemas with a name, by which the OpenAPI document refers to them: what is read is told apart from what is written. */
export const requests = z.registry<{ readonly id: string }>();
export const replies = z.registry<{ readonly id: string }>();

export function request<T extends z.ZodType>(id: string, schema: T): T {
  requests.add(schema, { id });
  return schema;
}

export function reply<T extends z.ZodType>(id: string, schema: T): T {
  replies.add(schema, { id });
  return schema;
}

export function nameOf(schema: z.ZodType): string {
  const id = (requests.get(schema) ?? replies.get(schema))?.id;
  if (id === undefined) throw new Error('a schema of the API has no name');
  return id;
}
