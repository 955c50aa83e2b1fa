import type { z } from 'zod';
import type { AdminReply, AdminRequest, Method } from '../mount.ts';
import type { ProblemKind } from '../problem.ts';
import type { Role } from '../role.ts';
import type { ApiContext } from './context.ts';

/**
 * A route of the API, declared once: what dispatches and checks requests, and the OpenAPI document, are made of the same
 * table.
 */
export interface ApiRoute<P extends z.ZodObject, Q extends z.ZodObject, B extends z.ZodType> {
  readonly method: Method;
  /** Below /api/v1: `/pools/{pool}`. */
  readonly path: string;
  /** operationId of OpenAPI. */
  readonly id: string;
  readonly summary: string;
  readonly role: Role;
  readonly params: P;
  readonly query: Q;
  /** Absent: it has no body. */
  readonly body?: B;
  /** Fields of a request by which it depends on a version (RFC 9110 §13). */
  readonly conditions?: readonly ('If-Match' | 'If-None-Match')[];
  readonly replies: Readonly<Record<number, ReplyForm>>;
  /** What else than replies may come, beside what any request may get. */
  readonly problems: readonly ProblemKind[];
  readonly handle: (
    asked: Asked<z.output<P>, z.output<Q>, z.output<B>>,
    context: ApiContext,
  ) => ApiReply | Promise<ApiReply>;
}

export interface ReplyForm {
  readonly description: string;
  /** Of its JSON; absent: it has none. */
  readonly schema?: z.ZodType;
  /** Beside JSON. */
  readonly stream?: 'text/event-stream';
}

export interface Asked<P, Q, B> {
  readonly params: P;
  readonly query: Q;
  readonly body: B;
  readonly request: AdminRequest;
}

export interface ApiReply {
  readonly status: number;
  readonly headers?: Readonly<Record<string, string>>;
  /** Becomes JSON. */
  readonly body?: unknown;
  readonly stream?: Extract<AdminReply['body'], (...args: never[]) => unknown>;
}

// biome-ignore lint/suspicious/noExplicitAny: the table has routes of all types, each checked where it is declared
export type AnyRoute = ApiRoute<any, any, any>;

/** Says nothing but that the parts fit together. */
export function route<P extends z.ZodObject, Q extends z.ZodObject, B extends z.ZodType = z.ZodUndefined>(
  declared: ApiRoute<P, Q, B>,
): AnyRoute {
  return declared;
}
