import type { Language, Purge } from '../../cache/model.ts';
import { bodyOf, cutOf, etagOf, hasValidatorAt, type Said, variesAt } from './played-origin.ts';
import type { Asking } from './rig.ts';

/** What has happened in a play so far. */
export interface Chronicle {
  readonly said: readonly Said[];
  /** By step. */
  readonly purges: readonly { readonly step: number; readonly purge: Purge }[];
  readonly failures: readonly { readonly step: number; readonly path: string }[];
}

/** A request of a play. */
export interface PlayedRequest {
  readonly asking: Asking;
  readonly path: string;
  readonly language: Language | undefined;
  readonly range: string | undefined;
  readonly ifRange: string | undefined;
  readonly ifNoneMatch: string | undefined;
  readonly noCache: boolean;
  /** Step and clock: when it began, and when the head of its reply came. */
  readonly step: number;
  readonly clock: number;
  headStep: number | undefined;
  headClock: number | undefined;
}

/** What surroundings excuse. */
export interface Excuses {
  /** There may be no room to store the rest of a body that others read. */
  readonly breaks: boolean;
  /** What is on disk takes a while: it may be purged between its being found and the head of the reply. */
  readonly takesTime: boolean;
}

/**
 * Whether a reply that is over may be as it is. `undefined`: it may. What is shown must have been right at some moment between
 * the request and the head of its reply.
 */
export function verdictOn(request: PlayedRequest, chronicle: Chronicle, excuses: Excuses): string | undefined {
  const { asking, path, step } = request;
  const { exchange, isOurs } = asking;
  if (!exchange.responded) return exchange.outcome === 'left' ? undefined : 'no reply';
  const hasFailed = chronicle.failures.some((failure) => failure.path === path && failure.step >= step);
  if (isOurs) return hasFailed ? undefined : `a reply of our own (${exchange.status}) though nothing has failed`;
  if (exchange.status === 416) return verdictOnUnsatisfiable(request, chronicle);
  const said = chronicle.said[Number(exchange.field('x-fetch'))];
  if (said === undefined) return 'a reply that nobody has sent';
  if (said.path !== path) return `a reply for ${said.path}`;
  if (variesAt(path) && said.language !== request.language) return `a reply for ${said.language}`;
  // What was renewed while it came breaks off with the fetch that it came by.
  const mayBreak = excuses.breaks || chronicle.said.some(({ version, failed }) => version === said.version && failed);
  if (exchange.outcome === 'broken' && !mayBreak) return 'a reply that breaks off though its fetch did not';
  return verdictOnBytes(request, said) ?? verdictOnTime(request, said, chronicle, hasFailed, excuses);
}

function verdictOnBytes({ asking: { exchange }, range, ifRange, ifNoneMatch }: PlayedRequest, said: Said) {
  const { status, content, outcome } = exchange;
  const { method } = exchange.head;
  const whole = bodyOf(said, said.language);
  const etag = etagOf(said, said.language);
  const isTagged = said.status === 200 && hasValidatorAt(said.path);
  const isKnown = isTagged && ifNoneMatch === etag;
  if (status === 304) return isKnown ? undefined : 'a 304 for who does not have it';
  if (isKnown) return `a ${status} for who has it already`;
  if (status === 206) {
    const cut = cutOf(range, whole.length);
    if (!Array.isArray(cut)) return 'a part that was not asked for';
    if (said.status !== 200 || (ifRange !== undefined && !(isTagged && ifRange === etag)))
      return 'a part of something else';
    const [first, last] = cut as [number, number];
    if (exchange.field('content-range') !== `bytes ${first}-${last}/${whole.length}`) return 'another part';
    return verdictOnContent(content, whole.subarray(first, last + 1), outcome);
  }
  if (status !== said.status) return `status ${status} of ${said.status}`;
  if (exchange.length !== undefined && exchange.length !== whole.length)
    return `Content-Length ${exchange.length} of ${whole.length}`;
  return verdictOnContent(content, method === 'HEAD' ? Buffer.alloc(0) : whole, outcome);
}

function verdictOnContent(content: Buffer, expected: Buffer, outcome: string): string | undefined {
  if (!expected.subarray(0, content.length).equals(content)) return 'wrong bytes';
  if (outcome === 'whole' && content.length !== expected.length) return `${content.length} bytes of ${expected.length}`;
  return undefined;
}

function verdictOnTime(
  request: PlayedRequest,
  said: Said,
  { purges }: Chronicle,
  hasFailed: boolean,
  { takesTime }: Excuses,
) {
  const { asking, step, clock, noCache, headStep = step, headClock = clock } = request;
  const isStored = said.answered < step;
  const purged = (soft: boolean, before: number) =>
    purges.some(
      (each) => each.purge.soft === soft && each.step > said.asked && each.step < before && isFor(each.purge, said),
    );
  if (purged(false, isStored && !takesTime ? headStep : step)) return 'a reply that was purged';
  if (said.policy === 'no-store' && said.by !== asking.exchange.head.fields.at(-1)) return 'a reply to somebody else';
  if (!isStored) return undefined;
  const age = (clock - said.since) / 1000;
  const isFresh = typeof said.policy === 'number' && said.policy > age && !noCache && !purged(true, step);
  if (!isFresh && (said.policy === 'no-cache' || !hasFailed))
    return `a reply that is stale: ${said.policy}, ${age} s old`;
  const told = Number(asking.exchange.field('age') ?? 0);
  const oldest = (headClock - said.since) / 1000;
  return told < age || told > oldest ? `Age ${told}, and it is ${age} to ${oldest}` : undefined;
}

/** It says nothing of what it is a part of, but for its length. */
function verdictOnUnsatisfiable({ asking, path, range }: PlayedRequest, { said }: Chronicle): string | undefined {
  const complete = Number(/^bytes \*\/(\d+)$/.exec(asking.exchange.field('content-range') ?? '')?.[1]);
  if (cutOf(range, complete) !== 'none') return 'a 416 for what is there';
  const isKnown = said.some((each) => each.path === path && bodyOf(each, each.language).length === complete);
  return isKnown ? undefined : 'a 416 of a length that nothing has';
}

function isFor(purge: Purge, { path, tag }: Said): boolean {
  if (purge.kind === 'all') return true;
  if (purge.kind === 'tag') return purge.what === tag;
  return purge.kind === 'url' ? purge.what === path : path.startsWith(purge.what);
}
