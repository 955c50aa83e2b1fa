import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { fetch, limited } from './fetch.ts';
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
  readonly requests: ReadonlyArray<{ readonly pause_after?: boolean }>;
  dump?: boolean;
}

/** True, or what was wrong: the error's name and message. */
type Found = Readonly<Record<string, true | readonly [string, string]>>;
type DetermineTestResult = (tests: readonly Category[], id: string, found: Found, dependencies: boolean) => string[];

/**
 * How many tests run at once: each suite's own number. A suite waits for all of them before it begins as many others, and
 * a test that pauses takes three seconds, so those stand together.
 */
const AT_ONCE = { npm: 100, newest: 25 } as const;

/** How many requests of the npm suite: 100 connections at one time have servers close some, which fails other tests. */
const REQUESTS_AT_ONCE = 25;

await main(JSON.parse(process.argv[2] ?? '') as ClientOrder);

async function main({ suite, base, id, outcome }: ClientOrder): Promise<void> {
  provideUndici();
  const load = (file: string) => import(pathToFileURL(join(suite.directory, file)).href);
  const runner = await load(suite.runner);
  const { determineTestResult } = (await load(suite.verdicts)) as { determineTestResult: DetermineTestResult };
  const all: Category[] = (await Promise.all(suite.tests.map(load))).flatMap((module) => module.default);
  const wanted = id === undefined ? all : only(all, id);

  const inOrder = pausingFirst(wanted);
  if (suite.name === 'npm') {
    await runner.runTests(inOrder, limited(fetch, REQUESTS_AT_ONCE), false, base, AT_ONCE.npm);
  } else {
    await globalThis.fetch(base).catch(() => {}); // See undici.ts.
    await runner.runTests(inOrder, false, base, AT_ONCE.newest);
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

function pausingFirst(categories: readonly Category[]): Category[] {
  const pauses = ({ requests }: SuiteTest) => requests.some(({ pause_after }) => pause_after !== undefined);
  const part = (wanted: boolean) =>
    categories.map((category) => ({ ...category, tests: category.tests.filter((test) => pauses(test) === wanted) }));
  return [...part(true), ...part(false)];
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
