import { expect, test } from 'vitest';
import { connectH2, type H2Client, type H2Outcome } from '../support/h2-client.ts';
import { dataFrame, headersFrame } from '../support/h2-frames.ts';
import type { FieldLines } from '../support/http1-parser.ts';
import { within } from '../support/wait.ts';
import type { Scene } from './scene.ts';

/** One attack by a client of HTTP/2, and what must become of it. */
export interface Http2Case {
  readonly name: string;
  /** Where it is decided. */
  readonly see: string;
  /** The request as it goes on the wire, pseudo-header fields among the others. */
  readonly fields: FieldLines;
  readonly body?: string;
  readonly trailers?: FieldLines;
  readonly expect: Http2Verdict;
}

export type Http2Verdict =
  /** A status of the list, or a stream error (RFC 9113 §8.1.1 leaves the choice), and the origin gets no whole request. */
  | { readonly refused: readonly number[] }
  /** As 400; or the request goes on without the one field that makes it malformed, of which nothing is left. */
  | { readonly refusedOrWithout: string }
  /** The origin sees this request line, body and fields, and the client gets the answer to it. */
  | {
      readonly line: string;
      readonly body?: string;
      readonly seen?: Readonly<Record<string, readonly string[]>>;
    };

export const MALFORMED: Http2Verdict = { refused: [400] };

/** The fields of a good request; `changes` replace pseudo-header fields, or leave them out when `undefined`. */
export function request(
  path: string,
  { method = 'GET', ...changes }: { method?: string } & Readonly<Record<string, string | undefined>> = {},
  more: FieldLines = [],
): FieldLines {
  const pseudo = { ':method': method, ':scheme': 'https', ':authority': 'www.example.com', ':path': path, ...changes };
  return [...Object.entries(pseudo).filter((field): field is [string, string] => field[1] !== undefined), ...more];
}

/** A test for each case, in the scene. */
export function judgedHttp2(scene: Scene, cases: readonly Http2Case[]): void {
  for (const each of cases) test(`${each.name} (${each.see})`, () => judge(scene, each));
}

/** Plays one case on a connection that others use too, between two innocent requests. */
async function judge(scene: Scene, attack: Http2Case): Promise<void> {
  const before = await scene.innocent();
  const mark = scene.origin.requests.length;
  const client = await connectH2(scene.https);
  const outcome = await send(client, attack);
  const arrived = scene.origin.requests.slice(mark);
  const verdict = settle(attack, outcome);
  if ('refused' in verdict) {
    if (outcome.status !== undefined)
      expect(verdict.refused, `the answer was ${outcome.status}`).toContain(outcome.status);
    else expect(outcome.end, 'the end of the stream').not.toBe('clean');
    const states = within(Promise.all(arrived.map(({ arrived }) => arrived)), 'the end of the requests at the origin');
    expect(await states, 'requests at the origin').not.toContain('whole');
  } else {
    const { line, body = '', seen = {} } = verdict;
    expect(outcome).toMatchObject({ status: 200, body: `answer to ${line}`, end: 'clean' });
    expect(arrived.map(({ method, target, body }) => [`${method} ${target}`, body])).toEqual([[line, body]]);
    for (const [name, values] of Object.entries(seen)) {
      expect(arrived[0]?.values(name), `${name} of ${line}`).toEqual(values);
    }
  }
  // Another stream of the same connection must not suffer, where that is still there.
  if (client.goaway === undefined && outcome.end !== 'closed') await innocentStream(client);
  client.close();
  if (arrived[0]) expect(arrived[0].connection.id, 'the connection to the origin').toBe(before.connection.id);
  await scene.innocent();
  scene.expectUnharmed();
}

/** What remains to be judged once it is known which of two allowed ways was taken. */
function settle(
  { fields, body, expect: verdict }: Http2Case,
  { status }: H2Outcome,
): Exclude<Http2Verdict, { refusedOrWithout: string }> {
  if (!('refusedOrWithout' in verdict)) return verdict;
  if (status !== 200) return { refused: [400] };
  const fieldOf = (name: string) => fields.find((field) => field[0] === name)?.[1];
  const without = { [verdict.refusedOrWithout]: [], 'x-injected': [] };
  return { line: `${fieldOf(':method')} ${fieldOf(':path')}`, ...(body !== undefined && { body }), seen: without };
}

async function send(client: H2Client, { fields, body, trailers }: Http2Case): Promise<H2Outcome> {
  const stream = client.newStream();
  const frames = [headersFrame(stream, fields, { endStream: body === undefined && trailers === undefined })];
  if (body !== undefined) frames.push(dataFrame(stream, body, { endStream: trailers === undefined }));
  if (trailers !== undefined) frames.push(headersFrame(stream, trailers));
  await client.send(...frames);
  return client.outcome(stream);
}

/** A good request on a connection of HTTP/2 gets its answer. */
export async function innocentStream(client: H2Client, target = '/innocent/stream'): Promise<void> {
  const outcome = await client.request(request(target));
  expect(outcome, 'what an innocent stream got').toMatchObject({
    status: 200,
    body: `answer to GET ${target}`,
    end: 'clean',
  });
}
