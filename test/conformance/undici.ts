import { registerHooks } from 'node:module';

/**
 * Four tests of the newest suite look at interim responses by an interceptor of undici's. A checkout has no undici
 * beside it, but Node has one inside: what the suite makes of it stands for the package.
 */
export function provideUndici(): void {
  registerHooks({
    resolve(specifier, context, next) {
      if (specifier !== 'undici') return next(specifier, context);
      try {
        return next(specifier, context);
      } catch {
        return { url: `data:text/javascript,${encodeURIComponent(UNDICI)}`, shortCircuit: true };
      }
    },
  });
}

/** Node makes its dispatcher at the first fetch, and one that is there before any test. */
const UNDICI = `
  const dispatcher = () => globalThis[Symbol.for('undici.globalDispatcher.2')] ?? globalThis[Symbol.for('undici.globalDispatcher.1')];
  export class Agent { constructor() { return dispatcher(); } }
`;
