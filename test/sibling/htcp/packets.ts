/** Requests as other programs write them. */
export interface RequestBytes {
  readonly url: string;
  readonly method?: string;
  readonly minor?: 0 | 1;
  readonly transaction?: number;
  /** Whether a response is desired. Default: by TST it is, by CLR not. */
  readonly f1?: boolean;
  readonly lines?: string;
}

export function testBytes({ f1 = true, ...request }: RequestBytes): Buffer {
  return requestBytes(1, Buffer.alloc(0), { ...request, f1 });
}

export function clearBytes(request: RequestBytes): Buffer {
  return requestBytes(4, Buffer.alloc(2), request);
}

function requestBytes(opcode: number, reason: Buffer, request: RequestBytes): Buffer {
  const { url, method = 'GET', minor = 1, transaction = 1, f1 = false, lines = '' } = request;
  const texts = [method, url, '1/1', lines].map((text) => {
    const length = Buffer.alloc(2);
    length.writeUInt16BE(text.length);
    return Buffer.concat([length, Buffer.from(text, 'latin1')]);
  });
  const data = Buffer.concat([Buffer.alloc(8), reason, ...texts]);
  data.writeUInt16BE(data.length, 0);
  data[2] = minor === 0 ? opcode : opcode << 4;
  data[3] = !f1 ? 0 : minor === 0 ? 0x40 : 0x02;
  data.writeUInt32BE(transaction, 4);
  const header = Buffer.from([0, 0, 0, minor]);
  header.writeUInt16BE(4 + data.length + 2);
  return Buffer.concat([header, data, Buffer.from([0, 2])]);
}
