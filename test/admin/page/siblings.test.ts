import { describe, expect, test } from 'vitest';
import { kindWords, linkWords, siblingProblem, siblingWords } from '../../../src/admin/page/sibling-words.ts';
import { NO_SIBLINGS, type SiblingReport } from '../../../src/sibling/state.ts';
import { openPage } from '../../support/chromium.ts';
import { DashboardScene } from '../../support/dashboard-scene.ts';
import { describeWithPeers } from '../../support/peers.ts';
import { linkedAt, NEVER_ASKED, progress, reportOf, sibling } from '../../support/sibling-report.ts';

/** What the dashboard shows of siblings. */

const NOW = 1_700_000_000_000;
const UP = linkedAt(NOW);
const LOST = { ...UP, standing: 'down', why: 'ECONNREFUSED', linked: undefined, subscribed: undefined } as const;

const us2 = sibling('us-2', { account: { isPortico: true }, link: UP });
const gone = sibling('us-2', { account: { standing: 'dead', answeredAgo: 324_000 }, link: LOST });

describe('the state of a sibling', () => {
  test.each([
    { account: {}, word: 'Alive', tone: 'good', shape: 'disc' },
    { account: NEVER_ASKED, word: 'Not asked yet', tone: 'quiet', shape: 'ring' },
    { account: { standing: 'dead' }, word: 'Dead', tone: 'bad', shape: 'cross' },
    { account: { standing: 'slow' }, word: 'Too slow', tone: 'bad', shape: 'cross' },
    { account: { fetching: 'paused' }, word: 'Paused', tone: 'bad', shape: 'cross' },
    { account: { fetching: 'trial' }, word: 'On trial', tone: 'under-way', shape: 'half' },
    { account: { standing: 'dead', fetching: 'paused' }, word: 'Dead', tone: 'bad', shape: 'cross' },
  ] as const)('$word: $account', ({ account, ...words }) => {
    expect(siblingWords(sibling('us-2', { account }))).toEqual(words);
  });

  test('has what is wrong as a sentence', () => {
    expect(siblingProblem(us2, NOW)).toBeUndefined();
    expect(siblingProblem(gone, NOW)).toBe('Does not answer; the link is down: ECONNREFUSED');
  });

  test.each([
    { link: UP, words: 'Linked for 1\u202fh 0\u202fmin · every purge is applied on both sides' },
    {
      link: { ...UP, ours: progress(12, 10), theirs: progress(4, 3) },
      words:
        'Linked for 1\u202fh 0\u202fmin · 2 purges of ours not yet applied there, 1 purge of its own not yet applied here',
    },
    { link: LOST, words: undefined },
    { link: {}, words: undefined },
    { link: 'none' as const, words: undefined },
  ])('has of its link $words', ({ link, words }) => {
    expect(linkWords(sibling('us-2', { link }).link, NOW)).toBe(words);
  });

  test.each([
    { link: UP, kind: 'Portico' },
    { link: LOST, kind: 'Portico' },
    { link: {}, kind: 'not Portico' },
    { link: { standing: undefined }, kind: undefined },
    { link: 'none' as const, kind: undefined },
  ])('says that it is $kind', ({ link, kind }) => {
    expect(kindWords(sibling('us-2', { link }))).toBe(kind);
  });
});

async function scene(report: SiblingReport, path = '/siblings') {
  const told = { report };
  const opened = await DashboardScene.open({ source: { siblings: () => told.report } });
  return { told, scene: opened, ...(await openPage(`${opened.url}${path}`, 'viewer')) };
}

describeWithPeers(['chromium'], 'the page of siblings', () => {
  test('has a row for each, with its figures in columns that say what they are', async () => {
    const { page, problems } = await scene(reportOf(us2, sibling('squid', { account: NEVER_ASKED })));
    const table = page.getByRole('table', { name: 'Siblings' });
    const heads = [
      'State',
      'Sibling',
      'Round trip, ms',
      'Queries',
      'Hits, %',
      'Timeouts',
      'Fetched',
      'False hits',
      'Served',
    ];
    expect(await table.getByRole('columnheader').allTextContents()).toEqual(heads);
    const figures = (name: string) => page.locator(`[data-key="sibling ${name}"] td.figure`).allTextContents();
    expect(await figures('us-2')).toEqual(['0.4', '12\u202f345', '49', '40', '5\u202f900', '3', '77']);
    expect(await figures('squid')).toEqual(['–', '0', '–', '0', '0', '0', '0']);
    const labels = await page
      .locator('[data-key="sibling us-2"] td.figure')
      .evaluateAll((cells) => cells.map((cell) => cell.getAttribute('data-label')));
    expect(labels).toEqual(heads.slice(2));
    expect(await page.locator('[data-key="What we were sent by ICP"] dl').textContent()).toMatch(
      /HIT\s*90\s*MISS\s*10/,
    );
    expect(problems).toEqual([]);
  });

  test('shows within a second or two that one is gone, and says so', async () => {
    const { page, told } = await scene(reportOf(us2));
    told.report = reportOf(gone);
    const row = page.locator('[data-key="sibling us-2"]');
    await row.getByText('Dead').waitFor();
    await row.getByText('Does not answer; the link is down: ECONNREFUSED').waitFor();
    await row.getByText('Its last answer came 5\u202fmin ago').waitFor();
    await page.getByRole('status').getByText('Sibling us-2: Dead').waitFor();
  });

  test('is led to from the overview by what is wrong', async () => {
    const { page } = await scene(reportOf(gone), '/');
    await page.getByText('1 thing to look at').waitFor();
    await page.getByRole('link', { name: 'sibling us-2' }).click();
    await page.waitForURL(/\/siblings#us-2$/);
    expect(await page.locator('[data-key="sibling us-2"]:target').count()).toBe(1);
  });

  test('is not spoken of on a node without siblings', async () => {
    const { page } = await scene(NO_SIBLINGS, '/');
    expect(await page.getByRole('link', { name: 'Siblings' }).count()).toBe(0);
    expect(await page.locator('main').textContent()).not.toMatch(/sibling/i);
    await page.goto(page.url().replace(/\/$/, '/siblings'));
    await page.getByText('This node has no siblings to ask.').waitFor();
  });
});
