import type { IncomingHttpHeaders } from 'node:http';
import type { Actor } from '../operator/commands.ts';
import type { Principal, Role } from './role.ts';

/**
 * What pages, the API, metrics and health endpoints are made of: whatever answers at a path of the admin listener is
 * mounted there. Who asks, and whether they may, is settled before a handler is called.
 */

export type Method = 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';

export interface Mount {
  /** GET answers HEAD as well. */
  readonly method: Method;
  /** `/balancer-manager`, `/api/v1/pools/{pool}`: a name in braces stands for one segment, which is decoded. */
  readonly path: string;
  /** What a user must be to ask; `anyone`: no login, and by whatever name in Host. */
  readonly role: Role | 'anyone';
  readonly handler: Handler;
}

/** May throw a `Problem`; whatever else it throws is logged and becomes a 500. */
export type Handler = (request: AdminRequest) => AdminReply | Promise<AdminReply>;

export interface AdminRequest {
  /** As it was asked: also HEAD. */
  readonly method: string;
  /** Without the query, as it came. */
  readonly path: string;
  readonly params: Readonly<Record<string, string>>;
  readonly query: URLSearchParams;
  readonly headers: IncomingHttpHeaders;
  /** `undefined` where anyone may ask. */
  readonly user: Principal | undefined;
  /** Of who asks, without a port. */
  readonly address: string;
  /** Whether it came by TLS. */
  readonly isSecure: boolean;
  /** False when a browser says that another site's page asks. Requests but GET and HEAD are refused by then. */
  readonly isSameOrigin: boolean;
  /**
   * What a form of this user has to bring along, 36 characters as a UUID has them. It is for changes that are made by
   * GET, or without a browser's word on where they come from: hold what comes against it by `isFormToken`.
   */
  readonly formToken: string;
  isFormToken(text: string): boolean;
  /** Who asks, for the audit log. Not where anyone may ask. */
  actor(source: Actor['source']): Actor;
  /** All of it. Throws a `Problem` when it is larger than `BODY_LIMIT`. */
  body(): Promise<Buffer>;
  /** Aborted when the client left, the node stops, or the user is not any more who that was. */
  readonly signal: AbortSignal;
}

export interface AdminReply {
  readonly status: number;
  /** Content-Type, and what differs from the fields that every reply has (`REPLY_FIELDS`). */
  readonly headers?: Readonly<Record<string, string>>;
  /** A function writes as it goes; the reply ends when it is resolved, or with the request's signal. */
  readonly body?: string | Uint8Array | ((out: ReplyStream) => Promise<void>);
}

export interface ReplyStream {
  /** Whether the client keeps up. One that is `STREAM_LIMIT` bytes behind is cut. */
  write(text: string): boolean;
}

/** In bytes, of a request's body. */
export const BODY_LIMIT = 64 * 1024;

/** In bytes that a client may be behind: it comes again, and says what it had (Last-Event-ID). */
export const STREAM_LIMIT = 1024 * 1024;
