import { join } from 'node:path';
import { makeDirectory, writeSecret } from '../../base/secret-file.ts';
import type { Ms } from '../../base/units.ts';
import { type CertificateFiles, canonicalName, readCertificate } from './certificate.ts';
import { reasonOf, TlsError } from './error.ts';
import { makeSelfSigned } from './x509.ts';

/**
 * The certificate of a listener that names none: made at first start, kept in `state_dir`, and renewed before it runs
 * out. It is an end-entity certificate and no CA: whoever trusts it trusts this one node, not whatever it might sign.
 */

const DAY: Ms = 86_400_000;

/** What browsers put up with; a day less than 398, so that nobody's rounding goes over it. */
const LIFETIME: Ms = 397 * DAY;
const RENEW_BEFORE: Ms = 30 * DAY;

/** A client whose clock is behind takes it too. */
const BACKDATED: Ms = DAY;

/** This machine is always covered: what a first `curl https://localhost` asks for. */
const LOCAL_NAMES = ['localhost', '127.0.0.1', '::1'];

/**
 * The files of the self-signed certificate in `stateDir`, made anew when there are none, when they cannot be used, when
 * they run out within 30 days, or when one of `names` is not covered. `names` are host names, `*.example.com` and
 * addresses, with or without brackets. Throws a `TlsError` when they cannot be written.
 */
export function ensureSelfSigned(
  stateDir: string,
  names: readonly string[],
  now: number = Date.now(),
): CertificateFiles & { readonly created: boolean } {
  const files = { cert: join(stateDir, 'self-signed.pem'), key: join(stateDir, 'self-signed.key') };
  const wanted = subjectAltNames(names);
  if (isUsable(files, wanted, now)) return { ...files, created: false };
  const { certPem, keyPem } = makeSelfSigned(wanted, now - BACKDATED, now - BACKDATED + LIFETIME);
  try {
    makeDirectory(stateDir);
    // Killed between the two, the pair does not match and the next start makes a new one.
    writeSecret(files.key, keyPem);
    writeSecret(files.cert, certPem);
  } catch (cause) {
    const problem = `cannot keep a self-signed certificate in state_dir ${stateDir}: ${reasonOf(cause)}`;
    throw new TlsError('state_dir_unusable', problem, { cause });
  }
  return { ...files, created: true };
}

function isUsable(files: CertificateFiles, wanted: readonly string[], now: number): boolean {
  try {
    const { names, notBefore, notAfter } = readCertificate(files);
    return notBefore <= now && notAfter - now > RENEW_BEFORE && wanted.every((name) => names.includes(name));
  } catch (error) {
    if (error instanceof TlsError) return false;
    throw error;
  }
}

/** Lower case, without brackets and doubles, addresses in their shortest form: as `readCertificate` reads them back. */
function subjectAltNames(names: readonly string[]): string[] {
  const all = [...LOCAL_NAMES, ...names].map((name) => canonicalName(name.replace(/^\[|\]$/g, '').toLowerCase()));
  return [...new Set(all)];
}
