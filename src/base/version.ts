import { createRequire } from 'node:module';

/** Of this program, as package.json says it. */
export const VERSION = (createRequire(import.meta.url)('../../package.json') as { readonly version: string }).version;
