import { expect, test } from 'vitest';
import { connectH2 } from '../support/h2-client.ts';
import { type FieldLines, valuesOf } from '../support/http1-parser.ts';
import type { OriginRequest } from '../support/origin.ts';
import { connectRaw } from '../support/raw-client.ts';
import { within } from '../support/wait.ts';
import { request } from './http2-verdict.ts';
import { HOST, head } from './request-verdict.ts';
import type { Scene } from './scene.ts';

/** One attack by an origin, and what a client may see of it, by HTTP/1.1 and by HTTP/2. */
export interface ResponseCase {
  readonly name: string;
  /** Where it is decided. */
  readonly see: string;
  readonly method?: 'GET' | 'HEAD';
  /** What the origin sends, each piece in a packet of its own. */
  readonly send: string | readonly string[];
  /** What it does then; by default it keeps the connection open. */
  readonly ending?: 'half-close' | 'reset';
  readonly expect: ResponseVerdict;
  /** The connection must not be used for another request: it is not clear what would come next on it. */
  readonly spoilt: boolean;
}

export type ResponseVerdict =
  /** An error of ours, whole, in place of what the origin sent. */
  | { readonly kind: 'error' }
  /** As `error`; or, when the head had gone out, a body that visibly breaks off (RFC 9112 §8). */
  | { readonly kind: 'broken' }
  /** This answer, whole. Of these fields these values, by name in lower case. */
  | { readonly kind: 'whole'; readonly status: number; readonly body: string; readonly fields?: FieldValues }
  | { readonly kind: 'either'; readonly of: readonly ResponseVerdict[] };

type FieldValues = Readonly<Record<string, readonly string[]>>;

/** What a client saw, whichever protocol it speaks. */
interface Sight {
  readonly status: number | undefined;
  readonly body: string;
  readonly fields: FieldLines;
  readonly trailers: FieldLines;
  readonly interim: readonly { readonly fields: FieldLines }[];
  readonly whole: boolean;
}

export const ERROR: ResponseVerdict = { kind: 'error' };
export const BROKEN: ResponseVerdict = { kind: 'broken' };

export function whole(
  body: string,
  { status = 200, ...fields }: { status?: number } & Record<string, unknown> = {},
): ResponseVerdict {
  return { kind: 'whole', status, body, fields: fields as FieldValues };
}

export function either(...of: readonly ResponseVerdict[]): ResponseVerdict {
  return { kind: 'either', of };
}

/** Two tests for each case, in the scene. */
export function judgedResponses(scene: Scene, cases: readonly ResponseCase[]): void {
  for (const each of cases) {
    test(`${each.name}, seen by HTTP/1.1 (${each.see})`, () => judge(scene, each, askHttp1));
    test(`${each.name}, seen by HTTP/2 (${each.see})`, () => judge(scene, each, askHttp2));
  }
}

async function judge(scene: Scene, attack: ResponseCase, ask: typeof askHttp1): Promise<void> {
  const before = await scene.innocent();
  let asked: OriginRequest | undefined;
  scene.origin.script = async function* (each) {
    asked = each;
    yield* [attack.send].flat();
    if (attack.ending === 'half-close') each.connection.end();
    if (attack.ending === 'reset') each.connection.reset();
  };
  const sight = await ask(scene, attack.method ?? 'GET');
  expectSight(sight, attack.expect);
  expect(asked?.connection.id, 'the connection that is used again').toBe(before.connection.id);
  if (attack.spoilt) await within(before.connection.closed, 'the connection to the origin to be given up');
  await scene.innocent();
  await scene.innocent(); // What was left of the attack would have met the first.
  scene.expectUnharmed();
}

/** Whether the verdict is met: throws where it is not. */
function expectSight(sight: Sight, verdict: ResponseVerdict): void {
  expectNothingInjected(sight);
  switch (verdict.kind) {
    case 'error':
      expect(sight, 'what the client saw').toMatchObject({ status: 502, whole: true });
      expect(sight.body).not.toContain('hello');
      return;
    case 'broken':
      if (sight.whole) expect(sight.status, `an answer that ended cleanly: ${JSON.stringify(sight)}`).toBe(502);
      return;
    case 'whole':
      expect(sight, 'what the client saw').toMatchObject({ status: verdict.status, body: verdict.body, whole: true });
      for (const [name, values] of Object.entries(verdict.fields ?? {})) {
        expect(valuesOf(sight.fields, name), name).toEqual(values);
      }
      return;
    case 'either':
      expect(
        verdict.of.some((each) => meets(sight, each)),
        `an expected answer: ${JSON.stringify(sight)}`,
      ).toBe(true);
  }
}

function meets(sight: Sight, verdict: ResponseVerdict): boolean {
  try {
    expectSight(sight, verdict);
    return true;
  } catch {
    return false;
  }
}

/** No attack of the tables may set this field, get the body `evil` through, or leave a line end in a value. */
function expectNothingInjected({ fields, trailers, interim, body }: Sight): void {
  const all = [...interim.flatMap((each) => each.fields), ...fields, ...trailers];
  expect(valuesOf(all, 'x-injected')).toEqual([]);
  expect(body).not.toContain('evil');
  for (const [name, value] of all) expect(`${name}: ${value}`).toMatch(/^[\t\x20-\x7e\x80-\xff]*$/);
}

async function askHttp1(scene: Scene, method: string): Promise<Sight> {
  const client = await connectRaw(scene.http);
  await client.send(head(`${method} ${scene.nextTarget()} HTTP/1.1`, HOST));
  const response = await client.next(method);
  const nothing = { status: undefined, body: '', fields: [], trailers: [], interim: [], whole: false };
  if (response === undefined) return nothing;
  // An end that only the connection's close would tell is a clean one only if the origin's was.
  const sight = { ...response, whole: response.end === 'clean' };
  if (sight.whole && response.framing !== 'close') {
    // Nothing may follow that the next request on this connection would take for its answer.
    client.finish();
    expect(await client.untilClosed(), 'responses').toHaveLength(1);
  }
  client.close();
  return sight;
}

async function askHttp2(scene: Scene, method: string): Promise<Sight> {
  const client = await connectH2(scene.https);
  const outcome = await client.request(request(scene.nextTarget(), { method }));
  client.close();
  return { ...outcome, status: outcome.status, whole: outcome.end === 'clean' };
}
