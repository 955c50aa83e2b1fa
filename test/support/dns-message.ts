/**
 * A DNS message read and written by other means than those under test: slowly, by the letter of RFC 1035 §4, RFC 6891 §6
 * and RFC 3597. What is not well-formed is an error, and so is what comes after the message.
 */
export interface DnsMessage {
  readonly id: number;
  readonly qr: boolean;
  readonly opcode: number;
  readonly aa: boolean;
  readonly tc: boolean;
  readonly rd: boolean;
  readonly ra: boolean;
  readonly ad: boolean;
  readonly cd: boolean;
  /** With the upper bits of OPT. */
  readonly rcode: number;
  readonly questions: readonly DnsQuestion[];
  readonly answers: readonly DnsRecord[];
  readonly authorities: readonly DnsRecord[];
  /** Without OPT. */
  readonly additionals: readonly DnsRecord[];
  readonly opt: DnsOpt | undefined;
}

export interface DnsQuestion {
  readonly name: string;
  readonly type: number;
  readonly class: number;
}

export interface DnsRecord extends DnsQuestion {
  readonly ttl: number;
  /** Hexadecimal, names in it without compression. */
  readonly rdata: string;
}

export interface DnsOpt {
  readonly udpLength: number;
  readonly version: number;
  readonly dnssecOk: boolean;
  /** By code, in hexadecimal; of each one at most. */
  readonly options: Readonly<Record<number, string>>;
}

/** Names in RDATA that may be compressed, by type: what precedes them, and how many there are. */
const NAMES_IN_RDATA: Readonly<Record<number, readonly [before: number, count: number]>> = {
  2: [0, 1], // NS
  5: [0, 1], // CNAME
  6: [0, 2], // SOA
  12: [0, 1], // PTR
  15: [2, 1], // MX
};

export function parseDnsMessage(bytes: Buffer): DnsMessage {
  const reader = new Reader(bytes);
  const id = reader.u16();
  const flags = reader.u16();
  const [questionCount, answerCount, authorityCount, additionalCount] = [
    reader.u16(),
    reader.u16(),
    reader.u16(),
    reader.u16(),
  ];
  const questions = Array.from({ length: questionCount }, () => reader.question());
  const answers = Array.from({ length: answerCount }, () => reader.record());
  const authorities = Array.from({ length: authorityCount }, () => reader.record());
  const additionals = Array.from({ length: additionalCount }, () => reader.record());
  if (reader.at !== bytes.length) throw new Error(`${bytes.length - reader.at} bytes behind the message`);

  const opts = additionals.filter(({ type }) => type === 41);
  if (opts.length > 1 || [...answers, ...authorities].some(({ type }) => type === 41)) throw new Error('OPT in excess');
  const [opt] = opts;
  return {
    id,
    qr: (flags & 0x8000) !== 0,
    opcode: (flags >>> 11) & 15,
    aa: (flags & 0x0400) !== 0,
    tc: (flags & 0x0200) !== 0,
    rd: (flags & 0x0100) !== 0,
    ra: (flags & 0x0080) !== 0,
    ad: (flags & 0x0020) !== 0,
    cd: (flags & 0x0010) !== 0,
    rcode: (flags & 15) | (((opt?.ttl ?? 0) >>> 24) << 4),
    questions,
    answers,
    authorities,
    additionals: additionals.filter((record) => record !== opt),
    opt: opt && readOpt(opt),
  };
}

function readOpt({ name, class: udpLength, ttl, rdata }: DnsRecord): DnsOpt {
  if (name !== '.') throw new Error('OPT has a name');
  const bytes = Buffer.from(rdata, 'hex');
  const options: Record<number, string> = {};
  for (let at = 0; at < bytes.length; ) {
    const code = bytes.readUInt16BE(at);
    const length = bytes.readUInt16BE(at + 2);
    if (options[code] !== undefined) throw new Error(`option ${code} twice`);
    if (at + 4 + length > bytes.length) throw new Error('an option is longer than OPT');
    options[code] = bytes.toString('hex', at + 4, at + 4 + length);
    at += 4 + length;
  }
  return { udpLength, version: (ttl >>> 16) & 255, dnssecOk: (ttl & 0x8000) !== 0, options };
}

class Reader {
  readonly #bytes: Buffer;
  at = 0;

  constructor(bytes: Buffer) {
    this.#bytes = bytes;
  }

  u16(): number {
    this.at += 2;
    return this.#bytes.readUInt16BE(this.at - 2);
  }

