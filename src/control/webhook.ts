import { request as httpsRequest } from 'node:https';
import { request as httpRequest } from '../base/node-http.ts';
import type { Ms } from '../base/units.ts';
import type { EventLog } from '../observe/event-forward.ts';

/** Whoever is slower has not taken it. */
const TIMEOUT: Ms = 5_000;

/** So many wait at most. */
const LONGEST_QUEUE = 100;

export interface WebhookOptions {
  readonly log: EventLog;
  /** Default: 5 s. */
  readonly timeout?: Ms;
}

/**
 * Tells somebody's server what happened: JSON by POST, one after the other in their order, each once. Nothing waits for it: what is
 * not taken is told in the log, and when too many wait, the oldest are left out, as the newest say how things are.
 */
export class Webhook {
  readonly #options: WebhookOptions;
  readonly #ended = new AbortController();
  readonly #queue: { readonly url: string; readonly body: object }[] = [];
  #sending: Promise<void> | undefined;
  #failures = 0;

  constructor(options: WebhookOptions) {
    this.#options = options;
  }

  /** What was not taken, or left out, since the start. */
  get failures(): number {
    return this.#failures;
  }

  post(url: string, body: object): void {
    if (this.#ended.signal.aborted) return;
    this.#queue.push({ url, body });
    if (this.#queue.length > LONGEST_QUEUE) {
      this.#queue.shift();
      this.#failed(url, `more than ${LONGEST_QUEUE} wait: the oldest is left out`);
    }
    this.#sending ??= this.#sendAll();
  }

  /** Lets what waits be sent, within so long. */
  async close(within: Ms): Promise<void> {
    const overdue = setTimeout(() => this.#ended.abort(), within);
    await this.#sending;
    clearTimeout(overdue);
    this.#ended.abort();
  }

  async #sendAll(): Promise<void> {
    for (let next = this.#queue.shift(); next !== undefined; next = this.#queue.shift()) {
      const { url, body } = next;
      try {
        const status = await this.#send(new URL(url), Buffer.from(JSON.stringify(body)));
        if (status < 200 || status > 299) this.#failed(url, `it answered ${status}`);
      } catch (error) {
        this.#failed(url, (error as Error).message);
      }
    }
    this.#sending = undefined;
  }

  /** Resolves with the status. */
  #send(url: URL, content: Buffer): Promise<number> {
    const { timeout = TIMEOUT } = this.#options;
    const signal = AbortSignal.any([AbortSignal.timeout(timeout), this.#ended.signal]);
    const send = url.protocol === 'https:' ? httpsRequest : httpRequest;
    const headers = { 'content-type': 'application/json', 'content-length': content.length };
    return new Promise((resolve, reject) => {
      const outgoing = send(url, { method: 'POST', headers, agent: false, signal }, (response) => {
        response.on('error', () => {});
        // What it says beside its status is nothing to us.
        response.destroy();
        resolve(response.statusCode ?? 0);
      });
      outgoing.on('error', (error) => reject(signal.aborted ? new Error(whyEnded(signal, timeout)) : error));
      outgoing.end(content);
    });
  }

  /** Of the address no more than where it is: tokens stand in the rest. */
  #failed(url: string, problem: string): void {
    this.#failures += 1;
    this.#options.log.warn('a webhook was not taken', { to: new URL(url).host, problem });
  }
}

function whyEnded({ reason }: AbortSignal, timeout: Ms): string {
  return (reason as Error).name === 'TimeoutError' ? `no answer within ${timeout / 1000} s` : 'the node stopped';
}
