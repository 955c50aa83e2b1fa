import type { Ms } from '../base/units.ts';
import { chooseForm } from './accept.ts';
import { type OwnReply, ownReply } from './error-page.ts';
import type { PageFacts } from './page-facts.ts';
import { type SplashPages, splashPage } from './splash.ts';

/** What an operator has a pool answer, in place of its origins and of what is stored. */
export interface MaintenancePage {
  /** `undefined`: the site's own page for 503. */
  readonly html: string | undefined;
  readonly retryAfter: Ms;
}

/** By the names of pools. */
export type Maintained = ReadonlyMap<string, MaintenancePage>;

/** A page that came with the operator's word is shown as it is: nothing is filled in. Programs get what they ask for. */
export function maintenanceReply({ html }: MaintenancePage, pages: SplashPages, facts: PageFacts): OwnReply {
  if (html !== undefined && chooseForm(facts.accept) === 'html') return ownReply('html', html, facts);
  return splashPage(pages, facts);
}