  question(): DnsQuestion {
    return { name: nameText(this.#name()), type: this.u16(), class: this.u16() };
  }

  record(): DnsRecord {
    const name = nameText(this.#name());
    const type = this.u16();
    const klass = this.u16();
    const ttl = this.u16() * 65_536 + this.u16();
    const length = this.u16();
    const end = this.at + length;
    if (end > this.#bytes.length) throw new Error('RDATA is longer than the message');
    const [before, count] = NAMES_IN_RDATA[type] ?? [0, 0];
    const parts: Uint8Array[] = [this.#take(before)];
    for (let i = 0; i < count; i++) parts.push(wire(this.#name()));
    if (this.at > end) throw new Error('RDATA is longer than it says');
    parts.push(this.#take(end - this.at));
    return { name, type, class: klass, ttl, rdata: Buffer.concat(parts).toString('hex') };
  }

  #take(count: number): Buffer {
    this.at += count;
    return this.#bytes.subarray(this.at - count, this.at);
  }

  /** Labels. Pointers lead backwards, each further than the one before. */
  #name(): Buffer[] {
    const labels: Buffer[] = [];
    let at = this.at;
    let lowest = at;
    let hasJumped = false;
    for (;;) {
      const length = this.#bytes.readUInt8(at);
      if (length >= 0xc0) {
        const target = this.#bytes.readUInt16BE(at) & 0x3fff;
        if (target >= lowest || target < 12) throw new Error(`a pointer at ${at} to ${target}`);
        if (!hasJumped) this.at = at + 2;
        hasJumped = true;
        at = target;
        lowest = target;
        continue;
      }
      if (length > 63) throw new Error(`a label of ${length} bytes`);
      if (at + 1 + length > this.#bytes.length) throw new Error('a name is longer than the message');
      at += 1 + length;
      if (length === 0) break;
      labels.push(this.#bytes.subarray(at - length, at));
    }
    if (!hasJumped) this.at = at;
    if (wire(labels).length > 255) throw new Error('a name is longer than 255 bytes');
    return labels;
  }
}

function wire(labels: readonly Uint8Array[]): Buffer {
  return Buffer.concat([...labels.flatMap((label) => [Buffer.from([label.length]), label]), Buffer.from([0])]);
}

/** Bytes that a name rarely has are written as `\ddd`. */
function nameText(labels: readonly Buffer[]): string {
  const text = (label: Buffer) =>
    label.toString('latin1').replace(/[^\w*-]/g, (c) => `\\${String(c.charCodeAt(0)).padStart(3, '0')}`);
  return `${labels.map(text).join('.')}.`;
}

export interface DnsQueryParts {
  readonly id?: number;
  readonly flags?: number;
  readonly name?: string;
  readonly type?: number;
  readonly class?: number;
  /** In place of a question made of the above, in hexadecimal. */
  readonly question?: string;
  /** QDCOUNT, ANCOUNT, NSCOUNT, ARCOUNT, where they are not what there is. */
  readonly counts?: readonly [number, number, number, number];
  /** Additional records in front of OPT, in hexadecimal. */
  readonly additional?: readonly string[];
  /** What OPT has; absent: there is none. */
  readonly edns?: {
    readonly udpLength?: number;
    readonly version?: number;
    readonly flags?: number;
    /** Of each its code and, in hexadecimal, its data. */
    readonly options?: readonly (readonly [code: number, data: string])[];
    /** Bytes in place of the options. */
    readonly rdata?: string;
  };
  /** Bytes behind it all, in hexadecimal. */
  readonly rest?: string;
}

/** A query: well-formed, unless its parts say otherwise. */
export function dnsQuery(parts: DnsQueryParts): Buffer {
  const { id = 0x1234, flags = 0x0100, additional = [], edns } = parts;
  const question = parts.question === undefined ? questionBytes(parts) : Buffer.from(parts.question, 'hex');
  const records: Uint8Array[] = additional.map((record) => Buffer.from(record, 'hex'));
  if (edns !== undefined) records.push(optBytes(edns));
  const counts = parts.counts ?? [question.length > 0 ? 1 : 0, 0, 0, records.length];
  return Buffer.concat([u16s(id, flags, ...counts), question, ...records, Buffer.from(parts.rest ?? '', 'hex')]);
}

function questionBytes({ name = 'www.example.com.', type = 1, class: klass = 1 }: DnsQueryParts): Buffer {
  const labels = name.split('.').filter((label) => label !== '');
  return Buffer.concat([wire(labels.map((label) => Buffer.from(label, 'latin1'))), u16s(type, klass)]);
}

function optBytes({
  udpLength = 1232,
  version = 0,
  flags = 0,
  options = [],
  rdata,
}: DnsQueryParts['edns'] & {}): Buffer {
  const data =
    rdata === undefined
      ? Buffer.concat(
          options.map(([code, text]) => Buffer.concat([u16s(code, text.length / 2), Buffer.from(text, 'hex')])),
        )
      : Buffer.from(rdata, 'hex');
  return Buffer.concat([Buffer.from([0]), u16s(41, udpLength, version, flags, data.length), data]);
}

function u16s(...values: number[]): Buffer {
  return Buffer.from(values.flatMap((value) => [(value >>> 8) & 255, value & 255]));
}
