import { execFileSync } from 'node:child_process';
import { mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeEach, describe, expect, test } from 'vitest';
import type { PageFacts } from '../../src/proxy/page-facts.ts';
import { splashPage } from '../../src/proxy/splash.ts';
import { loadSplash } from '../../src/proxy/splash-load.ts';
import { tempDir } from '../support/temp.ts';

const MEBIBYTE = 1024 * 1024;

let directory: string;

beforeEach(async () => {
  directory = await tempDir('splash');
});

function write(name: string, content: string | Uint8Array): string {
  const path = join(directory, name);
  writeFileSync(path, content);
  return path;
}

function load(page: string | undefined) {
  return loadSplash({ after: 20_000, page, retry_after: 30_000, stale: 0 });
}

/** What a visitor sees of the pages in `page`, after they went to another thread. */
function shown(page: string, status: number, accept = 'text/html'): string {
  const facts: PageFacts = {
    status,
    method: 'GET',
    accept,
    host: 'www.example.com',
    requestId: 'r-1',
    startedAt: 0,
    error: undefined,
    retryAfter: 30_000,
  };
  return String(splashPage(structuredClone(load(page)), facts).body);
}

describe('loading splash pages', () => {
  test('takes one file for all statuses', () => {
    const page = write('down.html', '<h1>{{status}}</h1>');
    expect(shown(page, 502)).toBe('<h1>502</h1>');
    expect(shown(page, 504)).toBe('<h1>504</h1>');
  });

  test('takes a page per status from a directory, and index for the rest', () => {
    write('503.html', 'busy');
    write('index.html', 'down');
    write('503.json', '{"busy":true}');
    expect(shown(directory, 503)).toBe('busy');
    expect(shown(directory, 502)).toBe('down');
    expect(shown(directory, 503, 'application/json')).toBe('{"busy":true}');
    expect(JSON.parse(shown(directory, 502, 'application/json'))).toMatchObject({ status: 502, request_id: 'r-1' });
  });

  test('shows the built-in page where a directory has none', () => {
    write('503.html', 'busy');
    expect(shown(directory, 502)).toContain('<h1>This site is not available right now</h1>');
  });

  test('leaves other files of the directory alone', () => {
    write('index.html', 'down');
    write('404.html', '');
    write('logo.png', new Uint8Array([0xff]));
    mkdirSync(join(directory, 'images'));
    expect(Object.keys(load(directory).html)).toEqual(['index']);
  });

  test('needs no files for the built-in page', () => expect(load(undefined)).toEqual({ html: {}, json: {} }));

  test('takes a byte order mark away', () => expect(shown(write('a.html', '\ufeffdown'), 503)).toBe('down'));

  test('takes a page of 1 MiB', () => {
    expect(shown(write('a.html', 'x'.repeat(MEBIBYTE)), 503)).toHaveLength(MEBIBYTE);
  });
});

describe('a splash page is refused, by name,', () => {
  test('when it is not there', () => {
    const page = join(directory, 'none.html');
    expect(() => load(page)).toThrow(`splash page ${page} cannot be read: no such file or directory`);
  });

  test('when it is a link to nothing', () => {
    const page = join(directory, '503.html');
    symlinkSync(join(directory, 'none.html'), page);
    expect(() => load(directory)).toThrow(`splash page ${page} cannot be read: no such file or directory`);
  });

  test('when it is a directory', () => {
    const page = join(directory, '503.html');
    mkdirSync(page);
    expect(() => load(directory)).toThrow(`splash page ${page} is not a file`);
  });

  test('when it is a pipe that nobody writes to', () => {
    const page = join(directory, 'pipe');
    execFileSync('mkfifo', [page]);
    expect(() => load(page)).toThrow(`splash page ${page} is not a file`);
  });

  test('when its directory has no page', () => {
    write('splash.html', 'down');
    expect(() => load(directory)).toThrow(
      `splash page ${directory} holds no page: expected one or more of 502.html, 503.html, 504.html, index.html`,
    );
  });

  test('when it is larger than 1 MiB', () => {
    const page = write('a.html', 'x'.repeat(MEBIBYTE + 1));
    expect(() => load(page)).toThrow(`splash page ${page} is too large: at most 1MiB, got 1048577 bytes`);
  });

  test.each(['', '\n \n'])('when there is nothing in it: %j', (content) => {
    const page = write('a.html', content);
    expect(() => load(page)).toThrow(`splash page ${page} is empty`);
  });

  test('when it is not UTF-8', () => {
    const page = write('a.html', Buffer.from('<p>Zurück</p>', 'latin1'));
    expect(() => load(page)).toThrow(`splash page ${page} is not UTF-8 text`);
  });

  test.each(['{', '{"host":{{host}}}', '{"error":{{error}}}', '{"at":"{{time}}" "a":1}'])(
    'when it makes no JSON: %s',
    (content) => {
      const page = write('503.json', content);
      expect(() => load(directory)).toThrow(`splash page ${page} is not JSON once its placeholders are filled in: `);
    },
  );
});
