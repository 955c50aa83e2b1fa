import { join } from 'node:path';
import { PASSWORD, passwordIn } from '../../secrets.ts';
import type { Statement } from '../blocks.ts';
import type { HmacDraft, PassDraft, Secret } from '../draft.ts';
import { approximate, dropped, EXACT, exact, type Findings, type Judgement, refused } from '../findings.ts';
import { unknownKeyword } from './globals.ts';
import { wholeIn } from './numbers.ts';

/** `authentication` and `auth_hmac`. A secret becomes a file of its own, and is in no configuration and no report. */

export interface AuthContext {
  readonly instance: string;
  readonly version: 2 | 3;
  readonly isStrict: boolean;
  /** Where files of secrets are. */
  readonly directory: string;
  readonly findings: Findings;
  readonly secrets: Secret[];
}

export function readPassword(block: readonly Statement[], context: AuthContext): PassDraft | undefined {
  const { findings, instance, directory, secrets } = context;
  const type = block.findLast(({ keyword }) => keyword === 'auth_type')?.args[0];
  const password = block.findLast(({ keyword }) => keyword === 'auth_pass')?.args[0];
  const ignored = ignoredBy(context, type, password);
  const file = join(directory, `vrrp-${instance}`);
  for (const { keyword, args, place } of block) {
    if (keyword === 'auth_pass') findings.hide(args[0] ?? '');
    findings.add(
      place,
      ignored ??
        (keyword === 'auth_pass'
          ? passwordJudgement(args[0], file)
          : keyword === 'auth_type'
            ? EXACT
            : unknownKeyword(keyword, 'authentication')),
    );
  }
  if (ignored !== undefined || password === undefined || !isPassword(password)) return undefined;
  secrets.push({ file, content: password.slice(0, PASSWORD) });
  return { password_file: file };
}

/** Where keepalived does without it, or we do. */
function ignoredBy(
  { version, isStrict }: AuthContext,
  type: string | undefined,
  password: string | undefined,
): Judgement | undefined {
  if (version === 3) return dropped('version 3 has no password (RFC 9568 §9): keepalived ignores it');
  if (isStrict) return dropped('keepalived ignores it in strict mode');
  if (password === undefined) return dropped('keepalived ignores it without auth_pass');
  if (type === 'AH') {
    return refused(
      'there is no AH (MD5, RFC 2402): set PASS, or no authentication, on all nodes; keys (auth_hmac) once all run Portico or keepalived 2.4',
    );
  }
  return type === 'PASS' ? undefined : dropped('keepalived ignores it without auth_type PASS or AH');
}

function passwordJudgement(password: string | undefined, file: string): Judgement {
  if (!isPassword(password ?? '')) return refused('a password is ASCII here: change it on all nodes first');
  const isCut = (password ?? '').length > PASSWORD;
  return exact(`in ${file}, not here${isCut ? `; its first ${PASSWORD} bytes, which are all that is sent` : ''}`);
}

/** What settings take. */
function isPassword(text: string): boolean {
  try {
    return passwordIn(Buffer.from(text)) !== '';
  } catch {
    return false;
  }
}

const REPLAY = approximate('replays are told by a sequence that grows, and by a clock that is nearly right');

export function readKeys(block: readonly Statement[], context: AuthContext): HmacDraft | undefined {
  const { findings, instance, directory, secrets } = context;
  const active = wholeIn(block.findLast(({ keyword }) => keyword === 'active_key')?.args[0], 1, 255);
  const mode = block.findLast(({ keyword }) => keyword === 'mode')?.args[0];
  const keys: { id: number; file: string }[] = [];
  for (const { keyword, args, place } of block) {
    const [first, second = ''] = args;
    if (keyword === 'key') {
      if (!second.startsWith('file:')) findings.hide(second);
      const id = wholeIn(first, 1, 255);
      const file = second.startsWith('file:') ? second.slice(5) : join(directory, `vrrp-${instance}-key-${first}`);
      const problem = keyProblem(id, second) ?? keyClash(id, keys);
      findings.add(place, problem ?? (second.startsWith('file:') ? OTHERS_FILE : exact(`in ${file}, not here`)));
      if (problem !== undefined || id === undefined) continue;
      keys.push({ id, file });
      if (!second.startsWith('file:')) secrets.push({ file, content: second });
    } else if (keyword === 'active_key') findings.add(place, exact('the first of keys signs'));
    else if (keyword === 'mode') findings.add(place, MODES.has(args[0] ?? '') ? EXACT : NO_MODE);
    else
      findings.add(
        place,
        keyword === 'anti_replay' || keyword === 'time_window' ? REPLAY : unknownKeyword(keyword, 'auth_hmac'),
      );
  }
  if (keys.length === 0) return undefined;
  const ordered = keys.toSorted((a, b) => Number(b.id === active) - Number(a.id === active));
  return { keys: ordered, ...(mode !== undefined && mode !== 'enforce' && MODES.has(mode) && { mode }) };
}

const MODES: ReadonlySet<string> = new Set(['enforce', 'permissive', 'receive-only']);
const NO_MODE = refused('enforce, permissive or receive-only was meant: it is enforce here');

const OTHERS_FILE = approximate(
  'the file has to be one line of 32 to 64 bytes, which are the key as they are (no hex:)',
);

/** What our settings take. */
const MOST_KEYS = 8;

function keyClash(id: number | undefined, keys: readonly { readonly id: number }[]): Judgement | undefined {
  if (keys.some((key) => key.id === id)) return refused(`there is a key ${id} already: a number stands for one key`);
  return keys.length < MOST_KEYS ? undefined : refused(`${MOST_KEYS} keys at most`);
}

function keyProblem(id: number | undefined, value: string): Judgement | undefined {
  if (id === undefined) return refused('a key needs a number from 1 to 255');
  if (value === 'file:') return refused('no file is named');
  if (value.startsWith('file:')) return undefined;
  if (value.startsWith('hex:'))
    return refused('a key is a line of 32 to 64 characters, no hex: change it on all nodes first');
  const length = Buffer.byteLength(value);
  return length >= 32 && length <= 64 ? undefined : refused('a key has 32 to 64 bytes');
}
