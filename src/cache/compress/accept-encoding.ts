import type { CompressCoding } from '../rules.ts';
import { type Weighted, weightedMembers } from '../select/field.ts';
import { remembering } from '../select/remember.ts';

/** Accept-Encoding (RFC 9110 §12.5.3), reduced to the codings that are worth storing. */

/** The codings that make a difference to us. `deflate`, `compress` and dictionaries are never asked of an origin. */
export type Coding = CompressCoding | 'identity';

/** The weight of each coding, 0 where the client does not take it. */
interface Accepted {
  readonly weights: Readonly<Record<Coding, number>>;
  /** The codings that it takes, as a field value. */
  readonly text: string;
}

/** Of identity where a client says nothing of it: acceptable, but any weight that can be written is above (§12.4.2). */
const UNSAID = 0.0005;

const acceptedBy: (acceptEncoding: string) => Accepted = remembering(readAccepted);

/**
 * The coding to send: the client's highest weight, and among equals the first of `offered`. `identity` if there is
 * none, even where the client refuses that too: better read than refused (§12.5.3). Without the field it is `identity`
 * as well. The RFC would allow anything then, but who does not ask for a coding can often not undo it.
 */
export function preferredCoding(acceptEncoding: string | undefined, offered: readonly CompressCoding[]): Coding {
  if (acceptEncoding === undefined || offered.length === 0) return 'identity';
  const { weights } = acceptedBy(acceptEncoding);
  let best: Coding = 'identity';
  for (const coding of offered) {
    const weight = weights[coding];
    if (weight > weights[best] || (best === 'identity' && weight > 0 && weight === weights.identity)) best = coding;
  }
  return best;
}

/**
 * Accept-Encoding as it selects among variants, and as it must be sent on to the origin wherever the response may be
 * stored: an origin that was shown more than this could choose a coding which another client of the same variant does
 * not take. A site that compresses has a variant for each of its codings, and the client's best one is all that is asked
 * for. Else the origin may choose, among gzip, br and zstd. Where a client takes none of them it is `identity`.
 */
export function normalisedAcceptEncoding(
  acceptEncoding: string | undefined,
  offered: readonly CompressCoding[],
): string {
  if (offered.length > 0) return preferredCoding(acceptEncoding, offered);
  return acceptEncoding === undefined ? 'identity' : acceptedBy(acceptEncoding).text;
}

/** Whether a client takes what a stored response was coded with: all of its codings (RFC 9110 §8.4). */
export function isAcceptable(contentEncoding: string | undefined, acceptEncoding: string | undefined): boolean {
  if (contentEncoding === undefined || contentEncoding === '') return true;
  const members = weightedMembers(acceptEncoding ?? '');
  return weightedMembers(contentEncoding).every(
    ({ name }) => name === 'identity' || (weightOf(members, plain(name)) ?? weightOf(members, '*') ?? 0) > 0,
  );
}

function readAccepted(acceptEncoding: string): Accepted {
  const members = weightedMembers(acceptEncoding);
  const others = weightOf(members, '*');
  const weights = {
    zstd: weightOf(members, 'zstd') ?? others ?? 0,
    br: weightOf(members, 'br') ?? others ?? 0,
    gzip: weightOf(members, 'gzip') ?? others ?? 0,
    identity: weightOf(members, 'identity') ?? others ?? UNSAID,
  };
  const codings = (['gzip', 'br', 'zstd'] as const).filter((coding) => weights[coding] > 0);
  return { weights, text: codings.length === 0 ? 'identity' : codings.join(', ') };
}

function weightOf(members: readonly Weighted[], coding: string): number | undefined {
  return members.find(({ name }) => plain(name) === coding)?.weight;
}

/** `x-gzip` is an old name of gzip (RFC 9110 §8.4.1.3). */
function plain(name: string): string {
  return name === 'x-gzip' ? 'gzip' : name;
}
