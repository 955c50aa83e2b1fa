import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import type { HostPort } from '../../src/base/address.ts';

/** What dig and kdig have understood of an answer. */
export interface Dug {
  /** `NOERROR` */
  readonly status: string;
  /** `qr`, `aa`, … */
  readonly flags: readonly string[];
  /** Records as they are printed, words by one blank. */
  readonly answer: readonly string[];
  readonly authority: readonly string[];
  readonly additional: readonly string[];
  /** ADDRESS/SOURCE/SCOPE; `undefined`: the answer has none. */
  readonly subnet: string | undefined;
  /** All that was printed. */
  readonly text: string;
}

const run = promisify(execFile);

/** `dig(server, 'www.example.com', 'AAAA', '+tcp')`, without what its user has set. */
export function dig(at: HostPort, ...args: readonly string[]): Promise<Dug> {
  return dug('dig', ['-r', `@${at.host}`, '-p', String(at.port), '+tries=1', ...args]);
}

export function kdig(at: HostPort, ...args: readonly string[]): Promise<Dug> {
  return dug('kdig', [`@${at.host}`, '-p', String(at.port), '+retry=0', '+edns', ...args]);
}

async function dug(command: string, args: readonly string[]): Promise<Dug> {
  const { stdout: text } = await run(command, args, { env: { ...process.env, LC_ALL: 'C' } });
  const [, status = ''] = /status: (\w+)/.exec(text) ?? [];
  const [, flags = ''] = /^;; flags: ([\w ]*);/im.exec(text) ?? [];
  const [, subnet] = /CLIENT-SUBNET: (\S+)/.exec(text) ?? [];
  return {
    status,
    flags: flags.split(' '),
    answer: section(text, 'ANSWER'),
    authority: section(text, 'AUTHORITY'),
    additional: section(text, 'ADDITIONAL'),
    subnet,
    text,
  };
}

function section(text: string, name: string): string[] {
  const [, lines = ''] = new RegExp(`^;; ${name} SECTION:\n((?:[^;\n].*\n)*)`, 'm').exec(text) ?? [];
  return lines
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => line.replaceAll(/\s+/g, ' '));
}
