import { describe } from 'vitest';
import { describeMatrix } from './matrix.ts';
import { startPorticoWithSite } from './servers.ts';

const engines = process.platform === 'linux' ? ['plain', 'batch'] : ['plain'];

describe.each(engines)('Portico with its engine %s replies to probes', (engine) => {
  describeMatrix({
    start: () => startPorticoWithSite({ engine }),
    expectedOf: ({ expected }) => expected,
    traits: { udpLength: 1232 },
  });
});
