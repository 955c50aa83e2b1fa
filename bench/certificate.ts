import { execFile } from 'node:child_process';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { requireProgram } from './programs.ts';
import type { Certificate } from './server.ts';

/** A self-signed EC P-256 certificate for localhost: the same one for every server. */
export async function makeCertificate(directory: string): Promise<Certificate> {
  const [cert, key, both] = ['cert.pem', 'key.pem', 'both.pem'].map((name) => join(directory, name)) as [
    string,
    string,
    string,
  ];
  const kind = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes', '-days', '2'];
  const subject = ['-subj', '/CN=localhost', '-addext', 'subjectAltName=DNS:localhost,IP:127.0.0.1'];
  const argv = ['req', '-x509', ...kind, ...subject, '-keyout', key, '-out', cert];
  await promisify(execFile)(requireProgram('openssl'), argv, { timeout: 10_000 });
  await writeFile(both, [await readFile(cert, 'utf8'), await readFile(key, 'utf8')].join(''), { mode: 0o600 });
  return { cert, key, both };
}
