import type { RefreshRule } from '../../cache/rules.ts';
import { comparablePath, pathMatcher } from '../router.ts';

/** A route's refresh rules by path, compared as routes are; the first match wins. */
export class RefreshRules {
  readonly #rules: readonly { readonly matches: (path: string) => boolean; readonly rule: RefreshRule }[];

  constructor(rules: readonly RefreshRule[]) {
    this.#rules = rules.map((rule) => ({ matches: pathMatcher(rule.path), rule }));
  }

  for(target: string): RefreshRule | undefined {
    if (this.#rules.length === 0) return undefined;
    const path = comparablePath(target);
    return this.#rules.find(({ matches }) => matches(path))?.rule;
  }
}
