import type { OriginState, PoolState } from '../../operator/model.ts';
import { originForm, poolForm } from './forms.ts';
import { escaped } from './markup.ts';
import { STYLE } from './style.ts';
import { poolSection } from './tables.ts';
import type { View } from './view.ts';

/** What is selected by `b` and `w`. */
export interface Selected {
  readonly pool: PoolState | undefined;
  readonly origin: OriginState | undefined;
}

/**
 * The page in the layout of Apache 2.4. Programs take it for one: they want a version of 2.4, that of OpenSSL, and a date.
 * Nothing that says "nonce" comes after the last origin, but on the page of one pool or origin.
 */
export function page(view: View, { pool, origin }: Selected): string {
  return `<!DOCTYPE HTML PUBLIC "-//W3C//DTD HTML 4.01//EN" "http://www.w3.org/TR/html4/strict.dtd">
<html lang=en><head><title>Balancer Manager</title>
<meta name=viewport content='width=device-width'>
<style type='text/css'>${STYLE}</style>
</head>
<body><h1>Load Balancer Manager for ${escaped(view.host)}</h1>

<dl><dt>Server Version: Apache/2.4.0 (compatible; Portico/${escaped(view.version)}) OpenSSL/${process.versions.openssl}</dt>
<dt>Server Built: ${new Date(view.built).toISOString().slice(0, 19)}</dt>
<dt>Balancer changes will be persisted on restart.</dt></dl>
${view.refusal === undefined ? '' : `<p class=error role=alert>Refused, nothing was changed. ${escaped(view.refusal)}</p>\n`}<hr />
${view.pools.map((each, index) => poolSection(view, each, index)).join('')}${selection(view, { pool, origin })}</body></html>
`;
}

function selection(view: View, { pool, origin }: Selected): string {
  if (pool === undefined) return '';
  return origin === undefined ? poolForm(view, pool) : originForm(view, origin);
}
