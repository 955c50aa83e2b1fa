import { join } from 'node:path';
import { defineConfig } from 'vitest/config';
import { pathWithServers } from './bin/peers.ts';

export default defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    environment: 'node',
    pool: 'forks',
    // The stories load the machine themselves: more of them at once would test the scheduler.
    maxWorkers: 2,
    testTimeout: 40_000,
    hookTimeout: 60_000,
    // As bin/portico has it: types are taken out of the sources once, and not by each node that a test starts.
    env: { PATH: pathWithServers(), NODE_COMPILE_CACHE: join(import.meta.dirname, 'node_modules/.cache/portico') },
  },
});
