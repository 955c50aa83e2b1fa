import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { atTeardown } from './teardown.ts';
import { within } from './wait.ts';

/** wrk (HTTP/1.1) and h2load (HTTP/2) as clients: what they asked, and what went wrong, in their own words. */

export interface WrkReport {
  /** Those that were answered. */
  readonly requests: number;
  /** Sockets that could not be connected, written to or read from, or had no answer for two seconds. */
  readonly connect: number;
  readonly write: number;
  readonly read: number;
  readonly timeout: number;
  /** Answers of 400 and above. */
  readonly status: number;
}

export interface H2loadReport {
  readonly total: number;
  readonly started: number;
  readonly done: number;
  readonly succeeded: number;
  readonly failed: number;
  readonly errored: number;
  readonly timeout: number;
  readonly '2xx': number;
}

/** A load generator at work. */
export interface Load<Report> {
  readonly running: boolean;
  readonly ended: Promise<Report>;
  /** Ends it before its time, with its report; wrk can do that. */
  interrupt(): void;
}

/** `within`: a command that runs others, on another host say. */
export function wrk(
  url: string,
  { seconds, connections = 20, within = [] }: { seconds: number; connections?: number; within?: readonly string[] },
) {
  return start([...within, 'wrk', '-t1', `-c${connections}`, `-d${seconds}s`, url], seconds, (text): WrkReport => {
    const errors = number(text, /Socket errors: connect (\d+), read (\d+), write (\d+), timeout (\d+)/, 4) ?? [
      0, 0, 0, 0,
    ];
    const [connect = 0, read = 0, write = 0, timeout = 0] = errors;
    const [requests] = number(text, /(\d+) requests in/, 1) ?? [];
    const [status = 0] = number(text, /Non-2xx or 3xx responses: (\d+)/, 1) ?? [];
    if (requests === undefined) throw new Error(`wrk said no figures:\n${text}`);
    return { requests, connect, write, read, timeout, status };
  });
}

export function h2load(
  url: string,
  { seconds, clients = 4, streams = 10 }: { seconds: number; clients?: number; streams?: number },
) {
  return start(['h2load', `-c${clients}`, `-m${streams}`, `-D${seconds}`, url], seconds, (text): H2loadReport => {
    const report = text.slice(text.indexOf('\nrequests: '));
    const count = (name: string) => {
      const [value] = number(report, new RegExp(`(\\d+) ${name}\\b`), 1) ?? [];
      if (value === undefined) throw new Error(`h2load said no "${name}":\n${text}`);
      return value;
    };
    return {
      total: count('total'),
      started: count('started'),
      done: count('done'),
      succeeded: count('succeeded'),
      failed: count('failed'),
      errored: count('errored'),
      timeout: count('timeout'),
      '2xx': count('2xx'),
    };
  });
}

function start<Report>(argv: readonly string[], seconds: number, read: (text: string) => Report): Load<Report> {
  const [command = '', ...args] = argv;
  const child = spawn(command, args, { stdio: ['ignore', 'pipe', 'pipe'] });
  let text = '';
  let running = true;
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8').on('data', (piece: string) => {
      text += piece;
    });
  }
  atTeardown(() => child.kill('SIGKILL'));
  const closed = once(child, 'close').then(() => {
    running = false;
    return read(text);
  });
  // h2load 1.52 never ends when a connection was still being made as its time was over.
  const ended = within(closed, () => `${command} to end; it said ${text}`, seconds * 1000 + 8000);
  return {
    get running() {
      return running;
    },
    ended,
    interrupt: () => child.kill('SIGINT'),
  };
}

function number(text: string, pattern: RegExp, groups: number): number[] | undefined {
  const match = pattern.exec(text);
  return match === null ? undefined : match.slice(1, groups + 1).map(Number);
}
