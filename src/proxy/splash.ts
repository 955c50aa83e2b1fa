import { chooseForm } from './accept.ts';
import { builtInReply, type OwnReply, ownReply, plainReply } from './error-page.ts';
import type { PageFacts } from './page-facts.ts';
import { SPLASH_PAGE, SPLASH_PAGE_ONCE } from './splash-default.ts';
import { escapeHtml, escapeJson, fillTemplate, type Template } from './splash-template.ts';

/** A page for each status that has its own, and `index` for the rest. */
export type PageSet = Readonly<Record<string, Template>>;

/** The pages that a site brings: plain data, read once by `loadSplash` and handed to every worker. */
export interface SplashPages {
  readonly html: PageSet;
  readonly json: PageSet;
}

/**
 * What a visitor sees when origins are silent, failing or all down: the site's page for that status, else the site's
 * `index`, else the built-in one. JSON (the site's, else an RFC 9457 problem) or a few lines of text for who prefers it.
 */
export function splashPage(pages: SplashPages, facts: PageFacts): OwnReply {
  const form = chooseForm(facts.accept);
  switch (form) {
    case 'html': {
      const page = pageFor(pages.html, facts.status);
      if (page !== undefined) return ownReply(form, fillTemplate(page, facts, escapeHtml), facts);
      return builtInReply(mayRepeat(facts.method) ? SPLASH_PAGE : SPLASH_PAGE_ONCE, facts);
    }
    case 'json':
    case 'problem': {
      const page = pageFor(pages.json, facts.status);
      return page === undefined
        ? plainReply(form, facts)
        : ownReply(form, fillTemplate(page, facts, escapeJson), facts);
    }
    case 'text':
      return plainReply(form, facts);
  }
}

function pageFor(pages: PageSet, status: number): Template | undefined {
  return pages[status] ?? pages.index;
}

/** A page that reloads does so by GET. */
function mayRepeat(method: string): boolean {
  return method === 'GET' || method === 'HEAD';
}
