import { expect } from 'vitest';
import { Rig, type RigOptions } from '../proxy/caching/rig.ts';

/**
 * A client, the cache, and an origin, one request after the other: what a specification says of caches is told so, and
 * holds for all of the way from the request to the reply.
 */

/** One request, what the origin would answer, and what is to come of it. */
export interface Step {
  /** Seconds that pass before it. Default 0. */
  readonly after?: number;
  /** Default GET. */
  readonly method?: string;
  /** Default `/`. */
  readonly target?: string;
  readonly head?: FieldRecord;
  /** Default: a 200 that says nothing but what `Date` it is. */
  readonly origin?: Answer | 'refuses' | 'resets';
  /**
   * Who answers: what is stored, whatever became of a request to the origin; what is stored, after a 304 said so; the
   * origin; or nobody, and then the client gets an error of our own.
   */
  readonly from: 'cache' | 'validated' | 'origin' | 'nobody';
  /** Of the reply. Default 200; 502 or above from nobody. */
  readonly status?: number;
  /** Fields that the reply has, or what is expected of them; `undefined`: that it has not. */
  readonly has?: Readonly<Record<string, unknown>>;
  /** Fields of the request that the origin got, if it got one; `undefined`: that it had not. */
  readonly sends?: FieldRecord;
  readonly content?: string | undefined;
}

export interface Answer {
  /** Default 200. */
  readonly status?: number;
  readonly head?: FieldRecord;
  /** Default: `Content 1` and so on, a number for each answer. */
  readonly content?: string;
  /** Seconds until it comes. Default 0. */
  readonly delay?: number;
  /** It ends within the content, with a reset. */
  readonly brokenOff?: boolean;
}

/** Several of one name: a list. */
export type FieldRecord = Readonly<Record<string, string | readonly string[] | undefined>>;

const START = Date.UTC(2026, 0, 1);

/** A date so many seconds after the first request. */
export function at(seconds: number): string {
  return new Date(START + seconds * 1000).toUTCString();
}

/** Plays the steps, each to its end before the next, and throws where something else comes than expected. */
export async function play(steps: readonly Step[], rules: RigOptions['rules'] = {}): Promise<void> {
  let step: Step | undefined;
  let answers = 0;
  let asked: FieldRecord | undefined;
  const rig = await Rig.open({
    // Nothing but what the specifications say: no site's own wish to show what is stale.
    rules: { staleBeforeSplash: 0, setCookie: 'store', ...rules },
    seats: 1,
    answer: (call) => {
      asked = recordOf(call.request.fields);
      call.sent();
      const answer = step?.origin ?? {};
      if (answer === 'refuses') return call.refuse();
      if (answer === 'resets') return call.fail();
      answers += 1;
      rig.now += (answer.delay ?? 0) * 1000;
      const { status = 200, head = {}, content = `Content ${answers}` } = answer;
      const hasContent = status !== 304 && status !== 204 && call.request.method !== 'HEAD';
      const length = hasContent ? { 'content-length': `${content.length}` } : {};
      call.head(status, { date: new Date(rig.now).toUTCString(), ...length, ...head } as Record<string, string>);
      if (hasContent) call.body(Buffer.from(answer.brokenOff === true ? content.slice(1) : content, 'latin1'));
      if (answer.brokenOff === true) call.fail();
      else call.end();
    },
  });
  rig.now = START;
  try {
    for (const [index, each] of steps.entries()) {
      step = each;
      asked = undefined;
      rig.now += (each.after ?? 0) * 1000;
      const { method = 'GET', target = '/', head = {} } = each;
      const asking = rig.ask(0, { method, target, fields: flat(head) });
      await rig.over(asking);
      // What is fetched behind a reply is no answer to it.
      const found = { asked, isOurs: asking.isOurs, exchange: asking.exchange };
      await rig.settle();
      check(each, found, `step ${index + 1}`);
    }
    await rig.check();
  } finally {
    await rig.close();
  }
}

interface Found {
  readonly asked: FieldRecord | undefined;
  readonly isOurs: boolean;
  readonly exchange: ReturnType<Rig['ask']>['exchange'];
}

function check(step: Step, { asked, isOurs, exchange }: Found, which: string): void {
  const { from, status, has = {}, sends = {}, content } = step;
  const fields = recordOf(exchange.fields);
  expect(isOurs ? 'nobody' : sourceOf(fields), `${which} is from`).toBe(from);
  if (status !== undefined || from !== 'nobody') expect(exchange.status, `${which}, status`).toBe(status ?? 200);
  else expect(exchange.status, `${which}, status`).toBeGreaterThanOrEqual(502);
  for (const [name, value] of Object.entries(has)) expect(fields[name], `${which}, ${name}`).toEqual(value);
  for (const [name, value] of Object.entries(sends)) {
    expect(asked, `${which}, request to the origin`).toBeDefined();
    expect(asked?.[name], `${which}, ${name} of the request`).toEqual(value);
  }
  if (content !== undefined) expect(exchange.content.toString('latin1'), `${which}, content`).toBe(content);
}

/** By what our own Cache-Status says. */
function sourceOf(fields: FieldRecord): Step['from'] {
  const status = String(fields['cache-status']).split(', ').at(-1) ?? '';
  if (status.includes('; hit')) return 'cache';
  return status.includes('; fwd-status=304') ? 'validated' : 'origin';
}

function flat(record: FieldRecord): string[] {
  return Object.entries(record).flatMap(([name, value]) =>
    value === undefined ? [] : [value].flat().flatMap((each) => [name, each]),
  );
}

function recordOf(fields: readonly string[]): FieldRecord {
  const record: Record<string, string | string[]> = {};
  for (let i = 0; i + 1 < fields.length; i += 2) {
    const name = (fields[i] as string).toLowerCase();
    const before = record[name];
    record[name] = before === undefined ? (fields[i + 1] as string) : [...[before].flat(), fields[i + 1] as string];
  }
  return record;
}
