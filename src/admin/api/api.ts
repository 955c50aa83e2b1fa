import { z } from 'zod';
import type { Mount } from '../mount.ts';
import type { ApiContext, ApiOptions } from './context.ts';
import { dispatch } from './dispatch.ts';
import { documentSchema } from './node-schemas.ts';
import { openApi } from './openapi.ts';
import { Operations } from './operations.ts';
import { RemovedOrigins } from './removed.ts';
import { type AnyRoute, route } from './route.ts';
import { DNS_ROUTES } from './routes/dns.ts';
import { EVENTS_ROUTE } from './routes/events.ts';
import { NODE_ROUTES } from './routes/node.ts';
import { NODE_STATE_ROUTES } from './routes/node-state.ts';
import { OPERATION_ROUTES } from './routes/operations.ts';
import { STATE_ROUTE } from './routes/origin-state.ts';
import { ORIGIN_ROUTES } from './routes/origins.ts';
import { POOL_ROUTES } from './routes/pools.ts';
import { SIBLINGS_ROUTE } from './routes/siblings.ts';
import { VRRP_ROUTES } from './routes/vrrp.ts';

export const BASE = '/api/v1';

const DOCUMENT_ROUTE: AnyRoute = route({
  method: 'GET',
  path: '/openapi.json',
  id: 'document',
  summary: 'This document',
  role: 'read',
  params: z.strictObject({}),
  query: z.strictObject({}),
  replies: { 200: { description: 'OpenAPI 3.1.', schema: documentSchema } },
  problems: [],
  handle: () => ({ status: 200, body: document }),
});

/** The whole API. */
export const ROUTES: readonly AnyRoute[] = [
  ...POOL_ROUTES,
  ...ORIGIN_ROUTES,
  STATE_ROUTE,
  ...OPERATION_ROUTES,
  EVENTS_ROUTE,
  ...NODE_ROUTES,
  ...NODE_STATE_ROUTES,
  SIBLINGS_ROUTE,
  ...DNS_ROUTES,
  ...VRRP_ROUTES,
  DOCUMENT_ROUTE,
];

const document = openApi(ROUTES, BASE);

/** How often an event stream says that it is there: below what proxies and NATs take for an end. */
const HEARTBEAT = 15_000;

export interface MountedApi {
  /** Nothing is waited for any more. */
  close(): void;
}

/** Mounts the JSON API on the admin listener. */
export function mountApi(server: { mount(mount: Mount): void }, options: ApiOptions): MountedApi {
  const operations = new Operations(options.operator, options.now);
  const context: ApiContext = {
    heartbeat: HEARTBEAT,
    ...options,
    operations,
    removed: new RemovedOrigins(),
    run: options.now().toString(36),
  };
  for (const each of ROUTES) {
    const { method, path, role } = each;
    server.mount({ method, path: `${BASE}${path}`, role, handler: dispatch(each, context) });
  }
  return { close: () => operations.close() };
}
