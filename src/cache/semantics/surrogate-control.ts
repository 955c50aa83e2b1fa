import { eachDirective } from './cache-control.ts';
import {
  type Argument,
  addResponseDirective,
  type Draft,
  MALFORMED,
  NO_RESPONSE_DIRECTIVES,
  type ResponseDirectives,
} from './directives.ts';

/**
 * Surrogate-Control, older than CDN-Cache-Control and still sent by many: directives for the reverse proxies of a site
 * (Edge Architecture Specification, W3C Note of 4 August 2001).
 *
 *     Surrogate-Control: max-age=3600+600, no-store;abc, content="ESI/1.0"
 *
 * - `max-age=3600+600`: fresh for an hour, and for ten minutes more it may be served stale.
 * - `no-store`: as in Cache-Control. `no-store-remote`: the same for those far from the origin, and we are next to it.
 * - `content`: what is to be done to the content. We do nothing to it.
 * - `;abc`: only for who calls itself so in Surrogate-Capability. The most specific directives apply: where some are
 *   for us, those for all are not.
 *
 * The other directives of Cache-Control are taken as well, as CDNs take them here. The field stays in what clients get, like
 * CDN-Cache-Control: there may be another surrogate before us. The Note has the last one take it out; a site that does
 * not want it seen has `response_headers.remove`.
 */

/** What we call ourselves. All Porticos alike, so that what is for one is for the next one, too. */
const SURROGATE = 'portico';

/**
 * Surrogate-Capability as it goes to an origin whose response may be stored. In place of what the client sent, and not
 * behind that as the Note has it: an origin that fills in ESI for one who claims to read it would fill it in for all.
 */
export const SURROGATE_CAPABILITY = `${SURROGATE}="Surrogate/1.0"`;

/** `undefined` if it does not say whether or for how long we may keep the response, as when it is about `content` alone. */
export function parseSurrogateControl(value: string): ResponseDirectives | undefined {
  const forUs = { ...NO_RESPONSE_DIRECTIVES };
  const forAll = { ...NO_RESPONSE_DIRECTIVES };
  const take = (name: string, argument: Argument, target: string | undefined) => {
    if (target === undefined) addSurrogateDirective(forAll, name, argument);
    else if (target === SURROGATE) addSurrogateDirective(forUs, name, argument);
  };
  eachDirective(value, take, true);
  return [forUs, forAll].find(isDecisive);
}

function addSurrogateDirective(draft: Draft<ResponseDirectives>, name: string, argument: Argument): void {
  const plus = name === 'max-age' && typeof argument === 'string' ? argument.indexOf('+') : -1;
  if (plus === -1 || typeof argument !== 'string') {
    addResponseDirective(draft, name, argument);
    return;
  }
  addResponseDirective(draft, 'max-age', argument.slice(0, plus));
  addResponseDirective(draft, 'stale-while-revalidate', argument.slice(plus + 1) || MALFORMED);
}

function isDecisive({ maxAge, sMaxage, noStore, noCache, private: isPrivate }: ResponseDirectives): boolean {
  return maxAge !== undefined || sMaxage !== undefined || noStore || noCache || isPrivate;
}
