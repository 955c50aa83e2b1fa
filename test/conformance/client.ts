import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { fetch } from './fetch.ts';
import type { Suite } from './suite.ts';
import { provideUndici } from './undici.ts';
import { type Kind, type TestOutcome, VERDICTS } from './verdict.ts';

/**
 * The program that runs a suite's client. Its modules keep what they found in module state, and its connections may
 * linger, so each run has a process: `node client.ts ORDER`, and what it found is written into a file.
 */
export interface ClientOrder {
  readonly suite: Suite;
  /** The proxy's URL, without a slash at the end. */
  readonly base: string;
  /** Only this test, with a dump of requests and responses on standard output. */
  readonly id?: string | undefined;
  /** A JSON file for a list of `TestOutcome`. */
  readonly outcome: string;
}

interface Category {
  readonly id: string;
  readonly tests: readonly SuiteTest[];
}

interface SuiteTest {
  readonly id: string;
  readonly name: string;
  readonly kind?: Kind;
  readonly browser_only?: boolean;
  dump?: boolean;
}

/** True, or what was wrong: the error's name and message. */
type Found = Readonly<Record<string, true | readonly [string, string]>>;
type DetermineTestResult = (tests: readonly Category[], id: string, found: Found, dependencies: boolean) => string[];

/**
 * How many tests run at once: the newest suite's own number. The npm suite's is 100, and so many connections at one time
 * have servers close some of them, which fails tests that have nothing to do with it.
 */
const AT_ONCE = 25;

await main(JSON.parse(process.argv[2] ?? '') as ClientOrder);

async function main({ suite, base, id, outcome }: ClientOrder): Promise<void> {
  provideUndici();
  const load = (file: string) => import(pathToFileURL(join(suite.directory, file)).href);
  const runner = await load(suite.runner);
  const { determineTestResult } = (await load(suite.verdicts)) as { determineTestResult: DetermineTestResult };
  const all: Category[] = (await Promise.all(suite.tests.map(load))).flatMap((module) => module.default);
  const wanted = id === undefined ? all : only(all, id);

  if (suite.name === 'npm') await runner.runTests(wanted, fetch, false, base, AT_ONCE);
  else {
    await globalThis.fetch(base).catch(() => {}); // See undici.ts.
    await runner.runTests(wanted, false, base, AT_ONCE);
  }
  const found: Found = runner.getResults();
  const tell = (category: Category, test: SuiteTest): TestOutcome => {
    const [, , symbol = ''] = determineTestResult(all, test.id, found, id === undefined);
    const result = found[test.id];
    return {
      id: test.id,
      category: category.id,
      kind: test.kind ?? 'required',
      asks: test.name,
      verdict: VERDICTS[symbol] ?? 'untested',
      message: Array.isArray(result) ? result.join(': ') : '',
    };
  };
  const outcomes = wanted.flatMap((category) =>
    category.tests.filter((test) => test.browser_only !== true).map((test) => tell(category, test)),
  );
  writeFileSync(outcome, JSON.stringify(outcomes));
  process.exit(0);
}

function only(all: readonly Category[], id: string): Category[] {
  const found = all.flatMap((category) => {
    const tests = category.tests.filter((test) => test.id === id);
    for (const test of tests) test.dump = true;
    return tests.length === 0 ? [] : [{ ...category, tests }];
  });
  if (found.length === 0) throw new Error(`the suite has no test ${id}`);
  return found;
}
