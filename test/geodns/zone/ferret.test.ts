import { readFileSync } from 'node:fs';
import { gunzipSync } from 'node:zlib';
import { describe, expect, test } from 'vitest';
import { rcodeToText, typeFromText } from '../../../src/geodns/wire/types.ts';
import { resolve } from '../../../src/geodns/zone/resolve.ts';
import { ZoneSet } from '../../../src/geodns/zone/zone.ts';
import { haveSharedData, sharedData } from '../../support/shared-data.ts';
import { name } from '../names.ts';
import { readZone, recordsOf } from './zones.ts';

/**
 * Zones and questions with what BIND, NSD, Knot and PowerDNS said to them: FerretDataset of dns-groot, MIT licence,
 * Copyright (c) Siva Kesava Reddy Kakarla and contributors. Of an answer that is empty the authority section counts.
 */
interface Case {
  readonly id: number;
  readonly zone: string;
  readonly qname: string;
  readonly qtype: string;
  /** Any one of them is right. */
  readonly replies: readonly string[];
}

const CASES = haveSharedData() ? casesOf(gunzipSync(readFileSync(sharedData('ferret-dns.jsonl.gz'))).toString()) : [];

describe.skipIf(!haveSharedData())('what four servers say (in ../shared/data)', () => {
  test('of these cases there are thousands', () => {
    expect(CASES.length).toBeGreaterThan(6000);
  });

  test.each([
    { name: 'we say where they agree', cases: CASES.filter(({ replies }) => replies.length === 1) },
    {
      name: 'one of them at least says as we do where they do not',
      cases: CASES.filter(({ replies }) => replies.length > 1),
    },
  ])('$name', ({ cases }) => {
    const failures = cases.map(failureOf).filter((failure) => failure !== undefined);
    expect(failures.slice(0, 20)).toEqual([]);
    expect(failures).toHaveLength(0);
  });
});

/** What there is to look at when ours is none of the replies. */
function failureOf({ id, zone: text, qname, qtype, replies }: Case) {
  const apex = /^(\S+)\s+\d+\s+IN\s+SOA\s/m.exec(text)?.[1] as string;
  const { zone, findings } = readZone(apex, text);
  if (zone === undefined) return { id, text, problems: findings.problems };
  const client = { address: Uint8Array.from([192, 0, 2, 1]), prefix: 32 };
  const reply = resolve(new ZoneSet([zone]), name(qname), typeFromText(qtype) as number, client);
  const ours = comparable(
    rcodeToText(reply.rcode),
    reply.authoritative,
    recordsOf(reply.answer),
    recordsOf(reply.authority),
  );
  return replies.includes(ours) ? undefined : { id, text, question: `${qname} ${qtype}`, ours, replies };
}

function casesOf(lines: string): readonly Case[] {
  return lines
    .trimEnd()
    .split('\n')
    .flatMap((line) => {
      const [id, zone, questions] = JSON.parse(line) as [number, string, readonly Question[]];
      return questions.map(({ Query: { Name: qname, Type: qtype }, 'Expected Response': expected }) => {
        const replies = new Set(expected.map((group) => replyOf(group.Response)));
        return { id, zone, qname, qtype, replies: [...replies] };
      });
    });
}

interface Question {
  readonly Query: { readonly Name: string; readonly Type: string };
  readonly 'Expected Response': readonly { readonly Response: readonly string[] }[];
}

/** A reply as it is written there: `rcode NOERROR`, `flags QR AA`, and sections below `;ANSWER` and so on. */
function replyOf(lines: readonly string[]): string {
  const field = (key: string) => lines.find((line) => line.startsWith(`${key} `))?.slice(key.length + 1) ?? '';
  const section = (from: string, to: string) => lines.slice(lines.indexOf(from) + 1, lines.indexOf(to));
  const records = (from: string, to: string) => section(from, to).map((record) => record.replace(' IN ', ' '));
  const isAuthoritative = field('flags').split(' ').includes('AA');
  return comparable(
    field('rcode'),
    isAuthoritative,
    records(';ANSWER', ';AUTHORITY'),
    records(';AUTHORITY', ';ADDITIONAL'),
  );
}

function comparable(rcode: string, aa: boolean, answer: readonly string[], authority: readonly string[]): string {
  const ownersAndTypes = authority.map((record) => record.split(' ')).map(([owner, , type]) => `${owner} ${type}`);
  const compared = answer.length > 0 ? answer : [...new Set(ownersAndTypes)];
  return [rcode, aa ? 'AA' : '-', ...compared.map((record) => record.toLowerCase()).sort()].join(' | ');
}
