import { type Browser, type BrowserContextOptions, chromium, type Page } from 'playwright-core';
import { afterAll } from 'vitest';
import { findPeer } from '../../bin/peers.ts';
import { atTeardown } from './teardown.ts';

let browser: Promise<Browser> | undefined;

/** Debian's Chromium, one for each test file; ended with it. */
export function theBrowser(): Promise<Browser> {
  browser ??= chromium.launch({ executablePath: findPeer('chromium') ?? 'chromium', args: ['--no-sandbox'] });
  return browser;
}

afterAll(async () => {
  await (await browser)?.close();
});

export interface OpenPage {
  readonly page: Page;
  /** What the browser complained of: errors, and what the Content-Security-Policy kept it from. */
  readonly problems: string[];
}

/** A page of its own, with a login. */
export async function openPage(url: string, as: string, options: BrowserContextOptions = {}): Promise<OpenPage> {
  const context = await (await theBrowser()).newContext({
    httpCredentials: { username: as, password: 'secret' },
    viewport: { width: 1280, height: 900 },
    ...options,
  });
  atTeardown(() => context.close());
  const page = await context.newPage();
  page.setDefaultTimeout(8_000);
  const problems: string[] = [];
  page.on('console', (message) => {
    if (message.type() === 'error' || message.type() === 'warning') problems.push(message.text());
  });
  page.on('pageerror', (error) => problems.push(String(error)));
  page.on('dialog', (dialog) => problems.push(`a dialog of the browser: ${dialog.message()}`));
  await page.goto(url);
  return { page, problems };
}
