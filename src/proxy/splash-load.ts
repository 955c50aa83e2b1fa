import { readdirSync, readFileSync, type Stats, statSync } from 'node:fs';
import { join } from 'node:path';
import { getSystemErrorMessage } from 'node:util';
import type { Bytes } from '../base/units.ts';
import type { SplashSettings } from './config.ts';
import type { PageFacts } from './page-facts.ts';
import type { PageSet, SplashPages } from './splash.ts';
import { compileTemplate, escapeJson, fillTemplate, type Template } from './splash-template.ts';

/** Read before anything is served: a page that cannot be shown must not be found out during the outage. */

const LARGEST: Bytes = 1024 * 1024;

/** The names of pages in a directory, less `.html` or `.json`. Other files there are left alone. */
const NAMES = ['502', '503', '504', 'index'];

/**
 * Reads the site's pages: one HTML file for all statuses, or a directory's `502.html`, `503.json`, `index.html` and so
 * on. Throws an Error that names the file and what is wrong with it.
 */
export function loadSplash(settings: SplashSettings): SplashPages {
  const path = settings.page;
  if (path === undefined) return { html: {}, json: {} };
  if (!statOf(path).isDirectory()) return { html: { index: compileTemplate(readPage(path)) }, json: {} };
  const files = listDirectory(path);
  const html = readSet(path, files, '.html', compileTemplate);
  const json = readSet(path, files, '.json', compileJson);
  if (Object.keys(html).length + Object.keys(json).length === 0) {
    throw problem(path, `holds no page: expected one or more of ${NAMES.map((name) => `${name}.html`).join(', ')}`);
  }
  return { html, json };
}

function readSet(
  directory: string,
  files: readonly string[],
  extension: string,
  compile: (page: string, path: string) => Template,
): PageSet {
  const pages: Record<string, Template> = {};
  for (const name of NAMES) {
    if (!files.includes(name + extension)) continue;
    const path = join(directory, name + extension);
    pages[name] = compile(readPage(path), path);
  }
  return pages;
}

function readPage(path: string): string {
  // Asked before it is opened: opening a pipe waits for a writer, and a device may have no end.
  const stats = statOf(path);
  if (!stats.isFile()) throw problem(path, 'is not a file');
  if (stats.size > LARGEST) throw problem(path, `is too large: at most 1MiB, got ${stats.size} bytes`);
  const page = decode(readFile(path), path);
  if (page.trim() === '') throw problem(path, 'is empty');
  return page;
}

/** The Content-Type says UTF-8; another encoding would be shown broken. */
function decode(bytes: Uint8Array, path: string): string {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch (cause) {
    throw problem(path, 'is not UTF-8 text', cause);
  }
}

/** Fills it in once, with values that need quotes around them and escapes within, to see that JSON comes of it. */
function compileJson(page: string, path: string): Template {
  const template = compileTemplate(page);
  try {
    JSON.parse(fillTemplate(template, EXAMPLE, escapeJson));
  } catch (cause) {
    throw problem(path, `is not JSON once its placeholders are filled in: ${(cause as Error).message}`, cause);
  }
  return template;
}

const EXAMPLE: PageFacts = {
  status: 503,
  method: 'GET',
  accept: undefined,
  host: '"\\example',
  requestId: '"\\example',
  startedAt: 0,
  error: 'connection_timeout',
  retryAfter: 30_000,
};

function statOf(path: string): Stats {
  return readable(path, () => statSync(path));
}

function listDirectory(path: string): string[] {
  return readable(path, () => readdirSync(path));
}

function readFile(path: string): Uint8Array {
  return readable(path, () => readFileSync(path));
}

function readable<T>(path: string, read: () => T): T {
  try {
    return read();
  } catch (cause) {
    const { errno, message } = cause as NodeJS.ErrnoException;
    throw problem(path, `cannot be read: ${errno === undefined ? message : getSystemErrorMessage(errno)}`, cause);
  }
}

function problem(path: string, what: string, cause?: unknown): Error {
  return new Error(`splash page ${path} ${what}`, cause === undefined ? {} : { cause });
}
