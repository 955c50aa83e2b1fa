import { putU16, putU32, QUESTION_POINTER } from '../wire/message.ts';
import { nameFromText, nameKey, ROOT } from '../wire/name.ts';
import { CLASS, RCODE, TYPE } from '../wire/types.ts';
import type { CompiledReply } from './compiled.ts';
import { NONE } from './counts.ts';
import { RATE } from './rate-limiter.ts';
import type { AnswerSettings } from './settings.ts';

/** The names under which servers tell about themselves in class CH (RFC 4892 §2), by the setting that they tell. */
const NAMES = {
  version: ['version.bind.', 'version.server.'],
  id: ['id.server.', 'hostname.bind.'],
} as const;

/** By the key of the name: a TXT record of class CH. What is not set is not there. */
export function chaosReplies({ version, id }: AnswerSettings): ReadonlyMap<string, CompiledReply> {
  const replies = new Map<string, CompiledReply>();
  for (const [names, text] of [[NAMES.version, version] as const, [NAMES.id, id] as const]) {
    if (text === undefined) continue;
    for (const name of names) replies.set(nameKey(nameFromText(name, ROOT) as Buffer), replyOf(textRecord(text)));
  }
  return replies;
}

/** Of the question's name and of TTL 0: owner, type, class, TTL, RDLENGTH, and the string behind its length. */
function textRecord(text: string): Uint8Array {
  const string = Buffer.from(text, 'latin1').subarray(0, 255);
  const record = new Uint8Array(13 + string.length);
  putU16(record, 0, QUESTION_POINTER);
  putU16(record, 2, TYPE.TXT);
  putU16(record, 4, CLASS.CH);
  putU32(record, 6, 0);
  putU16(record, 10, 1 + string.length);
  record[12] = string.length;
  record.set(string, 13);
  return record;
}

function replyOf(record: Uint8Array): CompiledReply {
  return {
    rcode: RCODE.NOERROR,
    authoritative: true,
    bytes: record,
    answers: 1,
    authorities: 0,
    additionals: 0,
    rateKind: RATE.ANSWER,
    rateName: 0,
    zone: NONE,
  };
}
