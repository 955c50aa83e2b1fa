import { Journal } from './journal.ts';
import { connectRaw, fieldOf, type RawClient } from './raw-client.ts';

/** What became of one connection's requests. */
export interface KeepAliveReport {
  readonly answered: number;
  /** Answers that were not a whole 200. */
  readonly failed: number;
  /** A request was sent on a connection that nobody had announced the end of, and it was closed without an answer. */
  readonly lost: number;
  /** Answers that said `Connection: close`, as the last one of a connection must before a server closes it. */
  readonly goodbyes: number;
  /** The connection was closed between requests, without a word. */
  readonly closedIdle: number;
}

/**
 * A load of our own, for what wrk does not tell: connections that each ask one request after the other, until an answer
 * says `Connection: close`, and that are never made anew.
 */
export class KeepAliveLoad {
  readonly #answers = new Journal<number>('answer');
  readonly #runs: Promise<KeepAliveReport>[];
  #over = false;

  static async start(port: number, connections: number): Promise<KeepAliveLoad> {
    const clients = await Promise.all(Array.from({ length: connections }, () => connectRaw(port)));
    return new KeepAliveLoad(clients);
  }

  private constructor(clients: readonly RawClient[]) {
    this.#runs = clients.map((client, index) => this.#run(client, index));
  }

  /** Resolves when so many requests have been answered, over all connections. */
  async answered(count: number): Promise<void> {
    await this.#answers.waitFor(() => this.#answers.all.length >= count, { wanted: `number ${count}`, limit: 9000 });
  }

  /** Asks no more, and resolves with the sums over all connections once each has its last answer. */
  async end(): Promise<KeepAliveReport> {
    this.#over = true;
    return this.ended();
  }

  /** The same once the server has ended every connection. */
  async ended(): Promise<KeepAliveReport> {
    const reports = await Promise.all(this.#runs);
    const sum = (name: keyof KeepAliveReport) => reports.reduce((total, report) => total + report[name], 0);
    return {
      answered: sum('answered'),
      failed: sum('failed'),
      lost: sum('lost'),
      goodbyes: sum('goodbyes'),
      closedIdle: sum('closedIdle'),
    };
  }

  async #run(client: RawClient, index: number): Promise<KeepAliveReport> {
    const report = { answered: 0, failed: 0, lost: 0, goodbyes: 0, closedIdle: 0 };
    let closed = false;
    void client.closed.then(() => {
      closed = true;
    });
    while (!this.#over) {
      if (closed || client.socket.readableEnded) {
        report.closedIdle += 1;
        break;
      }
      await client.send(`GET /${index} HTTP/1.1\r\nHost: www.example.com\r\n\r\n`);
      const response = await client.next('GET', 9000);
      if (response === undefined) {
        report.lost += 1;
        break;
      }
      report.answered += 1;
      this.#answers.add(response.status);
      if (response.status !== 200 || response.end !== 'clean') report.failed += 1;
      if (fieldOf(response, 'connection')?.toLowerCase() === 'close') {
        report.goodbyes += 1;
        break;
      }
    }
    return report;
  }
}
