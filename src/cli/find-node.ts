import { X509Certificate } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { getSystemErrorMessage } from 'node:util';
import { passwordFile, readWhereabouts, type Whereabouts, whereaboutsFile } from '../admin/whereabouts.ts';
import { Failure, type Surroundings, UsageError, type Values } from './command.ts';
import type { NODE_OPTIONS } from './node-options.ts';
import { PasswordPrompt } from './password-input.ts';

/** How a node's admin API is reached. */
export interface NodeAddress {
  /** Without a slash at the end. */
  readonly url: string;
  readonly credentials: { readonly user: string; readonly password: string } | undefined;
  /** PEM certificates to trust beside those of the system. */
  readonly trusted: readonly string[];
  /** The certificate that is the right one whatever name it is for, as `X509Certificate.fingerprint256` has it. */
  readonly pinned: string | undefined;
  readonly insecure: boolean;
}

type NodeValues = Values<typeof NODE_OPTIONS>;

/** Certificates of listeners that were given none are kept there. */
const SELF_SIGNED = 'self-signed.pem';

/**
 * `--admin` wins over what is found in `state_dir`. When it means the node that is found there, its certificate and
 * password are taken from there all the same; no other node is ever shown that password.
 */
export async function findNode(values: NodeValues, surroundings: Surroundings): Promise<NodeAddress> {
  const named = values.admin === undefined ? undefined : checkedUrl(values.admin);
  const found = await (named === undefined
    ? here(values.config, surroundings)
    : hereIfAny(values.config, surroundings));
  const local = found !== undefined && (named === undefined || named === found.whereabouts.url) ? found : undefined;
  const url = named ?? local?.whereabouts.url;
  if (url === undefined) throw new Failure('no node is found'); // Without a name `here` has thrown.
  if (named === undefined && local !== undefined) checkRunning(local);
  const own = local === undefined ? undefined : ownCertificate(local);
  return {
    url,
    credentials: await credentials(values, local?.stateDir, url, surroundings),
    trusted: [...(own === undefined ? [] : [own]), ...(values.ca === undefined ? [] : [readPem(values.ca)])],
    pinned: own === undefined ? undefined : new X509Certificate(own).fingerprint256,
    insecure: values.insecure,
  };
}

interface Here {
  readonly stateDir: string;
  readonly whereabouts: Whereabouts;
}

async function here(config: string | undefined, { stateDirOf }: Surroundings): Promise<Here> {
  const stateDir = await stateDirOf(config ?? 'portico.yaml');
  const file = whereaboutsFile(stateDir);
  const whereabouts = orFailure(file, () => readWhereabouts(stateDir));
  if (whereabouts !== undefined) return { stateDir, whereabouts };
  throw new Failure(
    `no node with an admin listener runs here: there is no ${file}; name one by --admin URL, or its file by -c FILE`,
  );
}

/** Beside `--admin`: nobody has to run here. */
async function hereIfAny(config: string | undefined, surroundings: Surroundings): Promise<Here | undefined> {
  try {
    return await here(config, surroundings);
  } catch (error) {
    if (error instanceof Failure) return undefined;
    throw error;
  }
}

/** Who got the port after a node that was killed must not be shown its password. */
function checkRunning({ stateDir, whereabouts: { pid } }: Here): void {
  try {
    process.kill(pid, 0);
  } catch (error) {
    // Another user's process is running as well.
    if ((error as NodeJS.ErrnoException).code === 'EPERM') return;
    throw new Failure(`no node runs here: process ${pid}, which wrote ${whereaboutsFile(stateDir)}, has ended`);
  }
}

function checkedUrl(text: string): string {
  const url = URL.parse(text);
  const isPlain = url !== null && url.search === '' && url.hash === '' && /^https?:$/.test(url.protocol);
  if (!isPlain)
    throw new UsageError(`--admin: expected a URL such as https://127.0.0.1:8400, got ${JSON.stringify(text)}`);
  // Everybody on the machine can read the arguments of a process.
  if (url.username !== '' || url.password !== '') {
    throw new UsageError('--admin: expected a URL without a password: it belongs in PORTICO_PASSWORD');
  }
  return `${url.origin}${url.pathname.replace(/\/+$/, '')}`;
}

async function credentials(
  { user }: NodeValues,
  stateDir: string | undefined,
  url: string,
  surroundings: Surroundings,
): Promise<NodeAddress['credentials']> {
  const given = surroundings.env.PORTICO_PASSWORD;
  if (given !== undefined && given !== '') return { user: user ?? 'admin', password: given };
  const made = stateDir === undefined || (user ?? 'admin') !== 'admin' ? undefined : readMadePassword(stateDir);
  if (made !== undefined) return { user: 'admin', password: made };
  if (user === undefined) return undefined;
  if (!surroundings.stdin().isTTY) throw new Failure(`the password of ${user} is expected in PORTICO_PASSWORD`);
  const prompt = new PasswordPrompt(surroundings);
  try {
    return { user, password: await prompt.ask(`Password of ${user} at ${url}: `) };
  } finally {
    prompt.close();
  }
}

/** `undefined` when users are configured, so that none was made. */
function readMadePassword(stateDir: string): string | undefined {
  const file = passwordFile(stateDir);
  return orFailure(file, () => readIfThere(file)?.trim());
}

function ownCertificate({ stateDir, whereabouts }: Here): string | undefined {
  if (!whereabouts.url.startsWith('https:')) return undefined;
  const { certificate } = whereabouts;
  if (certificate !== undefined) return readPem(certificate);
  const file = join(stateDir, SELF_SIGNED);
  return orFailure(file, () => readIfThere(file));
}

function readPem(file: string): string {
  const text = orFailure(file, () => readFileSync(file, 'utf8'));
  if (text.includes('-----BEGIN CERTIFICATE-----')) return text;
  throw new Failure(`${file}: expected a certificate in PEM`);
}

function readIfThere(file: string): string | undefined {
  try {
    return readFileSync(file, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
}

function orFailure<T>(file: string, read: () => T): T {
  try {
    return read();
  } catch (error) {
    const { code, errno, message } = error as NodeJS.ErrnoException;
    if (code === 'ENOENT') throw new Failure(`${file}: no such file`);
    if (code === 'EACCES') {
      throw new Failure(`${file}: permission denied; ask as the user that the node runs as, or by --admin and --user`);
    }
    throw new Failure(`${file}: ${errno === undefined ? message : getSystemErrorMessage(errno)}`);
  }
}
