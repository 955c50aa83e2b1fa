import { createHmac, randomBytes } from 'node:crypto';
import { existsSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { makeDirectory, writeSecret } from '../../base/secret-file.ts';
import { show } from '../../base/setting.ts';
import type { UserSettings } from '../config.ts';
import type { Principal } from '../role.ts';
import { formatHash, hashPassword, looksHashed, type PasswordHash, parseHash } from './password.ts';

/** Who may log in, with a hash of the password and nothing that it could be read from. */
export interface User {
  readonly principal: Principal;
  readonly hash: PasswordHash;
  /** Of the line in the password file, under the hash's salt: tells whether it is still the same. */
  readonly fingerprint: string;
}

/** Users that cannot be had: one line each, without anything of a password. */
export class UsersError extends Error {
  readonly problems: readonly string[];

  constructor(problems: readonly string[]) {
    super(problems.join('\n'));
    this.name = 'UsersError';
    this.problems = problems;
  }
}

export interface Users {
  readonly users: readonly User[];
  /** Where the password of `admin` stands, when no users are configured; `made`: just now. */
  readonly firstPassword?: { readonly file: string; readonly made: boolean };
}

/**
 * The users of `admin.users`, or one `admin` whose password is made and kept in `stateDir`. `known`: those so far, whose
 * hashes are not made again where nothing changed. Throws a `UsersError` that tells everything that is wrong.
 */
export async function readUsers(
  settings: readonly UserSettings[],
  stateDir: string,
  known: readonly User[] = [],
): Promise<Users> {
  if (settings.length > 0) return { users: await readAll(settings, known) };
  const file = join(stateDir, 'admin-password');
  const made = makeFirstPassword(stateDir, file);
  const users = await readAll([{ name: 'admin', password_file: file, role: 'admin' }], known);
  return { users, firstPassword: { file, made } };
}

async function readAll(settings: readonly UserSettings[], known: readonly User[]): Promise<User[]> {
  const problems: string[] = [];
  const users: User[] = [];
  for (const [index, { name, password_file: file, role }] of settings.entries()) {
    const read = readLine(file);
    if ('problem' in read) {
      problems.push(`admin.users[${index}].password_file: ${read.problem}`);
      continue;
    }
    const same = known.find(
      ({ principal, hash, fingerprint }) => principal.name === name && fingerprint === fingerprintOf(read.line, hash),
    );
    if (same?.principal.role === role) users.push(same);
    else users.push(await makeUser({ name, role }, read.line, same?.hash));
  }
  if (problems.length > 0) throw new UsersError(problems);
  return users;
}

/** `hash`: where it is known already. */
async function makeUser(principal: Principal, line: string, hash?: PasswordHash): Promise<User> {
  const made = hash ?? parseHash(line) ?? (await hashPassword(line));
  return { principal, hash: made, fingerprint: fingerprintOf(line, made) };
}

function fingerprintOf(line: string, { salt }: PasswordHash): string {
  return createHmac('sha256', salt).update(line).digest('base64');
}

/** No password is near this size; whatever is, is another file. */
const LIMIT = 4096;

/** The one line of a password file; or what is wrong with it. */
function readLine(file: string): { readonly line: string } | { readonly problem: string } {
  let bytes: Buffer;
  let mode: number;
  try {
    const found = statSync(file);
    if (!found.isFile() || found.size > LIMIT) return { problem: `expected a file of one line, got ${show(file)}` };
    mode = found.mode;
    bytes = readFileSync(file);
  } catch (error) {
    return { problem: `cannot read ${show(file)}: ${(error as NodeJS.ErrnoException).code ?? 'unknown'}` };
  }
  const [line = '', ...rest] = bytes.toString('utf8').split(/\r?\n/);
  if (line === '') return { problem: `expected a password or its hash in ${show(file)}, got an empty line` };
  if (rest.some((other) => other !== '')) return { problem: `expected one line in ${show(file)}, got more` };
  if (looksHashed(line)) {
    if (parseHash(line) !== undefined) return { line };
    return { problem: `expected $scrypt$ln=10-20,r=…,p=…$SALT$HASH in ${show(file)}, got another form of it` };
  }
  if ((mode & 0o077) === 0) return { line };
  const octal = (mode & 0o777).toString(8).padStart(4, '0');
  return { problem: `expected mode 0600 of ${show(file)}, as it has a plain password, got ${octal}` };
}

function makeFirstPassword(stateDir: string, file: string): boolean {
  if (existsSync(file)) return false;
  try {
    makeDirectory(stateDir);
    writeSecret(file, `${randomBytes(18).toString('base64url')}\n`);
  } catch (error) {
    const reason = (error as NodeJS.ErrnoException).code ?? (error as Error).message;
    throw new UsersError([`admin.users: cannot keep a first password in ${show(file)}: ${reason}`]);
  }
  return true;
}

/** The line of a password file for this password: what `portico hash-password` prints. */
export async function passwordLine(password: string): Promise<string> {
  return formatHash(await hashPassword(password));
}
