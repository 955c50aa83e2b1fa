import { chooseForm, MEDIA_TYPE, type PageForm } from './accept.ts';
import type { Fields, ResponseHead } from './exchange.ts';
import { detailOf, type PageFacts, reasonOf, secondsOf } from './page-facts.ts';
import { BUILT_IN_POLICY, ERROR_PAGE } from './splash-default.ts';
import { escapeHtml, fillTemplate, type Template } from './splash-template.ts';

/** A reply that no origin made: a response head, Content-Length and all, and its body. */
export interface OwnReply extends ResponseHead {
  /** The caller's to add to, as 405 needs its `Allow`. */
  readonly fields: string[];
  /** `undefined` for HEAD, whose fields are those of a GET. */
  readonly body: Buffer | undefined;
}

/** The page for an error that is not the origins': a refused request (4xx), a loop, our own failure. */
export function errorPage(facts: PageFacts): OwnReply {
  const form = chooseForm(facts.accept);
  return form === 'html' ? builtInReply(ERROR_PAGE, facts) : plainReply(form, facts);
}

/** A built-in page, which may load nothing. */
export function builtInReply(page: Template, facts: PageFacts): OwnReply {
  return ownReply('html', fillTemplate(page, facts, escapeHtml), facts, ['content-security-policy', BUILT_IN_POLICY]);
}

/** The same for programs: a few lines of text, or an RFC 9457 problem. */
export function plainReply(form: Exclude<PageForm, 'html'>, facts: PageFacts): OwnReply {
  return ownReply(form, form === 'text' ? text(facts) : problem(facts), facts);
}

/**
 * No cache may keep it (it is about this one moment, and tells this one request's id), and no browser may take it for
 * something else than it says.
 */
export function ownReply(form: PageForm, page: string, facts: PageFacts, more: Fields = []): OwnReply {
  const body = Buffer.from(page);
  const fields = [
    'content-type',
    MEDIA_TYPE[form],
    'content-length',
    String(body.length),
    'cache-control',
    'no-store',
    'vary',
    'Accept',
    'x-content-type-options',
    'nosniff',
    ...more,
  ];
  if (facts.retryAfter > 0) fields.push('retry-after', String(secondsOf(facts.retryAfter)));
  return { status: facts.status, fields, body: facts.method === 'HEAD' ? undefined : body };
}

function text(facts: PageFacts): string {
  const again = facts.retryAfter > 0 ? `Try again in ${secondsOf(facts.retryAfter)} s.\n` : '';
  return `${facts.status} ${reasonOf(facts.status)}\n${detailOf(facts.status)}\n${again}Request: ${facts.requestId}\n`;
}

/** RFC 9457 §3.1: `about:blank` says that the status tells it all, and `title` is then the status in words. */
function problem(facts: PageFacts): string {
  return JSON.stringify({
    type: 'about:blank',
    title: reasonOf(facts.status),
    status: facts.status,
    detail: detailOf(facts.status),
    error: facts.error,
    request_id: facts.requestId,
    retry_after: facts.retryAfter > 0 ? secondsOf(facts.retryAfter) : undefined,
  });
}
