import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import type { AdminReply, AdminRequest } from '../mount.ts';
import { Problem } from '../problem.ts';

/** The style sheet and the script: files that stand beside this one, named by what is in them, so that they are kept. */

interface Asset {
  readonly path: string;
  readonly type: string;
  readonly body: string;
}

const asset = (name: string, extension: string, type: string): Asset => {
  const body = readFileSync(new URL(`./assets/${name}.${extension}`, import.meta.url), 'utf8');
  const hash = createHash('sha256').update(body).digest('hex').slice(0, 16);
  return { path: `/assets/${name}-${hash}.${extension}`, type: `${type}; charset=utf-8`, body };
};

export const STYLE = asset('page', 'css', 'text/css');
export const SCRIPT = asset('page', 'js', 'text/javascript');

export function assetReply({ path }: AdminRequest): AdminReply {
  const found = [STYLE, SCRIPT].find((each) => each.path === path);
  if (found === undefined) throw new Problem('not-found', 'expected a file that a page of this node names');
  const headers = { 'Content-Type': found.type, 'Cache-Control': 'private, max-age=31536000, immutable' };
  return { status: 200, headers, body: found.body };
}
