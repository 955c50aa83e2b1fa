import type { IncomingHttpHeaders } from 'node:http';
import { crc32, gunzipSync } from 'node:zlib';
import { type Answer, type Asked, FORGOTTEN } from './exchange.ts';
import { bodyOf, etagOf, numberOf, traitsOf } from './versioned-objects.ts';

/**
 * What is wrong with an answer, or `undefined`. `floor`: no older version may be in it, as of the time when it was asked
 * for.
 */
export function faultIn(asked: Asked, answer: Answer, floor: number): string | undefined {
  if (answer.end === 'left') return undefined;
  const fault = faultOf(asked, answer, floor);
  if (fault === undefined) return undefined;
  const told = answer.end === 'lost' ? '' : ` ${answer.status} ${JSON.stringify(answer.fields)}`;
  return `${asked.method} ${asked.path} ${JSON.stringify(asked.fields)}: ${fault}; floor ${floor}${told}`;
}

function faultOf(asked: Asked, answer: Exclude<Answer, { end: 'left' }>, floor: number): string | undefined {
  const traits = traitsOf(numberOf(asked.path));
  // A reset takes with it what was sent before and not read yet.
  if (answer.end === 'lost') return traits.breaks && !answer.problem.startsWith(FORGOTTEN) ? undefined : answer.problem;
  if (answer.end === 'broken') return traits.breaks ? undefined : 'broke off';
  const { status, fields, body } = answer;
  if (status >= 500) return traits.breaks && fields['x-version'] === undefined ? undefined : 'an error';
  if (asked.method === 'POST') return status === 204 ? undefined : 'another status than 204';
  const version = Number(fields['x-version']);
  if (status === 416) return asked.fields.range === undefined ? '416 without a range' : undefined;
  if (!(version >= floor)) return 'an older version';
  const flavor = traits.varies ? (asked.fields['x-flavor'] ?? '') : '';
  if (fields['x-flavor'] !== flavor) return 'another variant';
  const whole = bodyOf(numberOf(asked.path), version, flavor);
  if (fields['x-digest'] !== String(crc32(whole))) return 'a digest of something else';
  if (fields.etag?.replace('W/', '') !== etagOf(version, flavor)) return 'a validator of something else';
  if (status === 304) return faultOf304(asked, fields, body);
  return asked.method === 'HEAD' ? faultOfHead(fields, body, whole) : faultOfBody(asked, status, fields, body, whole);
}

function faultOf304({ fields: asked }: Asked, fields: IncomingHttpHeaders, body: Buffer): string | undefined {
  if (body.length > 0) return '304 with a body';
  const condition = asked['if-none-match'];
  return condition === fields.etag?.replace('W/', '') ? undefined : '304 for another validator';
}

function faultOfHead(fields: IncomingHttpHeaders, body: Buffer, whole: Buffer): string | undefined {
  if (body.length > 0) return 'HEAD with a body';
  const length = fields['content-encoding'] === undefined ? fields['content-length'] : undefined;
  return length === undefined || Number(length) === whole.length ? undefined : 'another length';
}

function faultOfBody(
  asked: Asked,
  status: number,
  fields: IncomingHttpHeaders,
  body: Buffer,
  whole: Buffer,
): string | undefined {
  if (status === 200) {
    const plain = fields['content-encoding'] === 'gzip' ? gunzipSync(body) : body;
    return plain.equals(whole)
      ? undefined
      : `200 with a wrong byte of ${whole.length}: ${firstDifference(plain, whole)}`;
  }
  if (status !== 206 || asked.fields.range === undefined) return 'a status that was not asked for';
  const [, from, to, length] = /^bytes (\d+)-(\d+)\/(\d+)$/.exec(fields['content-range'] ?? '') ?? [];
  if (fields['content-encoding'] !== undefined) return undefined;
  if (Number(length) !== whole.length) return 'a part of something else';
  return body.equals(whole.subarray(Number(from), Number(to) + 1)) ? undefined : '206 with a wrong byte';
}

function firstDifference(body: Buffer, whole: Buffer): string {
  const at = whole.findIndex((byte, i) => byte !== body[i]);
  return `${body.length} bytes came, they differ at ${at}`;
}
