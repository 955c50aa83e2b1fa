import { expect, test } from 'vitest';
import type { OriginRequest } from '../support/origin.ts';
import { connectRaw, type RawClient } from '../support/raw-client.ts';
import { within } from '../support/wait.ts';
import type { Scene } from './scene.ts';

/** One attack by a client of HTTP/1.1, and what must become of it. */
export interface RequestCase {
  readonly name: string;
  /** Where it is decided. */
  readonly see: string;
  /** Bytes as latin1; several pieces go in packets of their own. */
  readonly send: string | readonly string[];
  readonly expect: Refused | Forwarded;
}

/** One answer with one of these statuses, and the origin gets no whole request. */
export interface Refused {
  readonly refused: readonly number[];
  /** Whether the connection must end there: its framing is in doubt. `false`: it may go on. */
  readonly closes: boolean;
}

/** Each of these reaches the origin and its client gets the answer to it. */
export interface Forwarded {
  readonly forwarded: readonly Seen[];
  /** Whether the client's connection must go on. */
  readonly goesOn: boolean;
}

/** A request as the origin must see it. */
export interface Seen {
  readonly line: string;
  readonly body?: string;
  /** All values of these fields, by name in lower case. */
  readonly fields?: Readonly<Record<string, readonly string[]>>;
}

export const HOST = 'Host: www.example.com';

/** What an attacker would like the origin to take for a request of its own. */
export const SMUGGLED = 'GET /smuggled HTTP/1.1\r\nHost: www.example.com\r\n\r\n';

/** A message head of these lines. */
export function head(...lines: readonly string[]): string {
  return `${lines.join('\r\n')}\r\n\r\n`;
}

export function refused(...statuses: readonly number[]): Refused {
  return { refused: statuses, closes: true };
}

/** Refused, where nothing is wrong with the framing. */
export function declined(...statuses: readonly number[]): Refused {
  return { refused: statuses, closes: false };
}

export function forwarded(...seen: readonly Seen[]): Forwarded {
  return { forwarded: seen, goesOn: true };
}

/** A test for each case, in the scene. */
export function judged(scene: Scene, cases: readonly RequestCase[]): void {
  // Not `test.each`: it cuts names short.
  for (const each of cases) test(`${each.name} (${each.see})`, () => judge(scene, each));
}

/** Plays one case between two innocent requests and judges by what the origin saw. */
async function judge(scene: Scene, { send, expect: verdict }: RequestCase): Promise<void> {
  const before = await scene.innocent();
  const mark = scene.origin.requests.length;
  const client = await connectRaw(scene.http);
  const sending = client.send(...[send].flat());
  if ('refused' in verdict) await judgeRefused(client, verdict);
  else await judgeForwarded(client, verdict);
  await sending;
  client.close();

  const arrived = scene.origin.requests.slice(mark);
  if ('refused' in verdict) {
    const states = within(
      Promise.all(arrived.map((request) => request.arrived)),
      'the end of the requests at the origin',
    );
    expect(await states, 'requests at the origin').not.toContain('whole');
  } else {
    expectSeen(arrived, verdict);
  }
  // It went the way of the innocent ones before it, or its bytes could not have met theirs.
  if (arrived[0]) expect(arrived[0].connection.id, 'the connection to the origin').toBe(before.connection.id);
  await scene.innocent();
  scene.expectUnharmed();
}

async function judgeRefused(client: RawClient, { refused, closes }: Refused): Promise<void> {
  const response = await client.response();
  expect(refused, `the answer was ${response.status}`).toContain(response.status);
  if (!closes) client.finish();
  expect(await client.untilClosed(), 'responses').toHaveLength(1);
}

async function judgeForwarded(client: RawClient, { forwarded, goesOn }: Forwarded): Promise<void> {
  for (const { line } of forwarded) await expectAnswer(client, line);
  if (!goesOn) return;
  await client.send(head(`${FOLLOW_UP} HTTP/1.1`, HOST));
  await expectAnswer(client, FOLLOW_UP);
}

const FOLLOW_UP = 'GET /follow-up';

async function expectAnswer(client: RawClient, line: string): Promise<void> {
  const method = line.split(' ')[0] as string;
  const response = await client.response(method);
  const body = method === 'HEAD' ? '' : `answer to ${line}`;
  expect(response, `the answer to ${line.slice(0, 80)}`).toMatchObject({ status: 200, body, end: 'clean' });
}

function expectSeen(arrived: readonly OriginRequest[], verdict: Forwarded): void {
  const lines = arrived.map(({ method, target }) => `${method} ${target}`);
  expect(lines, 'requests at the origin').toEqual([
    ...verdict.forwarded.map(({ line }) => line),
    ...(verdict.goesOn ? [FOLLOW_UP] : []),
  ]);
  for (const [index, { line, body = '', fields = {} }] of verdict.forwarded.entries()) {
    const request = arrived[index] as OriginRequest;
    expect(request.body, `the body of ${line}`).toBe(body);
    for (const [name, values] of Object.entries(fields)) {
      expect(request.values(name), `${name} of ${line}`).toEqual(values);
    }
  }
}
