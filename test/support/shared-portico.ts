import { expect } from 'vitest';
import { type Portico, startPortico } from './portico.ts';
import { leaveToFile } from './teardown.ts';

/**
 * One node for tests that bring a configuration each: the first one starts it, the others have it reload, which takes a tenth
 * of the time. It ends with the file. The cache, the cursors of pools, what is counted and the logs go on from test to test:
 * whoever minds has a node of his own.
 */
export function sharedPortico(): (config: object) => Promise<Portico> {
  let shared: Promise<Portico> | undefined;
  return async (config) => {
    if (shared === undefined) {
      shared = leaveToFile(() => startPortico(config));
      return shared;
    }
    const portico = await shared;
    expect(await portico.reload(config)).toMatchObject({ message: 'reloaded' });
    return portico;
  };
}
