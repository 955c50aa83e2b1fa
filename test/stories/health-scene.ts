import type { Ms } from '../../src/base/units.ts';
import { ADMIN, NodeAdmin } from '../support/node-admin.ts';
import { answer, type OriginRequest, type ScriptedOrigin, startOrigin } from '../support/origin.ts';
import { type Portico, type StartOptions, startPortico } from '../support/portico.ts';
import { fetchRaw } from '../support/raw-client.ts';
import { frontDoor } from './front-door.ts';

/** Origins that fall ill and get well again, behind a node of two workers. */

/** How an origin answers: well; with 500; not at all; after a while; with another body; or it breaks off. */
export type Manner = 'well' | '500' | 'silent' | 'slow' | 'other body' | 'reset';

/** Longer than any check of these scenes may take. */
const A_WHILE = 600;

export const CHECK_PATH = '/health';

/** An origin that answers checks in one way and requests in another, both to be changed while it runs. */
export class Ailing {
  checks: Manner = 'well';
  requests: Manner = 'well';
  /** When the last request came that was no check, by `performance.now()`. */
  lastAsked: Ms | undefined;
  readonly name: string;
  readonly origin: ScriptedOrigin;

  static async start(name: string): Promise<Ailing> {
    const origin = await startOrigin();
    return new Ailing(name, origin);
  }

  private constructor(name: string, origin: ScriptedOrigin) {
    this.name = name;
    this.origin = origin;
    origin.script = (request) => this.#play(request);
  }

  /** Of both. */
  set manner(manner: Manner) {
    this.checks = manner;
    this.requests = manner;
  }

  /** How many checks have come. */
  get checked(): number {
    return this.origin.requests.filter(isCheck).length;
  }

  /** How many requests have come that are no checks. */
  get asked(): number {
    return this.origin.requests.filter((request) => !isCheck(request)).length;
  }

  /** Resolves when so many checks have come after now. */
  async nextChecks(count: number): Promise<void> {
    const wanted = this.checked + count;
    const from = this.origin.requests.length;
    await this.origin.arrivals.waitFor(() => this.checked >= wanted, { from, wanted: `that is check ${wanted}` });
  }

  async *#play(request: OriginRequest): AsyncGenerator<string | Uint8Array> {
    if (!isCheck(request)) this.lastAsked = performance.now();
    await request.arrived;
    const manner = isCheck(request) ? this.checks : this.requests;
    const body = isCheck(request) && manner !== 'other body' ? `${this.name} is well` : this.name;
    switch (manner) {
      case 'well':
      case 'other body':
        yield answer(body);
        return;
      case '500':
        yield answer('no', { status: '500 Internal Server Error' });
        return;
      case 'slow':
        await new Promise((resolve) => setTimeout(resolve, A_WHILE));
        yield answer(body);
        return;
      case 'reset':
        request.connection.reset();
        return;
      case 'silent':
        await request.connection.closed;
    }
  }
}

function isCheck({ target }: OriginRequest): boolean {
  return target === CHECK_PATH;
}

/** Checks that find out soon, each with 200 ms: on a busy machine three in a row are seldom late. */
export const CHECKS = { path: CHECK_PATH, interval: '200ms', rise: 2, fall: 3 } as const;

export interface Scene {
  readonly portico: Portico;
  readonly admin: NodeAdmin;
  readonly ailing: readonly Ailing[];
  readonly config: object;
}

export interface SceneOptions extends StartOptions {
  readonly pool?: object;
  readonly site?: object;
  readonly node?: object;
  /** Of each origin, by its place. */
  readonly origins?: readonly object[];
  /** Before the node starts. */
  readonly manners?: readonly Manner[];
}

/** A node in front of `count` origins, called app0, app1, … */
export async function healthScene(
  count: number,
  { pool = {}, site, node, origins = [], manners = [], ...start }: SceneOptions = {},
): Promise<Scene> {
  const ailing = await Promise.all(Array.from({ length: count }, (_, i) => Ailing.start(`app${i}`)));
  for (const [i, manner] of manners.entries()) (ailing[i] as Ailing).manner = manner;
  const listed = ailing.map(({ name, origin }, i) => ({ url: origin.url, name, ...origins[i] }));
  const config = {
    ...frontDoor({ origins: listed, pool, site: { cache: 'off', ...site }, ...(node && { node }) }),
    ...ADMIN,
  };
  const portico = await startPortico(config, start);
  return { portico, admin: await NodeAdmin.of(portico), ailing, config };
}

/** Who answers so many requests at once, by both workers; or with what status, where that is not 200. */
export async function answerers(
  portico: Portico,
  count = 20,
  request: Parameters<typeof fetchRaw>[2] = {},
): Promise<Record<string, number>> {
  const answers = await Promise.all(Array.from({ length: count }, () => fetchRaw(portico.port(), '/', request)));
  return tally(answers.map(({ status, body }) => (status === 200 ? body : String(status))));
}

export function tally(values: readonly string[]): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const value of values) counts[value] = (counts[value] ?? 0) + 1;
  return counts;
}
