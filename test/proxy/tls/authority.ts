import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import { type CertificateData, type CertificateFiles, readCertificate } from '../../../src/proxy/tls/certificate.ts';
import { tempDir } from '../../support/temp.ts';

const KEYS = {
  ec: ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256'],
  rsa: ['-newkey', 'rsa:2048'],
  'weak rsa': ['-newkey', 'rsa:1024'],
  ed25519: ['-newkey', 'ed25519'],
} as const;

export interface Subject {
  readonly key?: keyof typeof KEYS;
  /** DNS names; an address is written `IP:10.0.0.1`. */
  readonly names?: readonly string[];
  readonly commonName?: string;
  readonly issuer?: CertificateFiles;
  readonly ca?: boolean;
}

/** Certificates made by OpenSSL itself, so that what we read is what operators have. */
export class Authority {
  readonly directory: string;
  readonly root: CertificateFiles;
  readonly intermediate: CertificateFiles;
  #issued = 0;

  /** `key`: of the authority itself. */
  static async open(key: keyof typeof KEYS = 'ec'): Promise<Authority> {
    return new Authority(await tempDir('authority'), key);
  }

  private constructor(directory: string, key: keyof typeof KEYS) {
    this.directory = directory;
    this.root = this.issue({ key, commonName: 'Test Root', ca: true });
    this.intermediate = this.issue({ key, commonName: 'Test Intermediate', ca: true, issuer: this.root });
  }

  /** A certificate without its chain, self-signed unless an issuer is named. */
  issue({ key = 'ec', names = [], commonName = 'Test', issuer, ca = false }: Subject): CertificateFiles {
    const base = join(this.directory, String(this.#issued++));
    const files = { cert: `${base}.pem`, key: `${base}.key` };
    const altNames = names.map((name) => (name.startsWith('IP:') ? name : `DNS:${name}`)).join(',');
    openssl(
      ['req', '-x509', ...KEYS[key], '-nodes', '-sha256', '-days', '30', '-subj', `/CN=${commonName}`],
      ['-keyout', files.key, '-out', files.cert],
      ['-addext', `basicConstraints=critical,CA:${ca ? 'TRUE' : 'FALSE'}`],
      altNames === '' ? [] : ['-addext', `subjectAltName=${altNames}`],
      issuer === undefined ? [] : ['-CA', issuer.cert, '-CAkey', issuer.key],
    );
    return files;
  }

  /** A site's certificate as it is served, issued by the intermediate, whose certificate follows it. */
  site(names: readonly string[], key: keyof typeof KEYS = 'ec'): CertificateData {
    const files = this.issue({ names, key, issuer: this.intermediate });
    const leaf = readCertificate(files);
    return { ...leaf, certPem: leaf.certPem + readCertificate(this.intermediate).certPem };
  }
}

export function openssl(...args: ReadonlyArray<readonly string[]>): string {
  return execFileSync('openssl', args.flat(), { encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] });
}
