/**
 * What is known of an event, as plain values that can be posted to another thread and written as JSON. Errors and
 * foreign objects carry more than belongs in a log (sockets, request headers, keys), so they are told by name and by a
 * few chosen properties, never copied.
 */
export type Plain = string | number | boolean | null | readonly Plain[] | { readonly [name: string]: Plain };

export type EventFields = Readonly<Record<string, Plain>>;

/** Deeper than this is cut off: causes of causes, or a circle. */
const MAX_DEPTH = 5;

/** Never throws; what is `undefined`, a function or a symbol is left out. */
export function eventFields(fields: object): EventFields {
  try {
    return plainObject(fields, MAX_DEPTH);
  } catch (error) {
    return { unreadable: String(error) }; // a getter that throws
  }
}

function plain(value: unknown, depth: number): Plain | undefined {
  switch (typeof value) {
    case 'string':
    case 'boolean':
      return value;
    case 'number':
      return Number.isFinite(value) ? value : String(value);
    case 'bigint':
      return String(value);
    case 'object':
      return value === null ? null : plainOf(value, depth);
    default:
      return undefined;
  }
}

function plainOf(value: object, depth: number): Plain {
  if (depth === 0) return '…';
  if (value instanceof Error) return plainError(value, depth);
  if (value instanceof Date) return Number.isNaN(value.getTime()) ? 'Invalid Date' : value.toISOString();
  if (Array.isArray(value)) return value.map((item) => plain(item, depth - 1) ?? null);
  const prototype = Object.getPrototypeOf(value);
  if (prototype === null || prototype === Object.prototype) return plainObject(value, depth);
  return `[${prototype.constructor?.name ?? 'object'}]`;
}

function plainObject(value: object, depth: number): EventFields {
  const result: Record<string, Plain> = {};
  for (const [name, item] of Object.entries(value)) {
    const known = plain(item, depth - 1);
    if (known !== undefined) result[name] = known;
  }
  return result;
}

/** `code`, `message`, `cause`, and where it was thrown when it looks like a mistake of ours. */
function plainError(error: Error & { readonly code?: unknown }, depth: number): Plain {
  return plainObject(
    {
      code: error.code,
      message: messageOf(error),
      cause: error.cause,
      stack: isBug(error) ? error.stack : undefined,
    },
    depth,
  );
}

/** Connecting to a name with several addresses fails with an error that has no message, but one error for each. */
function messageOf(error: Error): string {
  if (error.message !== '' || !(error instanceof AggregateError)) return error.message || error.name;
  return error.errors.map((one) => (one instanceof Error ? one.message : String(one))).join('; ');
}

/** What the system, the network or a file did has a code. */
function isBug(error: Error & { readonly code?: unknown }): boolean {
  return error.code === undefined && !(error instanceof AggregateError);
}
