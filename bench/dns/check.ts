import { type DnsMessage, parseDnsMessage } from '../../test/support/dns-message.ts';
import { openClient } from './client.ts';
import type { Question } from './queries.ts';
import type { Transport } from './works.ts';

/** What a server said to a sample of the questions. */
export interface Checked {
  /** What is wrong with the first reply that is not right; `undefined`: all are right. */
  readonly problem: string | undefined;
  /** Of a reply, on average. */
  readonly bytes: number;
}

/** How many of the questions are asked, evenly over all of them. */
const SAMPLE = 250;

/** Asks a server one question after the other. `cookies`: whether it is to give one to a client that has half of one. */
export async function checkAnswers(
  { transport, port, cookies }: { readonly transport: Transport; readonly port: number; readonly cookies: boolean },
  questions: readonly Question[],
): Promise<Checked> {
  let bytes = 0;
  try {
    const client = await openClient(transport, port);
    try {
      for (let index = 0; index < SAMPLE; index++) {
        const question = questions[Math.floor((index * questions.length) / SAMPLE)] as Question;
        const reply = await client.ask(question.bytes);
        const problem = wrongWith(parseDnsMessage(reply), question, cookies);
        if (problem !== undefined) return { problem: `${question.name}: ${problem}`, bytes: 0 };
        bytes += reply.length;
      }
    } finally {
      client.close();
    }
  } catch (error) {
    return { problem: `it does not answer: ${error instanceof Error ? error.message : String(error)}`, bytes: 0 };
  }
  return { problem: undefined, bytes: bytes / SAMPLE };
}

/** What is not as it has to be; `undefined`: nothing. */
export function wrongWith(reply: DnsMessage, question: Question, cookies: boolean): string | undefined {
  const { name, addresses, subnet, cookie } = question;
  if (reply.id !== question.bytes.readUInt16BE(0) || !reply.qr) return 'it is no reply to that';
  if (reply.rcode !== 0 || reply.tc || !reply.aa) {
    return `rcode ${reply.rcode}, ${reply.tc ? 'truncated' : 'whole'}, ${reply.aa ? '' : 'not '}authoritative`;
  }
  if (reply.questions.length !== 1 || reply.questions[0]?.name !== name) return 'that is not the question';
  const wanted = addresses.map(hexOf).sort().join(' ');
  const got = reply.answers.map((record) => (record.type === 1 && record.name === name ? record.rdata : 'another'));
  if (got.sort().join(' ') !== wanted) return `expected ${wanted}, got ${got.join(' ')}`;
  if (reply.opt === undefined) return 'it has no EDNS';
  const { 8: scoped = '', 10: given = '' } = reply.opt.options;
  if (subnet !== undefined && !isScoped(scoped, subnet)) return `its client subnet is ${scoped} to ${subnet}`;
  if (cookies && cookie !== undefined && !(given.startsWith(cookie) && given.length >= 32)) return 'it has no cookie';
  return undefined;
}

/** The same subnet, with a scope that is more than nothing (RFC 7871 §7.2.1). */
function isScoped(reply: string, query: string): boolean {
  const scope = Number.parseInt(reply.slice(6, 8), 16);
  return (
    reply.length === query.length && query === `${reply.slice(0, 6)}00${reply.slice(8)}` && scope > 0 && scope <= 32
  );
}

function hexOf(address: string): string {
  return address
    .split('.')
    .map((part) => Number(part).toString(16).padStart(2, '0'))
    .join('');
}
