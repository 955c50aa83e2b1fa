import { parseArgs } from 'node:util';
import { EXPECTED, surprises } from './expected.ts';
import { PROXIES, type ProxyName } from './proxies.ts';
import { formatNotPassed, formatScores } from './report.ts';
import { runSuite } from './run.ts';
import { packagedSuite, suiteAt } from './suite.ts';

const USAGE = `npm run conformance -- [options]

Plays the public tests of HTTP caches, http-cache-tests, against Portico.

  --id TEST       only this test, with the requests and responses of client and origin
  --proxy NAME    against another proxy: ${PROXIES.join(', ')} (portico)
  --keep          leave the proxy's files, its access log among them
  --json          the outcome of each test as JSON on standard output

PORTICO_CACHE_TESTS=DIRECTORY plays the newest suite, a checkout of github.com/http-tests/cache-tests, in place of the
package on npm.`;

/** Exit status: 0 as expected, 1 not as expected, or failed; for another proxy than Portico nothing is expected. */
async function main(): Promise<number> {
  const { id, proxy, keep, json, help } = parseArgs({
    options: {
      id: { type: 'string' },
      proxy: { type: 'string', default: 'portico' },
      keep: { type: 'boolean', default: false },
      json: { type: 'boolean', default: false },
      help: { type: 'boolean', default: false, short: 'h' },
    },
  }).values;
  if (help) {
    console.log(USAGE);
    return 0;
  }
  if (!isProxy(proxy)) throw new Error(`--proxy: expected one of ${PROXIES.join(', ')}, got "${proxy}"`);
  const directory = process.env.PORTICO_CACHE_TESTS;
  const suite = directory === undefined || directory === '' ? await packagedSuite() : suiteAt(directory);

  const outcomes = await runSuite(suite, proxy, { id, keep });
  if (json) console.log(JSON.stringify(outcomes, null, 2));
  else if (id !== undefined) for (const { verdict, message } of outcomes) console.log(`${id}: ${verdict} ${message}`);
  else console.log(`${formatScores(outcomes)}\n\n${formatNotPassed(outcomes)}`);
  if (id !== undefined || proxy !== 'portico') return 0;

  const lines = surprises(outcomes, EXPECTED[suite.name]);
  for (const line of lines) console.error(line);
  return lines.length === 0 ? 0 : 1;
}

function isProxy(name: string): name is ProxyName {
  return PROXIES.some((known) => known === name);
}

process.exitCode = await main();
