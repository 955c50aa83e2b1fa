import { Failure } from './command.ts';

/** What the admin API has answered. */
export interface Reply {
  readonly status: number;
  /** As it came. */
  readonly text: string;
  readonly retryAfter: string | undefined;
  readonly body: unknown;
}

/** Of a body that is an object. Throws a `Failure` when it is none. */
export function fieldsOf({ body }: Reply): Record<string, unknown> {
  if (typeof body !== 'object' || body === null) throw notUnderstood();
  return body as Record<string, unknown>;
}

export function notUnderstood(): Failure {
  return new Failure('the node answers in a form that is not understood: is it of another version?');
}
