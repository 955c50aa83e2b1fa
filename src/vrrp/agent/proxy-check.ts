import type { ClientRequest, IncomingMessage } from 'node:http';
import { request as requestTls } from 'node:https';
import { request as requestPlain } from '../../base/node-http.ts';
import type { Ms } from '../../base/units.ts';
import type { TrackStatus } from '../model.ts';

const INTERVAL: Ms = 1_000;
const TIMEOUT: Ms = 1_000;

/** So many in a row without an answer: one may be a worker that died, and whose connections with it. */
const FALL = 3;

/**
 * Asks the proxy of this node as a client would, by a connection of its own each time, so that all workers have their turn. Any answer is
 * good: whether there are origins is not what the addresses are about. Nobody who listens is down; who says nothing in time is slow, as
 * another node under the same load may be as well.
 */
export class ProxyCheck {
  readonly url: string;
  readonly #onStatus: (status: TrackStatus) => void;
  readonly #timer: NodeJS.Timeout;
  #request: ClientRequest | undefined;
  #bad = 0;

  constructor(url: string, onStatus: (status: TrackStatus) => void) {
    this.url = url;
    this.#onStatus = onStatus;
    this.#timer = setInterval(() => this.#ask(), INTERVAL);
  }

  close(): void {
    clearInterval(this.#timer);
    this.#request?.destroy();
  }

  /** `OPTIONS *` is about the server itself (RFC 9110 §9.3.7): no origin hears of it. */
  #ask(): void {
    if (this.#request !== undefined) return;
    const ask = this.url.startsWith('https:') ? requestTls : requestPlain;
    const request = ask(this.url, {
      method: 'OPTIONS',
      path: '*',
      agent: false,
      headers: { host: 'localhost', 'user-agent': 'portico-vrrp' },
      rejectUnauthorized: false,
    });
    this.#request = request;
    let isOverdue = false;
    const overdue = setTimeout(() => {
      isOverdue = true;
      request.destroy(new Error('no answer in time'));
    }, TIMEOUT);
    const end = (status: TrackStatus) => {
      clearTimeout(overdue);
      if (this.#request !== request) return;
      this.#request = undefined;
      this.#take(status);
    };
    request.on('response', (response: IncomingMessage) => {
      response.resume();
      end('up');
    });
    request.on('error', () => end(isOverdue ? 'slow' : 'down'));
    request.end();
  }

  #take(status: TrackStatus): void {
    this.#bad = status === 'up' ? 0 : this.#bad + 1;
    if (status === 'up' || this.#bad >= FALL) this.#onStatus(status);
  }
}
