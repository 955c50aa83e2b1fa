import { beforeAll, expect } from 'vitest';
import { answer, type OriginRequest, type Script, type ScriptedOrigin, startOrigin } from '../support/origin.ts';
import { type Portico, startPortico } from '../support/portico.ts';
import { fetchRaw } from '../support/raw-client.ts';

/**
 * The scene of all attacks: hostile and innocent clients, one worker of Portico, and one origin that keeps every byte,
 * reached over one connection which is used again and again. The first listener speaks http, the second https. It is
 * set before the first test of its `describe`, or file, and stays for all of them.
 */
export function useScene(changes: SceneChanges = {}): Scene {
  const scene = new Scene();
  beforeAll(() => scene.set(changes));
  return scene;
}

export interface SceneChanges {
  readonly listener?: { readonly limits?: object; readonly timeouts?: object };
  readonly trusted_proxies?: readonly string[];
  readonly originTimeouts?: object;
}

/** Says which request it answers, so that nobody can be given another's answer unnoticed. */
export function echo(request: OriginRequest): Buffer {
  return answer(`answer to ${request.method} ${request.target}`);
}

export class Scene {
  portico!: Portico;
  origin!: ScriptedOrigin;
  /** What the origin answers to innocent requests, and goes back to after an attack of its own. */
  script: Script = echo;
  #innocents = 0;
  #targets = 0;
  #faults = 0;
  #events = 0;
  #judged = 0;

  async set(changes: SceneChanges): Promise<void> {
    this.origin = await startOrigin(this.script);
    const listener = { address: '127.0.0.1:0', ...changes.listener };
    this.portico = await startPortico({
      node: { name: 'edge-1', workers: 1 },
      listeners: [
        { ...listener, protocol: 'http' },
        { ...listener, protocol: 'https' },
      ],
      ...(changes.trusted_proxies && { trusted_proxies: changes.trusted_proxies }),
      sites: [{ hosts: ['www.example.com', 'default'], pool: 'app' }],
      pools: {
        app: {
          origins: [this.origin.url],
          // One try and no early good-bye: every request at the origin is one that a client sent, on one connection.
          retries: { attempts: 1 },
          timeouts: { keep_alive: '60s', first_byte: '3s', ...changes.originTimeouts },
        },
      },
      logs: { access: { file: 'access.log' } },
    });
  }

  get http(): number {
    return this.portico.port(0);
  }

  get https(): number {
    return this.portico.port(1);
  }

  /** One that nothing is stored for. */
  nextTarget(): string {
    return `/asked/${++this.#targets}`;
  }

  /** Another client asks for something of its own, and must get that. Returns the request as the origin saw it. */
  async innocent(): Promise<OriginRequest> {
    const target = `/innocent/${++this.#innocents}`;
    this.origin.script = this.script;
    const response = await fetchRaw(this.http, target);
    expect(response, 'what an innocent client got').toMatchObject({
      status: 200,
      body: `answer to GET ${target}`,
      end: 'clean',
    });
    const seen = this.origin.requests.filter((request) => request.target === target);
    expect(seen.length, `requests for ${target} at the origin`).toBe(1);
    return seen[0] as OriginRequest;
  }

  /** The invariants after any attack: the origin read only what we meant, and nothing fell over. */
  expectUnharmed(): void {
    const faults = this.origin.faults.slice(this.#faults);
    const alarms = this.portico.events.all.slice(this.#events).filter(({ level }) => level === 'error');
    this.#faults += faults.length; // One test's harm is not the next one's.
    this.#events = this.portico.events.all.length;
    expect(faults, 'what the origin could not read').toEqual([]);
    for (const request of this.origin.requests.slice(this.#judged)) {
      // What lacks our word on where it comes from was not forwarded but smuggled.
      expect(request.values('x-forwarded-for').join(' | '), `X-Forwarded-For of ${request.target}`).toMatch(
        /^([^|]+, )?127\.0\.0\.1$/,
      );
    }
    this.#judged = this.origin.requests.length;
    expect(alarms, 'errors in the event log').toEqual([]);
  }
}
