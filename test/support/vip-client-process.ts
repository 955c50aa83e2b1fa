import { createConnection } from 'node:net';

/**
 * `vip-client-process.ts ADDRESS EVERY TIMEOUT`: opens a connection to port 80 every so many milliseconds and asks who is there. Says a
 * line for each, when it ends: `[start, end, name or null, problem or null, whole]`, where all that were started before `whole` have ended;
 * milliseconds of CLOCK_MONOTONIC, set on the epoch once. Ends on SIGTERM when the last one has ended.
 */

const [host = '', every = '', timeout = ''] = process.argv.slice(2);
const period = Number(every);

let next = performance.now();
let isEnding = false;
/** When those that have not ended were started, the first one first. */
const open = new Set<number>();
setTimeout(turn, 0);
process.on('SIGTERM', () => {
  isEnding = true;
});

function turn(): void {
  if (isEnding) return;
  const now = performance.now();
  if (now >= next) {
    ask(now);
    // A turn that was missed is not made up for: two at once tell nothing more.
    next += period * Math.max(1, Math.ceil((performance.now() - next) / period));
  }
  setTimeout(turn, Math.max(0, next - performance.now()));
}

function ask(now: number): void {
  const start = performance.timeOrigin + now;
  open.add(start);
  let answer = '';
  let problem: string | null = null;
  const socket = createConnection({ host, port: 80, noDelay: true });
  const overdue = setTimeout(() => {
    problem = 'timeout';
    socket.destroy();
  }, Number(timeout));
  socket.setEncoding('latin1');
  socket.on('connect', () => socket.write(`GET / HTTP/1.1\r\nHost: vip\r\nConnection: close\r\n\r\n`));
  socket.on('data', (text: string) => {
    answer += text;
  });
  socket.on('error', (error: NodeJS.ErrnoException) => {
    problem = error.code ?? error.message;
  });
  socket.on('close', () => {
    clearTimeout(overdue);
    const name = /^HTTP\/1.1 200 .*\r\n\r\n(\w+)$/s.exec(answer)?.[1] ?? null;
    if (name === null) problem ??= 'closed';
    open.delete(start);
    const end = performance.timeOrigin + performance.now();
    const [whole = end] = open;
    console.log(JSON.stringify([start, end, name, problem, whole]));
  });
}
