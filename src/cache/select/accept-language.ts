import { listMembers, weightedMembers } from './field.ts';
import { remembering } from './remember.ts';

/** Accept-Language (RFC 9110 §12.5.4) with the language ranges of RFC 4647 §2.1, whose case does not matter. */

/** Language ranges by falling weight, those of one weight in alphabetical order; what is not wanted at all comes apart. */
interface Preferences {
  readonly groups: readonly (readonly string[])[];
  readonly refused: readonly string[];
}

/**
 * Accept-Language as it selects among variants: case, space, and the order of ranges of equal weight do not count
 * (§12.5.4 says that it cannot be relied on), nor does the figure of a weight, only which is above which. Browsers write
 * `en-US,en;q=0.5` and `en-US,en;q=0.9` and mean the same.
 */
export const normalisedLanguages: (acceptLanguage: string) => string = remembering((acceptLanguage) => {
  const { groups, refused } = preferences(acceptLanguage);
  const wanted = groups.map((group) => group.join(',')).join('>');
  return refused.length === 0 ? wanted : `${wanted}!${refused.join(',')}`;
});

/**
 * An Accept-Language that is normalised to this. `undefined`: there is none, as somebody sent what are no language ranges, or
 * more weights than can be told apart.
 */
export function languagesOf(normalised: string): string | undefined {
  const [wanted = '', refused] = normalised.split('!');
  const groups = wanted === '' ? [] : wanted.split('>');
  if (groups.length > 999) return undefined;
  const weighted = groups.flatMap((group, index) =>
    group.split(',').map((range) => (index === 0 ? range : `${range};q=${((1000 - index) / 1000).toFixed(3)}`)),
  );
  const value = [...weighted, ...(refused?.split(',').map((range) => `${range};q=0`) ?? [])].join(', ');
  return normalisedLanguages(value) === normalised ? value : undefined;
}

/**
 * Whether a stored response that differs in nothing but Accept-Language is what its origin would choose again: it is in
 * a language that the client likes best, so there is no better one. This goes beyond the matching of RFC 9111 §4.1, by
 * the ranking that the same section lets a cache use. Of a response in several languages, or in one that was asked for
 * by a wider or a narrower range (`en` for `en-GB`), we cannot say that.
 */
export function isInPreferredLanguage(
  contentLanguage: string | undefined,
  acceptLanguage: string | undefined,
): boolean {
  if (contentLanguage === undefined || acceptLanguage === undefined) return false;
  const languages = listMembers(contentLanguage.toLowerCase());
  const best = preferences(acceptLanguage).groups[0];
  return languages.length === 1 && best !== undefined && best.includes(languages[0] as string);
}

function preferences(acceptLanguage: string): Preferences {
  const weights = new Map<string, number>();
  for (const { name, weight } of weightedMembers(acceptLanguage)) {
    weights.set(name, Math.max(weight, weights.get(name) ?? 0));
  }
  const steps = [...new Set(weights.values())].filter((weight) => weight > 0).sort((a, b) => b - a);
  const ofWeight = (wanted: number) => [...weights].flatMap(([name, weight]) => (weight === wanted ? name : [])).sort();
  return { groups: steps.map(ofWeight), refused: ofWeight(0) };
}
