import { beforeAll, expect, test } from 'vitest';
import { dig } from '../support/dug.ts';
import { ownAddress } from '../support/free-ports.ts';
import type { NameServer } from '../support/name-server.ts';
import { startRecursor } from '../support/pdns-recursor.ts';
import { describeWithPeers } from '../support/peers.ts';
import { startUnbound } from '../support/unbound.ts';
import { canServe, openSite, type Site, startChild, zonesAt } from './resolver-scene.ts';

/** What clients get of resolvers that ask Portico, and how often those ask. */

/** Of the name server of a zone below ours. */
const CHILD = ownAddress(71);

for (const { peer, start } of [
  { peer: 'unbound', start: startUnbound },
  { peer: 'pdns_recursor', start: startRecursor },
] as const) {
  describeWithPeers([peer, 'dig'], `behind ${peer}`, () => {
    let site: Site;
    let resolver: NameServer;

    beforeAll(async () => {
      site = await openSite(CHILD);
      resolver = await start({ zones: zonesAt(site.tap) });
    });

    /** What a client gets, and what was asked of us for it. */
    async function ask(...args: readonly string[]) {
      const from = site.tap.count;
      const dug = await dig(resolver, ...args);
      return { ...dug, asked: site.tap.since(from) };
    }

    test.each([
      { question: 'www.example.com A', answer: ['www.example.com. 60 IN A 192.0.2.10'] },
      { question: 'www.example.com AAAA', answer: ['www.example.com. 60 IN AAAA 2001:db8:1::10'] },
      { question: 'www.example.com HTTPS', answer: ['www.example.com. 60 IN HTTPS 1 . alpn="h2"'] },
      {
        question: 'second.example.com A',
        answer: ['second.example.com. 300 IN CNAME www.example.com.', 'www.example.com. 60 IN A 192.0.2.10'],
      },
      {
        question: 'alias.example.com A',
        isLong: true,
        answer: [
          'alias.example.com. 300 IN CNAME second.example.com.',
          'second.example.com. 300 IN CNAME www.example.com.',
          'www.example.com. 60 IN A 192.0.2.10',
        ],
      },
      { question: 'any.pages.example.com A', answer: ['any.pages.example.com. 60 IN A 192.0.2.10'] },
      { question: 'a.b.wild.example.com TXT', answer: ['a.b.wild.example.com. 300 IN TXT "whatever it is"'] },
      { question: 'deep.a.b.c.example.com A', answer: ['deep.a.b.c.example.com. 300 IN A 192.0.2.78'] },
      {
        question: 'x.old.example.com A',
        answer: [
          'old.example.com. 300 IN DNAME new.example.com.',
          'x.old.example.com. 300 IN CNAME x.new.example.com.',
          'x.new.example.com. 300 IN A 192.0.2.79',
        ],
      },
      {
        question: 'www.old.example.com AAAA',
        isLong: true,
        answer: [
          'old.example.com. 300 IN DNAME new.example.com.',
          'www.old.example.com. 300 IN CNAME www.new.example.com.',
          'www.new.example.com. 300 IN CNAME www.example.com.',
          'www.example.com. 60 IN AAAA 2001:db8:1::10',
        ],
      },
    ])('$question is answered, and then from its cache', async ({ question, answer, isLong }) => {
      const first = await ask(...question.split(' '));
      expect(first.status).toBe('NOERROR');
      expect(seen(first.answer)).toEqual(seen(answer));
      const second = await ask(...question.split(' '));
      expect(seen(second.answer)).toEqual(seen(answer));
      // Of an alias of an alias of what has a scope the Recursor asks for the second one each time, whoever answers.
      if (!isLong || peer === 'unbound') expect(second.asked).toEqual([]);
    });

    test('has the case of the question in its answers, whatever it was asked in before', async () => {
      for (const name of ['STATIC.eXample.com', 'static.ExamPle.Com']) {
        const { text } = await ask(name, 'A');
        expect(text).toMatch(new RegExp(`^;${name}\\.\\s+IN\\s+A$`, 'm'));
      }
    });

    test('a name that is not there is asked for once, and told for as long as the SOA says', async () => {
      const first = await ask('nowhere.example.com', 'A');
      expect(first).toMatchObject({ status: 'NXDOMAIN', answer: [] });
      expect(first.authority).toEqual([expect.stringMatching(/^example\.com\. (60|59) IN SOA .* 60$/)]);
      const second = await ask('nowhere.example.com', 'A');
      expect(second).toMatchObject({ status: 'NXDOMAIN', asked: [] });
    });

    test('a type that a name has not, likewise', async () => {
      const first = await ask('static.example.com', 'MX');
      expect(first).toMatchObject({ status: 'NOERROR', answer: [] });
      expect(first.authority).toEqual([expect.stringMatching(/^example\.com\. (60|59) IN SOA .* 60$/)]);
      expect(await ask('static.example.com', 'MX')).toMatchObject({ status: 'NOERROR', answer: [], asked: [] });
      expect(await ask('www.example.com', 'MX')).toMatchObject({ status: 'NOERROR', answer: [] });
    });

    test('is asked for again when that time is over', async () => {
      expect(await ask('nowhere.example.org', 'A')).toMatchObject({ status: 'NXDOMAIN' });
      const from = performance.now();
      let again: Awaited<ReturnType<typeof ask>>;
      do again = await ask('nowhere.example.org', 'A');
      while (again.asked.length === 0 && performance.now() - from < 4000);
      expect(again.status).toBe('NXDOMAIN');
      expect(again.asked.length).toBeGreaterThan(0);
    });

    test('what is too long for UDP is fetched by TCP', async () => {
      const { answer, asked } = await ask('large.example.com', 'TXT', '+tcp');
      expect(answer).toHaveLength(8);
      const whole = asked.filter(({ query }) => query.questions[0]?.type === 16);
      expect(whole.map(({ transport, reply }) => [transport, reply.tc])).toEqual([
        ['udp', true],
        ['tcp', false],
      ]);
    });

    test('a delegation leads on, by its glue', async (context) => {
      if (!(await canServe(CHILD))) context.skip('who may not listen on port 53 cannot be delegated to');
      await startChild(CHILD);
      const { status, answer, asked } = await ask('www.sub.example.com', 'A');
      expect({ status, answer }).toEqual({
        status: 'NOERROR',
        answer: [expect.stringMatching(/^www\.sub\.example\.com\. \d+ IN A 192\.0\.2\.99$/)],
      });
      const referrals = asked.filter(({ reply }) => reply.answers.length === 0 && !reply.aa);
      expect(referrals.length).toBeGreaterThan(0);
      // From now on it knows whom to ask.
      const other = await ask('other.sub.example.com', 'A');
      expect(other).toMatchObject({ status: 'NXDOMAIN', asked: [] });
    });
  });
}

/** Sorted, as resolvers have an order of their own; without TTLs, which run; in lower case, as aliases that a DNAME makes have that of the question. */
function seen(records: readonly string[]): string[] {
  return records.map((record) => record.replace(/ \d+ IN/, ' IN').toLowerCase()).sort();
}
