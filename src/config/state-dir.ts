import { readFileSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { parseConfig } from './document.ts';
import { formatPath } from './problem.ts';
import { fileReason } from './read-file.ts';

/** As `node.state_dir` has it by default. */
const DEFAULT = './state';

export type StateDir = { readonly ok: true; readonly path: string } | { readonly ok: false; readonly reason: string };

/**
 * The absolute `node.state_dir` of a configuration, and nothing else of it: who wants to drain an origin does not mind that
 * the file was half edited.
 */
export function readStateDir(file: string, env: Readonly<Record<string, string | undefined>> = process.env): StateDir {
  let text: string;
  try {
    text = readFileSync(file, 'utf8');
  } catch (error) {
    return { ok: false, reason: fileReason(error) };
  }
  const { value, readable, findings } = parseConfig(text, env);
  if (!readable) return { ok: false, reason: 'is no YAML' };
  const unset = findings.find((finding) => formatPath(finding.path) === 'node.state_dir');
  if (unset !== undefined) return { ok: false, reason: unset.message };
  const node = (value as { node?: { state_dir?: unknown } } | null)?.node;
  const path = node?.state_dir ?? DEFAULT;
  if (typeof path !== 'string') return { ok: false, reason: 'has no node.state_dir that could be understood' };
  return { ok: true, path: resolve(dirname(resolve(file)), path) };
}
