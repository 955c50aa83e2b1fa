import { request } from 'node:http';
import { all, cellsOf, parse, textOf } from '../admin/apache/markup.ts';

/**
 * What Ansible's module community.general.apache2_mod_proxy (13.4.0) asks of a balancer-manager and reads of it, step by
 * step, as it was observed. Where the module ends with an error, so does this.
 */

export interface Member {
  readonly management: string;
  readonly balancer: string;
  readonly host: string;
  readonly port: string;
  readonly status: Readonly<Record<(typeof FLAGS)[number]['name'], boolean>>;
}

const LINK = /(b=([\w.-]+)&w=(https?|ajp|wss?|ftp|[sf]cgi):\/\/([\w.-]+):?(\d*)([/\w.-]*)&?[\w\-=]*)/;

const FLAGS = [
  { name: 'disabled', param: 'w_status_D', word: 'Dis' },
  { name: 'drained', param: 'w_status_N', word: 'Drn' },
  { name: 'hot_standby', param: 'w_status_H', word: 'Stby' },
  { name: 'ignore_errors', param: 'w_status_I', word: 'Ign' },
] as const;

export class Apache2ModProxy {
  readonly #base: URL;
  readonly #suffix: string;

  /** `url`: with user and password, as `balancer_vhost` may have them. */
  constructor(url: string, suffix = '/balancer-manager/') {
    this.#base = new URL(url);
    this.#suffix = suffix;
  }

  async members(): Promise<Member[]> {
    const { status, text } = await this.#fetch(this.#suffix);
    if (status !== 200) throw new Error(`could not get the page: ${status}`);
    const version = /SERVER VERSION: APACHE\/([\d.]+)/.exec(text.toUpperCase())?.[1];
    if (version === undefined) throw new Error('could not get the Apache server version');
    if (!/2\.4\./.test(version)) throw new Error('this module only acts on an Apache 2.4+ instance');
    const [, ...links] = all(parse(text), 'a');
    const members: Member[] = [];
    for (const { attributes } of links) members.push(await this.#member(attributes.href ?? ''));
    return members;
  }

  /** Whether it says `changed`. `state`: those that are wanted; all others are turned off. */
  async set(memberHost: string, wanted: readonly (typeof FLAGS)[number]['name'][]): Promise<boolean> {
    const members = (await this.members()).filter(({ host }) => host === memberHost);
    if (members.length === 0) throw new Error(`${memberHost} is not a member of the balancer`);
    let isChanged = false;
    for (const { management, status } of members) {
      const [query = ''] = management.split('?').slice(1);
      const params = FLAGS.map(({ name, param }) => `&${param}=${wanted.includes(name) ? 1 : 0}`).join('');
      const reply = await this.#fetch(management, query + params);
      if (reply.status !== 200) throw new Error(`could not set the member: ${reply.status}`);
      isChanged ||= FLAGS.some(({ name }) => status[name] !== wanted.includes(name));
    }
    return isChanged;
  }

  async #member(management: string): Promise<Member> {
    const match = LINK.exec(management);
    const [, , balancer, , host, port] = match ?? [];
    if (balancer === undefined || host === undefined || port === undefined) {
      throw new TypeError(`no member: ${management}`);
    }
    const { text } = await this.#fetch(management);
    const table = all(parse(text), 'table')[1];
    if (table === undefined) throw new Error('no table of members');
    const names = all(table, 'th').map(textOf);
    const row = cellsOf(table)
      .slice(1)
      .find((cells) => cells.some((cell) => cell.includes(host)));
    const words = row?.[names.indexOf('Status')] ?? '';
    if (words === '') throw new TypeError(`no status of ${host}`);
    const status = Object.fromEntries(FLAGS.map(({ name, word }) => [name, words.includes(word)]));
    return { management, balancer, host, port, status: status as Member['status'] };
  }

  /** By POST when there is a body. Each but the first has itself as its Referer. */
  #fetch(path: string, body?: string): Promise<{ readonly status: number; readonly text: string }> {
    const url = new URL(path, this.#base);
    const isFirst = path === this.#suffix;
    const headers = { 'User-Agent': 'ansible-httpget', ...(!isFirst && { Referer: `${this.#base.origin}${path}` }) };
    const { username, password } = this.#base;
    const options = {
      method: body === undefined ? 'GET' : 'POST',
      headers,
      auth: `${username}:${password}`,
      agent: false,
    };
    return new Promise((resolve, reject) => {
      const sent = request(url, options, (response) => {
        let text = '';
        response.setEncoding('utf8').on('data', (chunk: string) => {
          text += chunk;
        });
        response.on('end', () => resolve({ status: response.statusCode ?? 0, text }));
      });
      sent.on('error', reject);
      sent.end(body);
    });
  }
}
