import { expect, test } from 'vitest';
import { EXPECTED, surprises } from './expected.ts';
import { runSuite } from './run.ts';
import { packagedSuite } from './suite.ts';

test('Portico passes http-cache-tests, but for what is listed with its reason', { timeout: 240_000 }, async () => {
  const outcomes = await runSuite(await packagedSuite(), 'portico');
  expect(outcomes).toHaveLength(350); // Five more are for browsers.
  expect(surprises(outcomes, EXPECTED.npm)).toEqual([]);
});
