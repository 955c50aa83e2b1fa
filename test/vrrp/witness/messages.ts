import type { Reply, Request } from '../../../src/vrrp/witness/message.ts';

export const KEY = Buffer.from('a key that is long enough');

export const REQUEST: Request = {
  kind: 'ask',
  subject: { pair: 'front', family: 4, vrid: 51 },
  run: 7n,
  number: 1n,
  challenge: 0n,
  name: 'us-1',
  standing: { priority: 254, grade: 3, digest: 0xfedc_ba98_7654_3210n, version: '0.1.0' },
  cause: 'silence',
  span: 3000,
};

export const REPLY: Reply = {
  kind: 'denied',
  subject: { pair: 'front', family: 6, vrid: 255 },
  run: 7n,
  number: 2n ** 64n - 1n,
  challenge: 99n,
  voter: 8n,
  name: 'us-2',
  standing: { priority: 250, grade: 0, digest: 1n, version: '0.1.0' },
  holder: { name: 'üs-3', isWhoAsks: false },
  span: 12.345,
};
