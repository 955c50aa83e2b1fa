import { parseListenAddress } from '../base/address.ts';
import type { EventLog } from '../observe/event-forward.ts';
import { readUsers, type User } from './access/users.ts';
import { type AdminSettings, isLoopback } from './config.ts';
import type { Certificate } from './listener.ts';
import type { AdminServerSettings } from './server.ts';

export interface Surroundings {
  readonly stateDir: string;
  readonly log: EventLog;
  /** The files of a self-signed certificate for these names. Made when there are none. */
  readonly selfSigned: (names: readonly string[]) => { readonly cert: string; readonly key: string };
  /** Throws when they are not good. */
  readonly readCertificate: (files: { readonly cert: string; readonly key: string }) => Certificate;
  /** Who may log in now; their passwords are not hashed anew. */
  readonly known?: readonly User[];
}

/**
 * Reads the files that `admin:` names, and makes those that it leaves to us. Throws a `UsersError` for password files,
 * and whatever `readCertificate` throws.
 */
export async function adminServerSettings(
  settings: AdminSettings,
  { stateDir, log, selfSigned, readCertificate, known = [] }: Surroundings,
): Promise<AdminServerSettings> {
  const { listen, tls, host_names: hostNames } = settings;
  const { users, firstPassword } = await readUsers(settings.users, stateDir, known);
  if (firstPassword?.made) log.info('made a first password for the user admin', { file: firstPassword.file });
  const files = typeof tls === 'object' ? tls : isAutomatic(settings) ? selfSigned(namesOf(settings)) : undefined;
  return { listen, certificate: files && readCertificate(files), hostNames, users };
}

function isAutomatic({ tls, listen }: AdminSettings): boolean {
  return tls === 'auto' && !isLoopback(listen);
}

/** What a browser may ask for: its names, and the address, unless that stands for all addresses. */
function namesOf({ listen, host_names: names }: AdminSettings): readonly string[] {
  const host = parseListenAddress(listen)?.host;
  return host === undefined || host === '0.0.0.0' || host === '::' ? names : [...names, host];
}
