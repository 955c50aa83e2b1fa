import { gzipSync } from 'node:zlib';
import type { AdminReply, AdminRequest } from '../mount.ts';
import { includesRole } from '../role.ts';
import { SCRIPT, STYLE } from './assets.ts';
import { duration } from './figures.ts';
import { type Content, type Html, html } from './html.ts';
import { ADDRESSES_PATH, CACHE_PATH, DNS_PATH, SIBLINGS_PATH } from './paths.ts';
import { shape } from './shapes.ts';
import type { DashboardSource } from './source.ts';

export interface Page {
  /** Of what it is, without the node. */
  readonly title: string;
  readonly main: Html;
  /** Up to which event it is told. A page that has it follows what happens; a form has none and stays as it is. */
  readonly cursor?: string | undefined;
  readonly status?: number;
}

/** A page as a whole. The script updates what is in `main`, and shows the forms of other pages in the dialog. */
export function pageReply(page: Page, request: AdminRequest, source: DashboardSource): AdminReply {
  const { node, region, version, started } = source.status();
  const text = html`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>${page.title} · ${node} · Portico</title>
<link rel="icon" href="${ICON}">
<link rel="stylesheet" href="${STYLE.path}">
<script type="module" src="${SCRIPT.path}"></script>
${page.cursor !== undefined && html`<noscript><meta http-equiv="refresh" content="10"></noscript>`}
</head>
<body${page.cursor !== undefined && html` data-cursor="${page.cursor}"`}>
<a class="skip" href="#main">Skip to the content</a>
<header class="top">
<p class="brand"><b>Portico</b> <span class="node">${node}</span></p>
${navigation(request, source)}
<p class="who"><button type="button" id="live" class="quiet-button" hidden>Live</button> <span>${request.user?.name} <span class="quiet">(${request.user?.role})</span></span></p>
</header>
<main id="main" tabindex="-1">
${page.main}
</main>
<footer class="bottom"><p>Portico ${version}${region === '' ? '' : html` · ${region}`} · up ${duration(source.now() - started)} · times are UTC</p></footer>
<p id="said" class="said" role="status"></p>
<dialog id="dialog" aria-labelledby="form-title"></dialog>
</body>
</html>
`;
  const [status, type] = [page.status ?? 200, 'text/html; charset=utf-8'];
  if (!isCompressed(page, request)) return { status, headers: { 'Content-Type': type }, body: text.toString() };
  const headers = { 'Content-Type': type, 'Content-Encoding': 'gzip', Vary: 'Accept-Encoding' };
  return { status, headers, body: gzipSync(text.toString(), { level: 1 }) };
}

/**
 * A page that is asked for each second is an eighth as long then, for a quarter of a millisecond. One with a form is
 * not compressed: beside what a stranger's link puts into it, its length would tell of the token (https://breachattack.com).
 */
function isCompressed({ cursor }: Page, { headers }: AdminRequest): boolean {
  return cursor !== undefined && /\bgzip\b(?! *; *q=0(\.0*)? *(,|$))/.test(String(headers['accept-encoding'] ?? ''));
}

const PAGES = [
  { path: '/', name: 'Overview' },
  { path: CACHE_PATH, name: 'Cache' },
  { path: SIBLINGS_PATH, name: 'Siblings' },
  { path: DNS_PATH, name: 'DNS' },
  { path: ADDRESSES_PATH, name: 'Addresses' },
  { path: '/events', name: 'Events' },
  { path: '/audit', name: 'Audit' },
] as const;

function navigation({ path, user }: AdminRequest, { siblings, dns, vrrp }: DashboardSource): Html {
  const isAdmin = user !== undefined && includesRole(user.role, 'admin');
  const pages = PAGES.filter(({ name }) => {
    if (name === 'Siblings') return siblings().peers.length > 0;
    if (name === 'DNS') return dns?.() !== undefined;
    if (name === 'Addresses') return vrrp?.() !== undefined;
    return name !== 'Audit' || isAdmin;
  });
  return html`<nav aria-label="Pages"><ul>${pages.map(
    (each) => html`<li><a href="${each.path}"${each.path === path && html` aria-current="page"`}>${each.name}</a></li>`,
  )}</ul></nav>`;
}

/** Something that has to be seen first. */
export function banner(tone: 'bad' | 'hand' | 'under-way', content: Content, actions?: Content): Html {
  return html`<div class="banner ${tone}">${shape(tone === 'hand' ? 'bars' : 'warning')}<p>${content}</p>${actions}</div>`;
}

const ICON = `data:image/svg+xml,${encodeURIComponent(
  '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 16 16"><path d="M1 14V7a7 7 0 0 1 14 0v7h-3V7a4 4 0 0 0-8 0v7z" fill="#2d6a4f"/></svg>',
)}`;
