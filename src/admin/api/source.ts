import type { Actor } from '../../operator/commands.ts';
import type { AdminRequest } from '../mount.ts';

/** A field by which our own command line and page say that they ask; for the audit log, and nothing hangs on it. */
export const SOURCE_FIELD = 'portico-source';

export function actorOf(request: AdminRequest): Actor {
  const source = request.headers[SOURCE_FIELD];
  return request.actor(source === 'cli' || source === 'page' ? source : 'api');
}
